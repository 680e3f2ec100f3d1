"""``overparam sweep FILE.toml``: keys as for the options, which override them; grids; several studies."""

import os
from pathlib import Path

import pytest

from overparam.cli.anywhere import GlobalOption
from overparam.cli.main import main
from overparam.studies import load_study

BASE = "version = 1\nn = 8\ntrials = 1\nmax_iterations = 5\n"


@pytest.fixture
def sweep(overparam, tmp_path):
    """A function that writes a sweep file and runs it."""

    def run(text, *options, **environment):
        (tmp_path / "sweep.toml").write_text(text, encoding="utf-8")
        return overparam("-q", "sweep", "sweep.toml", *options, **environment)

    return run


def cells(path="overparam.study"):
    return {tuple(cell) for cell in load_study(path).cells()}


PARTS = ("activation", "loss", "initialization", "optimizer", "data", "labels")


def test_its_keys_are_the_options(sweep, tmp_path):
    pytest.importorskip("jinja2", reason="the report extra is not installed")
    text = (
        'n = "8"\nk = "1:2"\nd = [3]\ncombine = "zip"\ntrials = 2\n'
        'activation = "relu"\nlabels = "rademacher"\n'
        'loss = "squared"\ninitialization = "paper"\nlayers = "hidden"\n'
        'optimizer = "sgd:step_size=0.5,batch_size=2"\ndata = "sphere"\nseed = 4\nmax-iterations = 7\n'
        'tolerance = 0.25\nstudy = "a.study"\nexecutor = "serial"\nshard = "1/1"\nverify = 1\n'
        'design = "grid"\nreport = "a.html"\ncheckpoint_every = 5\n'
        'backend = "numpy"\ndtype = "float64"\nengine = "portable"\n'
    )
    call = sweep("version = 1\n" + text, "--json")
    assert call.code == 0
    assert call.document["verification"]["trials"] == 1
    assert call.document["specification"] == {
        "seed": 4,
        "activation": "relu",
        "optimizer": "sgd:step_size=0.5,batch_size=2",
        "data": "sphere",
        "labels": "rademacher",
        "max_iterations": 7,
        "tolerance": 0.25,
        "dtype": "float64",
        "loss": "squared",
        "initialization": "paper",
        "layers": "hidden",
        **{f"{part}_distribution": "overparam" for part in PARTS},
    }
    assert call.document["trials"] == 4
    own = [p for p in main.get_command(None, "sweep").params if not isinstance(p, GlobalOption)]
    options = {p.opts[0].lstrip("-").replace("-", "_") for p in own}
    keys = {line.partition(" =")[0].replace("-", "_") for line in text.splitlines()}
    assert options - keys == {"file", "dry_run", "json"}


def test_options_and_the_environment_override_it(sweep):
    text = BASE + 'k = "1:3"\nd = 2\nactivation = ["relu", "softplus"]\ndtype = "float64"\n'
    call = sweep(
        text, "--k", "5", "--activation", "hermite:coefficients=0;1", "--json", OVERPARAM_SWEEP_TRIALS="3"
    )
    assert call.document["specification"]["activation"] == "hermite:coefficients=0;1"
    assert call.document["specification"]["dtype"] == "float64"
    assert call.document["trials"] == 3
    assert cells() == {(8, 5, 2)}


def test_a_global_option_overrides_it(overparam, tmp_path):
    (tmp_path / "s.toml").write_text(BASE + 'k = 1\nd = 1\ndtype = "float64"\n')
    call = overparam("-q", "--dtype", "float32", "sweep", "s.toml", "--json")
    assert call.document["specification"]["dtype"] == "float32"


def test_axes_stand_side_by_side(sweep):
    assert sweep(BASE + 'k = [4, 2, 1]\nd = "1:2,4"\ncombine = "zip"\n').code == 0
    assert cells() == {(8, 4, 1), (8, 2, 2), (8, 1, 4)}


def test_grids_unite_and_take_what_they_do_not_say_from_the_top(sweep):
    parts = (
        '[[grid]]\nd = 1\n[[grid]]\nn = 9\nk = [5, 6]\nd = [6, 5]\ncombine = "zip"\n[[grid]]\nd = [1, 2]\n'
    )
    assert sweep(BASE + 'k = "1:2"\n' + parts).code == 0
    assert cells() == {(8, 1, 1), (8, 2, 1), (8, 1, 2), (8, 2, 2), (9, 5, 6), (9, 6, 5)}


def test_an_option_overrides_every_grid(sweep):
    assert sweep(BASE + "[[grid]]\nk = 1\nd = 1\n[[grid]]\nk = 2\nd = 2\n", "--k", "3").code == 0
    assert cells() == {(8, 3, 1), (8, 3, 2)}


