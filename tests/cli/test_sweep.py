"""``overparam sweep``, ``status``, ``plot``, ``export`` and ``reproduce``."""

import csv
import json
import sys
from importlib.metadata import entry_points
from importlib.util import find_spec

import numpy as np
import pytest

from overparam.plugins.loading import distribution_of
from tests.cli.conftest import SMALL

EXPORTED = (
    "n,k,d,trial,status,iterations,relative_residual,"
    "distance_from_initialization,path_length,effective_parameters,seconds"
)


def table(path):
    with path.open() as handle:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(handle)]


def exported(overparam, study, name):
    assert overparam("export", study, "-o", name).code == 0
    return table(study.with_name(name))


def test_export_has_one_row_a_trial_in_order(overparam, study):
    rows = exported(overparam, study, "a.csv")
    assert study.with_name("a.csv").read_text().splitlines()[0] == EXPORTED
    keys = [tuple(int(row[name]) for name in ("n", "k", "d", "trial")) for row in rows]
    assert keys == [(12, k, d, t) for k in range(5) for d in (1, 3) for t in range(2)]
    assert {row["status"] for row in rows if row["k"] == "0"} == {"empty"}


def test_json_export_has_the_same_rows(overparam, study, tmp_path):
    assert overparam("export", study, "-o", "a.json").code == 0
    rows = json.loads((tmp_path / "a.json").read_text())
    assert len(rows) == len(exported(overparam, study, "a.csv"))
    assert list(rows[0]) == EXPORTED.split(",")


def test_running_again_runs_nothing_twice(overparam, study):
    before = exported(overparam, study, "a.csv")
    seconds = study.with_name("a.csv").read_text()
    assert overparam("-q", "sweep", *SMALL, "--study", study).code == 0
    assert exported(overparam, study, "b.csv") == before
    assert study.with_name("b.csv").read_text() == seconds


def test_more_trials_and_cells_extend_a_study(overparam, study):
    more = ("--n", 12, "--k", "0:5", "--d", "1,3", "--trials", 3, "--max-iterations", 50)
    document = overparam("sweep", *more, "--study", study, "--json").document
    assert (document["trials"], document["done"], document["left"]) == (36, 36, 0)


def test_another_specification_is_refused_by_name(overparam, study):
    call = overparam("sweep", *SMALL, "--study", study, "--activation", "relu", "--tolerance", 0.1)
    assert call.code == 2
    assert "activation (study: softplus, asked: relu)" in call.errors
    assert "tolerance" in call.errors


def test_batches_and_executors_change_no_row(overparam, study):
    assert (
        overparam("-q", "sweep", *SMALL, "--study", "p.study", "--executor", "processes:workers=2").code == 0
    )
    assert exported(overparam, study.with_name("p.study"), "p.csv") == exported(overparam, study, "a.csv")


def test_merged_shards_are_the_whole(overparam, study, tmp_path):
    for number in (1, 2, 3):
        part = f"{number}.study"
        assert overparam("-q", "sweep", *SMALL, "--study", part, "--shard", f"{number}/3").code == 0
    parts = [tmp_path / f"{number}.study" for number in (3, 1, 2)]
    assert sum(len(exported(overparam, part, part.stem + ".csv")) for part in parts) == 20
    for _ in range(2):  # a second merge changes nothing
        assert overparam("merge", *parts, "-o", "m.study").code == 0
    assert exported(overparam, tmp_path / "m.study", "m.csv") == exported(overparam, study, "a.csv")


def test_dry_run_writes_nothing(overparam, tmp_path):
    document = overparam("sweep", *SMALL, "--study", "d.study", "--dry-run", "--json").document
    assert (document["trials"], document["left"]) == (20, 20)
    assert document["most_updates"] == 16 * 50
    assert document["seconds"] > 0
    assert not (tmp_path / "d.study").exists()


def test_verification_finds_no_difference(overparam, study):
    document = overparam("sweep", *SMALL, "--study", study, "--verify", 5, "--json").document
    assert document["verification"]["trials"] == 5
    assert document["verification"]["differing_status"] == 0
    assert document["verification"]["largest_difference_in_residual"] < 1e-4


def test_trials_that_cannot_be_drawn_fail_and_the_rest_goes_on(overparam, tmp_path):
    sizes = ("--n", 6, "--k", "2", "--d", "1,6", "--trials", 1, "--max-iterations", 5)
    call = overparam("-q", "sweep", *sizes, "--study", "s.study", "--data", "separated:delta=1")
    assert call.code == 1
    assert "1 trials could not be trained" in call.errors
    assert "largest delta reached" in call.errors
    rows = exported(overparam, tmp_path / "s.study", "s.csv")
    assert [row["status"] for row in rows] == ["failed", "budget_exhausted"]


def test_status_counts(overparam, study):
    document = overparam("status", study, "--json").document
    assert (document["done"], document["empty"], document["left"]) == (20, 4, 0)
    assert next(cell for cell in document["cells"] if cell["k"] == 1) == {
        "n": 12,
        "k": 1,
        "d": 1,
        "asked": 2,
        "trials": 2,
        "successes": 0,
        "low": 0.0,
        "high": pytest.approx(1.9599639845**2 / (2 + 1.9599639845**2)),
    }
    assert document["boundary"]["12"].keys() == {"low", "median", "high"}
    assert "50 % boundary" in overparam("status", study).output
    assert "95 % interval" in overparam("status", study, "--cells").output


