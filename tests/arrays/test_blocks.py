"""Blocks of samples: they cover the samples in order and depend only on the sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam.arrays.backends import NumPy, Torch
from overparam.arrays.blocks import sample_blocks


class Small(NumPy):
    def values_at_a_time(self):
        return 2_000


@given(n=st.integers(1, 3000), k=st.integers(1, 40))
def test_they_cover_the_samples_in_order_and_are_as_equal_as_can_be(n, k):
    blocks = sample_blocks(n, k, Small())
    if n * k <= 2_000:
        assert blocks == [slice(None)]
        return
    ends = [(block.start, block.stop) for block in blocks]
    assert [0, *(stop for _, stop in ends)] == [*(start for start, _ in ends), n]
    sizes = [stop - start for start, stop in ends]
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= max(2_000 // k, 128)


def test_a_cpu_has_blocks_and_a_device_takes_all_samples_at_once():
    assert len(sample_blocks(10**6, 100, NumPy())) > 100
    pytest.importorskip("torch")
    assert len(sample_blocks(10**6, 100, Torch())) > 100
    assert sample_blocks(10**6, 100, Torch("meta")) == [slice(None)]
