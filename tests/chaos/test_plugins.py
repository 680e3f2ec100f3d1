"""Every plugin that misbehaves ends a command with 1 and its name; nothing it does looks like success."""

import pytest
from click.testing import CliRunner

from overparam.cli.main import main
from tests.chaos.plugins import MISBEHAVIOURS
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
            before = ()  # they have no engine
        line = ["-q", *before, command, *arguments, *after]
        return CliRunner().invoke(main, line)

    return run


def name_of(misbehaviour):
    return f"{misbehaviour.family}-{misbehaviour.place}-{misbehaviour.code[:30]}"


def require_failure(call, misbehaviour):
    assert call.exit_code == 1, (call.output, call.exception)
    assert call.stdout == ""
    assert misbehaviour.distribution in call.stderr
    assert "unexpected" not in call.stderr
    assert "Traceback" not in call.stderr


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS, ids=name_of)
def test_it_ends_a_training_run(call, misbehaviour):
    if misbehaviour.family == "executor":
        pytest.skip("train has no executor")
    require_failure(call(misbehaviour, "train", *SIZES), misbehaviour)


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS, ids=name_of)
def test_it_ends_a_sweep(call, misbehaviour):
    done = call(misbehaviour, "sweep", *SIZES, "--trials", "2", "--study", "a.study")
    assert done.exit_code == 1, (done.output, done.exception)
    assert misbehaviour.distribution in done.stderr
    assert "unexpected" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["theory", "certify"])
@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS, ids=name_of)
def test_it_ends_what_the_theory_asks(call, misbehaviour, command):
    used = {"theory": ("activation", "data"), "certify": ("activation", "data", "labels", "optimizer")}
    if misbehaviour.family not in used[command]:
        pytest.skip(f"{command} uses none of these")
    require_failure(call(misbehaviour, command, *SIZES[: 6 if command == "theory" else None]), misbehaviour)


@pytest.mark.parametrize("misbehaviour", MISBEHAVIOURS, ids=name_of)
def test_check_finds_it(call, misbehaviour):
    if misbehaviour.place == "made" or misbehaviour.family == "executor":
        pytest.skip("nothing to check is made, or the kit waits for its worker")
    done = call(misbehaviour, "plugins", "check", misbehaviour.distribution)
    assert done.exit_code == 1
    assert "failed" in done.stdout
    assert "Traceback" not in done.stderr