def test_a_study_is_read_where_nothing_can_be_written(overparam, study, tmp_path):
    shut = tmp_path / "shut"
    shut.mkdir()
    copy = shut / "a.study"
    copy.write_bytes(study.read_bytes())
    copy.chmod(0o444)
    shut.chmod(0o555)
    try:
        assert overparam("status", copy, "--json").document["done"] == 20
    finally:
        shut.chmod(0o755)


def test_plot_draws(overparam, study, tmp_path):
    pytest.importorskip("matplotlib")
    assert overparam("plot", study, "-o", "a.svg").code == 0
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()


def test_reproduce_writes_studies_pictures_and_numbers(overparam, tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    options = ("--grid", "2,4", "--trials", 1, "--max-iterations", 3, "--output", "out")
    call = overparam("reproduce", "fig2", *options, "--json")
    assert call.code == 0
    assert {panel: data["n"] for panel, data in call.document["panels"].items()} == {
        "fig2a": 100,
        "fig2b": 200,
        "fig2c": 100,
        "fig2d": 200,
    }
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"fig2.png", "fig2.svg", "fig2a.png", "fig2d.study", "fig2.html", "boundary.txt"}


def test_plugins_and_info(overparam):
    [own] = [
        p
        for p in overparam("plugins", "list", "--json").document["plugins"]
        if p["distribution"] == "overparam"
    ]
    assert own["state"] == "loaded"
    assert own["provides"]["activation"] == ["softplus", "relu", "hermite"]
    document = overparam("info", "--json").document
    numpy = next(row for row in document["backends"] if row["name"] == "numpy")
    assert numpy == {"name": "numpy", "available": True, "device": "cpu", "reason": None}


def test_info_names_a_command_that_installs_a_missing_engine(overparam, tmp_path, monkeypatch):
    own = [entry for entry in entry_points(group="overparam") if distribution_of(entry) == "overparam"]
    monkeypatch.setattr("overparam.plugins.registry.entry_points", lambda group: own)
    folder = tmp_path / "plugins" / "overparam-numba"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    engines = {row["name"]: row for row in overparam("info", "--json").document["engines"]}
    assert f"{sys.executable} -m pip install ./plugins/overparam-numba" in engines["numba"]["reason"]
    assert not engines["cuda"]["available"]


def test_another_data_file_of_the_same_name_is_refused(overparam, tmp_path):
    rng = np.random.default_rng(0)
    asked = ("--n", 6, "--d", 2, "--k", 2, "--trials", 1, "--max-iterations", 5, "--data", "file:path=x.npy")
    np.save("x.npy", rng.standard_normal((6, 2)))
    for _ in range(2):
        assert overparam("-q", "sweep", *asked).code == 0
    np.save("x.npy", rng.standard_normal((6, 2)))
    call = overparam("-q", "sweep", *asked)
    assert call.code == 2
    assert "data_digest (study: sha256:" in call.errors


def labelled(folder):
    X = np.random.default_rng(0).standard_normal((12, 3))
    np.savez(folder / "labelled.npz", X=X, y=X[:, 0])
    return "file:path=labelled.npz"


ONE = ("sweep", "--n", 12, "--k", 2, "--d", 3, "--trials", 1, "--max-iterations", 5)


def test_data_that_bring_labels_are_trained_with_them(overparam, tmp_path):
    data = labelled(tmp_path)
    call = overparam(*ONE, "--data", data, "--json")
    assert call.document["specification"]["labels"] == "file"
    assert "labels" not in call.errors
    trained = overparam("train", "--k", 2, "--data", data, "--max-iterations", 5, "--json")
    assert trained.document["problem"]["labels"] == "file"
    plain = overparam("train", "--n", 12, "--k", 2, "--max-iterations", 5, "--json")
    assert plain.document["problem"]["labels"] == "gaussian"
    assert overparam(*ONE, "--study", "b.study", "--json").document["specification"]["labels"] == "gaussian"


@pytest.mark.parametrize("command", [ONE, ("train", "--k", 2, "--max-iterations", 5), ("certify", "--k", 2)])
def test_labels_left_unused_are_noted(overparam, tmp_path, command):
    call = overparam(*command, "--data", labelled(tmp_path), "--labels", "gaussian")
    assert call.code == 0
    assert call.errors.count("the data have labels of their own; --labels gaussian replaces them") == 1


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_labels_that_the_data_do_not_bring_are_refused_at_once(overparam, tmp_path, more):
    call = overparam(*ONE, "--labels", "file", *more)
    assert (call.code, call.output) == (2, "")
    assert "labels 'file' needs data with its own y" in call.errors
    assert not (tmp_path / "overparam.study").exists()


@pytest.mark.skipif(find_spec("overparam_numba") is not None, reason="overparam-numba is installed")
def test_a_faster_engine_that_is_not_installed_is_named_once(overparam, tmp_path, monkeypatch):
    def notes(*before, study):
        call = overparam(*before, "sweep", *SMALL, "--study", tmp_path / study)
        assert call.code == 0
        return [line for line in call.errors.splitlines() if "overparam-numba" in line]

    assert notes(study="short.study") == []
    monkeypatch.setattr("overparam.cli.progress._LONG", 0.0)
    [note] = notes(study="long.study")
    assert "-m pip install" in note
    assert notes("-q", study="a.study") == notes("--engine", "portable", study="b.study") == []
    assert notes("--no-plugins", study="c.study") == []
