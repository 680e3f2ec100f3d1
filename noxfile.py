"""The project's sessions: what runs here runs in CI through the same sessions."""

import os
from pathlib import Path

import nox

nox.options.sessions = ["lint", "tests", "plugins", "docs"]
# It comes with nox, and brings a pip that resolves in half the time of the one in many a Python.
nox.options.default_venv_backend = "virtualenv"

GROUPS = nox.project.load_toml("pyproject.toml")
CUDA = os.environ.get("OVERPARAM_CUDA", "13")  # the major version of CUDA that the driver supports
ALL_CORES = ("-n", "auto", "--dist", "worksteal")
FIRST_PARTY = sorted(path.parent for path in Path("plugins").glob("*/pyproject.toml"))


def _install(session: nox.Session, *groups: str, extras: str = "") -> None:
    requirements = [line for group in groups for line in nox.project.dependency_groups(GROUPS, group)]
    # Python compiles what the tests import; of some packages that is a small part.
    session.install("--no-compile", "-e", f".{extras}", *requirements)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types (of the packages in plugins/ and of what tests share too) and the direction of imports."""
    _install(session, "lint", extras="[plot,report]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite on all cores, on NumPy, array-api-strict and PyTorch's CPU."""
    _install(session, "test", extras="[plot,report]")
    session.run("pytest", *ALL_CORES, *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """The tests that take minutes: many kills, random kernels and certificates, all wheels."""
    _install(session, "test", extras="[plot,report]")
    session.install(*(f"./{folder}" for folder in FIRST_PARTY))
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session
def chaos(session: nox.Session) -> None:
    """Random damage, kills, signals and command lines: `nox -s chaos -- COUNT SEED`, else 100 of seed 0."""
    count, seed = [*session.posargs, *("100", "0")[len(session.posargs) :]][:2]
    _install(session, "test", extras="[plot,report]")
    session.install("./plugins/overparam-dask")
    session.run("pytest", "-m", "chaos", env={"CHAOS_COUNT": count, "CHAOS_SEED": seed})


@nox.session
def tests_min(session: nox.Session) -> None:
    """The test suite on the lowest supported versions of the core's dependencies."""
    lowest = [line.replace(">=", "==") for line in GROUPS["project"]["dependencies"]]
    _install(session, "test", extras="[plot,report]")
    session.install(*lowest)
    session.run("pytest", *session.posargs)


@nox.session
@nox.parametrize(
    "folder", [str(folder) for folder in FIRST_PARTY], ids=[folder.name for folder in FIRST_PARTY]
)
def plugins(session: nox.Session, folder: str) -> None:
    """Each first-party plugin in an environment of its own, installed and tested as a stranger's would be."""
    _install(session, "kit")
    session.install(f"./{folder}")
    session.run("pytest", *ALL_CORES, f"{folder}/tests", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """The engines against their peers, in one interleaved run; writes docs/design/benchmarks-cpu.md."""
    _install(session, "test")
    session.install("./plugins/overparam-numba", "jax")
    session.run("python", "-m", "tests.benchmarks", *session.posargs)


@nox.session
def gpu(session: nox.Session) -> None:
    """The suite with CuPy in the `xp` fixture, and the fused engine's; needs an NVIDIA GPU."""
    _install(session, "test", extras=f"[plot,report,cuda{CUDA}]")
    session.install("./plugins/overparam-cuda")
    session.run("pytest", "-k", "cupy", *session.posargs)
    session.run("pytest", "plugins/overparam-cuda/tests", *session.posargs)


@nox.session
def bench_gpu(session: nox.Session) -> None:
    """The engines on a GPU against their peers, then Figure 2; writes docs/design/benchmarks-gpu.md."""
    _install(session, "test", extras=f"[plot,report,cuda{CUDA}]")
    session.install("./plugins/overparam-cuda", "./plugins/overparam-numba", f"jax[cuda{CUDA}]")
    session.run("python", "-m", "tests.benchmarks.gpu", *session.posargs)
    session.run("python", "-m", "tests.benchmarks.gpu.outcomes")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site in build/docs without a network, warnings as errors; then run all its examples."""
    _install(session, "docs", "test", extras="[plot,report]")
    session.run("sphinx-build", "--fresh-env", "--fail-on-warning", "--keep-going", "docs", "build/docs")
    session.run("pytest", "-m", "docs", "tests/docs", env={"BUILT_SITE": "build/docs"})


@nox.session
def generated(session: nox.Session) -> None:
    """Write what is generated: the command line's help, and the table of what first-party packages bring."""
    _install(session, "test", extras="[plot,report]")
    session.install(*(f"./{folder}" for folder in FIRST_PARTY))
    written = ("tests/cli/test_documentation.py", "tests/plugins/test_first_party.py")
    session.run("pytest", "-q", *written, env={"WRITE_DOCS": "1"})