def test_lists_make_a_study_each(sweep, tmp_path):
    text = (
        BASE
        + 'k = 2\nd = 2\nstudy = "c.study"\nseed = [0, 7]\n'
        + 'activation = ["softplus", "hermite:coefficients=0;1"]\n'
    )
    documents = sweep(text, "--json").document["studies"]
    found = {(Path(each["study"]).name, each["specification"]["seed"]) for each in documents}
    assert found == {
        ("c-softplus-0.study", 0),
        ("c-softplus-7.study", 7),
        ("c-hermite_coefficients=0_1-0.study", 0),
        ("c-hermite_coefficients=0_1-7.study", 7),
    }
    assert all((tmp_path / name).is_file() for name, _ in found)


def test_the_study_keeps_it(sweep, overparam, tmp_path):
    text = BASE + "k = 1\nd = 1  # as it was written\n"
    assert sweep(text).code == 0
    assert load_study("overparam.study").sweep_file == text
    assert overparam("status", "overparam.study", "--json").document["sweep_file"] == text
    assert "# as it was written" in overparam("status", "overparam.study").output
    assert overparam("merge", "overparam.study", "-o", "merged.study").code == 0
    assert load_study("merged.study").sweep_file == text


def test_going_on_without_it_keeps_it(sweep, overparam):
    text = BASE + "k = 1\nd = 1\n"
    assert sweep(text).code == 0
    same = ("--n", 8, "--k", 2, "--d", 1, "--trials", 1, "--max-iterations", 5)
    assert overparam("-q", "sweep", *same).code == 0
    assert load_study("overparam.study").sweep_file == text


def test_a_dry_run_of_several_names_each(sweep):
    call = sweep(BASE + 'k = 1\nd = 1\nactivation = ["softplus", "relu"]\n', "--dry-run", "--json")
    assert [Path(each["study"]).name for each in call.document["studies"]] == [
        "overparam-softplus.study",
        "overparam-relu.study",
    ]
    assert not list(Path().glob("*.study"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "version = 1"),
        ("version = 2", "newer overparam"),
        ('version = "1"', "version = 1"),
        ("version = true", "version = 1"),
        ("version = 1\nversion = 1", "sweep.toml"),
        ("version = 1\nactivatoin = 'relu'", "did you mean 'activation'"),
        ("version = 1\njson = true", "unknown key 'json'"),
        ("version = 1\nquiet = true", "unknown key 'quiet'"),
        ("version = 1\ntrials = 2.5", "trials must be a whole number, got 2.5"),
        ("version = 1\ntrials = true", "trials must be a whole number, got True"),
        ("version = 1\ntrials = 0", "trials"),
        ("version = 1\nactivation = 3", "activation must be a text, got 3"),
        ("version = 1\nactivation = []", "activation is an empty list"),
        ("version = 1\nactivation = ['relu', 'rleu']", "did you mean 'relu'"),
        ("version = 1\nk = []", "k must be"),
        ("version = 1\nk = [1.5]", "k must be"),
        ("version = 1\nk = '5:1'", "k: '5:1' is not a range"),
        ("version = 1\nmax_iterations = 1\nmax-iterations = 1", "given twice"),
        ("version = 1\ntolerance = 'small'", "tolerance must be a number"),
        ("version = 1\ncombine = 'zipped'", "combine"),
        ("version = 1\nk = [1, 2]\nd = [1, 2, 3]\ncombine = 'zip'", "equal lengths"),
        ("version = 1\ngrid = 3", "[[grid]]"),
        ("version = 1\n[[grid]]\ntrials = 3", "unknown key 'trials'"),
        ("version = 1\n[grid.deep]\nn = 3", "unknown key 'deep'"),
        ("version = 1\nactivation = ['softplus', 'softplus']", "overparam-softplus.study"),
        ("version = 1\ndtype = 'float16'", "dtype"),
        ("version = 1\nn = 1979-05-27", "n must be"),
        ("not toml", "sweep.toml"),
    ],
)
def test_nonsense_is_named_in_a_line(sweep, text, said):
    call = sweep(text)
    assert call.code == 2
    assert said in call.errors
    assert len(call.errors.strip().splitlines()) <= 4
    assert not list(Path().glob("*.study"))


def test_files_that_are_none(overparam, tmp_path):
    (tmp_path / "binary.toml").write_bytes(os.urandom(64) + b"\xff")
    for name in ("missing.toml", "binary.toml", "."):
        call = overparam("sweep", name)
        assert (call.code, call.output) == (2, "")
        assert "Traceback" not in call.errors
