"""The command line, called in this process; other tests cover its behaviour as a process."""

import json
import shutil

import pytest
from click.testing import CliRunner

from overparam.cli.main import main


class Result:
    """What a call printed and its exit code."""

    def __init__(self, result):
        self.code = result.exit_code
        self.output = result.stdout
        self.errors = result.stderr

    @property
    def document(self):
        """Standard output as JSON, without NaN or Infinity."""
        return json.loads(self.output, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


@pytest.fixture
def overparam(tmp_path, monkeypatch):
    """A function that calls the command line with a list of arguments, in a new folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, **environment):
        return Result(CliRunner().invoke(main, [str(a) for a in arguments], env=environment))

    return call


SMALL = ("--n", 12, "--k", "0:4", "--d", "1,3", "--trials", 2, "--max-iterations", 50)


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory):
    """A small finished study, which is not changed."""
    path = tmp_path_factory.mktemp("finished") / "a.study"
    arguments = [str(each) for each in ("-q", "sweep", *SMALL, "--study", path)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return path


@pytest.fixture
def study(finished_study, overparam, tmp_path):
    """A copy of the small finished study, in the current folder."""
    return shutil.copyfile(finished_study, tmp_path / "a.study")
