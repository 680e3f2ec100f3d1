"""Limits of control groups, read from files as Linux writes them."""

import os

import pytest

from overparam.arrays import machine

GIB = 1 << 30


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A function that writes the files of control groups and returns the usable memory and cores."""
    monkeypatch.setattr(machine, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "_ALL_GROUPS", tmp_path / "all")
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * GIB // 4096}
    monkeypatch.setattr(os, "sysconf", sizes.get, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(16)), raising=False)

    def write(own, files):
        (tmp_path / "own").write_text(own)
        for place, text in files.items():
            path = tmp_path / "all" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        machine._granted_cores.cache_clear()
        return machine.physical_memory.__wrapped__(), machine.usable_cores()

    yield write
    machine._granted_cores.cache_clear()


def test_without_groups_all_of_the_machine(groups):
    assert groups("", {}) == (64 * GIB, 16)
    assert groups("0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"}) == (64 * GIB, 16)


def test_a_group_of_version_2(groups):
    limits = {"a/b/memory.max": f"{4 * GIB}\n", "a/b/cpu.max": "250000 100000\n"}
    assert groups("0::/a/b\n", limits) == (4 * GIB, 3)


def test_the_smallest_limit_of_all_enclosing_groups(groups):
    limits = {
        "a/memory.max": f"{2 * GIB}\n",
        "a/b/memory.max": f"{4 * GIB}\n",
        "a/cpu.max": "800000 100000\n",
        "a/b/cpu.max": "max 100000\n",
    }
    assert groups("0::/a/b\n", limits) == (2 * GIB, 8)


def test_a_container_that_sees_its_own_group_as_the_root(groups):
    limits = {"memory.max": f"{8 * GIB}\n", "cpu.max": "50000 100000\n"}
    assert groups("0::/outside/of/it\n", limits) == (8 * GIB, 1)


def test_groups_of_version_1(groups):
    limits = {
        "memory/job/memory.limit_in_bytes": f"{3 * GIB}\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
        "cpu/job/cpu.cfs_quota_us": "400000\n",
        "cpu/job/cpu.cfs_period_us": "100000\n",
        "cpu/cpu.cfs_quota_us": "-1\n",
        "cpu/cpu.cfs_period_us": "100000\n",
    }
    assert groups("4:memory:/job\n2:cpu,cpuacct:/job\n0::/\n", limits) == (3 * GIB, 4)


@pytest.mark.parametrize("text", ["", "soon\n", "0 100000\n", "100000\n", "100000 0\n", "-5 100000\n"])
def test_what_is_no_limit_limits_nothing(groups, text):
    assert groups("0::/\n", {"memory.max": text, "cpu.max": text})[1] == 16


def test_this_machine():
    assert 1 <= machine.usable_cores() <= (os.cpu_count() or 1)
    assert machine.physical_memory() > 1 << 26
