"""A plugin that misbehaves ends a command with exit code 1 and an error that names it, never as a success."""

import pytest
from click.testing import CliRunner

from overparam.cli.main import main
from tests.chaos.plugins import EARLY, ENDS, MISBEHAVIOURS
from tests.plugins.installed import install

SIZES = ("--n", "8", "--k", "4", "--d", "3", "--max-iterations", "3")


@pytest.fixture
def call(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(site)

    def run(misbehaviour, command, *arguments):
        install(site, misbehaviour.distribution, misbehaviour.source)
        before, after = ((), ()) if command == "plugins" else misbehaviour.options()
        if command in ("theory", "certify"):
            before = ()  # these commands have no engine
        line = ["-q", *before, command, *arguments, *after]
        return CliRunner().invoke(main, line)

    return run


def misbehaving(*families, few=False):
    """Parameters: the misbehaviours of plugins of these families; all but a sample are marked as slow.

    The sample has two of the ways to end early for each method, and other ways for the next method, so that
    it contains every way. With `few`, wrong answers are sampled in the same manner.
    """
    found = []
    for misbehaviour in MISBEHAVIOURS:
        place, way = divmod(misbehaviour.number, len(ENDS))
        repeats = (few or misbehaviour.number < EARLY) and (place + way) % 4 != 0
        if misbehaviour.family in families:
            name = f"{misbehaviour.family}-{misbehaviour.place}-{misbehaviour.code[:30]}"
            marks = [pytest.mark.slow] if repeats else []
            found.append(pytest.param(misbehaviour, id=name, marks=marks))
    return found


TRAINED = ("activation", "data", "labels", "optimizer", "engine")


def require_failure(call, misbehaviour):
    assert call.exit_code == 1, (call.output, call.exception)
    assert call.stdout == ""
    assert misbehaviour.distribution in call.stderr
    assert "unexpected" not in call.stderr
    assert "Traceback" not in call.stderr


@pytest.mark.parametrize("misbehaviour", misbehaving(*TRAINED))
def test_it_ends_a_training_run(call, misbehaviour):
    require_failure(call(misbehaviour, "train", *SIZES), misbehaviour)


@pytest.mark.parametrize("misbehaviour", misbehaving(*TRAINED, "executor"))
def test_it_ends_a_sweep(call, misbehaviour):
    done = call(misbehaviour, "sweep", *SIZES, "--trials", "2", "--study", "a.study")
    assert done.exit_code == 1, (done.output, done.exception)
    assert misbehaviour.distribution in done.stderr
    assert "unexpected" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("misbehaviour", misbehaving("activation", "data"))
def test_it_ends_a_report(call, misbehaviour):
    require_failure(call(misbehaviour, "theory", *SIZES[:6]), misbehaviour)


@pytest.mark.parametrize("misbehaviour", misbehaving("activation", "data", "labels", "optimizer"))
def test_it_ends_a_certificate(call, misbehaviour):
    require_failure(call(misbehaviour, "certify", *SIZES), misbehaviour)


# Left out: executors, for whose workers the kit waits, and components that cannot be constructed.
CHECKED = [
    *(given for given in misbehaving(*TRAINED[:-1]) if given.values[0].place != "made"),
    *misbehaving("engine", few=True),
]


@pytest.mark.parametrize("misbehaviour", CHECKED)
def test_check_finds_it(call, misbehaviour):
    done = call(misbehaviour, "plugins", "check", misbehaviour.distribution)
    assert done.exit_code == 1
    assert "failed" in done.stdout
    assert "Traceback" not in done.stderr
