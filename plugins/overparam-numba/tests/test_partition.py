"""How large runs are divided, their matrix products, and the tasks that threads take."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from overparam_numba import tasks
from overparam_numba.lanes import VECTOR_BYTES
from overparam_numba.partition import Partition
from overparam_numba.tiles import MOST_VECTORS, multiply_panel
from overparam_numba.vectors import lanes_of


@given(
    st.integers(1, 20_000),
    st.integers(1, 300),
    st.integers(1, 300),
    st.sampled_from(["hidden", "output", "both"]),
    st.sampled_from([4, 8]),
)
def test_everything_is_done_once(n, real, d, layers, itemsize):
    lanes = lanes_of(itemsize)
    wide = -(-d // lanes) * lanes
    slots, blocks, panels, rows = Partition.of(n, real + real % 2, wide, real, layers, itemsize)
    for cuts, last in ((slots, len(blocks) - 1), (blocks, len(panels) - 1), (rows, real)):
        assert (cuts[0], cuts[-1]) == (0, last)
        assert np.all(np.diff(cuts) > 0)
    widths = np.diff(panels)
    assert panels[-1] == -(-n // lanes)
    assert 1 <= widths.min() <= widths.max() <= MOST_VECTORS
    assert max(len(slots), len(rows)) - 1 <= tasks.MOST_TASKS


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_blocks_of_large_networks_fit_the_cache(dtype):
    itemsize = np.dtype(dtype).itemsize
    parts = Partition.of(10_000, 200, 208, 200, "hidden", itemsize)
    assert parts.most_samples * VECTOR_BYTES * (200 + 2 * 208) <= 1 << 20
    assert len(parts.slots) - 1 == 32


@pytest.mark.parametrize("adding", [0, 1])
@pytest.mark.parametrize("vectors", range(1, MOST_VECTORS + 1))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_panel_is_the_matrix_product(dtype, vectors, adding):
    rng = np.random.default_rng(vectors)
    width = vectors * lanes_of(np.dtype(dtype).itemsize)

    @njit
    def multiply(array, b, c, rows, length):
        multiply_panel(array, 1, length + 2, b, width, c, width + 3, rows, length, vectors, adding)

    for rows in (2, 4, 6, 8, 10, 12, 14, 22, 50):
        length = 2 * rows + 1
        A, B, C = (
            rng.standard_normal(shape) for shape in ((rows, length + 2), (length, width), (rows, width + 3))
        )
        array = np.concatenate([[0.0], A.ravel(), B.ravel(), C.ravel()]).astype(dtype)
        b = 1 + A.size
        c = b + B.size
        multiply(array, b, c, rows, length)
        found = array[c:].reshape(C.shape)
        wanted = A[:, :length] @ B + adding * C[:, :width]
        np.testing.assert_allclose(
            found[:, :width], wanted, rtol=0, atol=(rows + 9) * 16 * np.finfo(dtype).eps
        )
        np.testing.assert_array_equal(found[:, width:], C[:, width:].astype(dtype))


@njit(nogil=True)
def _count(c, counts, phases, size):
    """Take tasks as a run does: phases of `size` tasks alternate with phases of one task."""
    while True:
        kind, task = tasks.take(c)
        if kind == tasks.ENDED:
            return
        counts[c[tasks.ITERATION], task] += 1
        last = tasks.finish(c, size if kind == tasks.PASS else 1)
        if last:
            c[tasks.ITERATION] += 1
            if c[tasks.ITERATION] == phases:
                tasks.publish(c, tasks.ENDED, 0)
            elif kind == tasks.PASS:
                tasks.publish(c, tasks.MOVE, 1)
            else:
                tasks.publish(c, tasks.PASS, size)


@pytest.mark.parametrize("size", [1, 2, 7, 256])
def test_every_task_is_taken_once_by_whoever_comes(size):
    phases = 2000
    state = np.zeros(tasks.STATE_LENGTH, np.int64)
    counts = np.zeros((phases, size), np.int64)
    tasks.publish(state, tasks.PASS, size)
    threads = [threading.Thread(target=_count, args=(state, counts, phases, size)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    assert not any(thread.is_alive() for thread in threads)
    np.testing.assert_array_equal(counts[::2], 1)
    np.testing.assert_array_equal(counts[1::2, 0], 1)


def test_whoever_waits_is_let_go():
    state = np.zeros(tasks.STATE_LENGTH, np.int64)
    tasks.publish(state, tasks.PASS, 1)
    assert tasks.take(state) == (tasks.PASS, 0)  # the task is taken but never finished
    waiting = threading.Thread(target=tasks.take, args=(state,))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    state[tasks.QUIT] = 1
    waiting.join(60.0)
    assert not waiting.is_alive()
