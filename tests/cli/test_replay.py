"""``overparam replay`` and `Study.replay`: a trial is repeated bit for bit, or differences are reported."""

import csv

import pytest

import overparam as op
from overparam.components import ComponentError
from overparam.plugins import Registry
from overparam.studies import NoSuchTrial, SpecificationMismatch, TrialKey, load_study
from overparam.sweeps import replay_trial

SIZES = ("--n", 10, "--k", "4:6", "--d", "2,3", "--trials", 3, "--max-iterations", 60)
OPTIMIZERS = ("gd", "gd:step_size=0.4", "sgd:step_size=0.2", "levenberg-marquardt", "least-squares")
FUSED = ("gd", "gd:step_size=0.4", "sgd:step_size=0.2")


def needed(engine, optimizer):
    if engine == "numba":
        pytest.importorskip("overparam_numba")
    if optimizer == "levenberg-marquardt":
        pytest.importorskip("overparam_optimizers")


def exported(overparam, study, key):
    assert overparam("export", study, "-o", "rows.csv").code == 0
    rows = csv.DictReader(study.with_name("rows.csv").read_text().splitlines())
    [row] = [row for row in rows if tuple(int(row[name]) for name in ("n", "k", "d", "trial")) == key]
    return row


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ["portable", "numba"])
def test_a_trial_comes_out_again_bit_for_bit(overparam, tmp_path, engine, dtype, optimizer):
    """A trial gives the same result with or without a history, alone or in a batch as in the sweep."""
    needed(engine, optimizer)
    chosen = ("--dtype", dtype, "--engine", "portable" if engine == "portable" else "auto")
    study = tmp_path / "a.study"
    assert overparam("-q", *chosen, "sweep", *SIZES, "--optimizer", optimizer, "--study", study).code == 0
    call = overparam(
        "replay", study, "--n", 10, "--k", 5, "--d", 3, "--trial", 2, "--record-every", 7, "--json"
    )
    assert call.code == 0
    document = call.document
    assert document["equal"] is True
    assert document["notes"] == []
    assert document["engine"] == (engine if optimizer in FUSED else "portable")
    assert (document["dtype"], document["optimizer"]) == (dtype, optimizer)
    row = exported(overparam, study, (10, 5, 3, 2))
    assert {name: "" if value is None else str(value) for name, value in document["stored"].items()} == row
    for name in ("iterations", "relative_residual", "distance_from_initialization", "path_length"):
        assert document[name] == document["stored"][name]
    loaded = load_study(study)
    for n, k, d, trial, *_ in loaded.rows()[::5]:
        found = loaded.replay(n=n, k=k, d=d, trial=trial)
        assert found.equal
        assert found.outcome.engine == document["engine"]
    history = loaded.replay(n=10, k=5, d=3, trial=2, record_every=7).outcome.history
    assert history.iterations[-1] == document["iterations"]
    assert history.relative_residual[-1] == document["relative_residual"]


def test_the_document_is_trains_with_the_stored_row(overparam, study):
    document = overparam("replay", study, "--n", 12, "--k", 3, "--d", 3, "--json").document
    trained = overparam(
        "--dtype", "float32", "train", "--n", 12, "--k", 3, "--d", 3, "--max-iterations", 50, "--json"
    ).document
    own = ("stored", "equal", "notes")
    assert set(document) == {*trained, *own}
    unlike = ("command", "seconds")
    assert {k: v for k, v in document.items() if k not in (*own, *unlike)} == {
        k: v for k, v in trained.items() if k not in unlike
    }
    assert "as stored" in overparam("replay", study, "--n", 12, "--k", 3, "--d", 3).output


def test_where_the_engine_is_not_here_the_portable_one_trains_and_it_is_said(overparam, tmp_path):
    pytest.importorskip("overparam_numba")
    study = tmp_path / "a.study"
    assert overparam("-q", "sweep", *SIZES, "--study", study).code == 0
    key = ("--n", 10, "--k", 4, "--d", 2, "--trial", 1)
    call = overparam("--disable-plugin", "numba", "replay", study, *key, "--json")
    assert call.code == 0
    assert "without the engine numba of the trial's session" in call.errors
    document = call.document
    assert document["engine"] == "portable"
    stored = document["stored"]
    same = all(document[name] == stored[name] for name in stored if name in document and name != "seconds")
    assert document["equal"] is same  # the engines round differently: `equal` reports the actual result
    named = overparam("--engine", "portable", "replay", study, *key, "--json").document
    assert (named["engine"], named["equal"], named["notes"]) == ("portable", same, [])


def test_another_rounding_is_told_value_by_value(overparam, tmp_path):
    pytest.importorskip("overparam_numba")
    study = tmp_path / "a.study"
    assert overparam("-q", "--engine", "numba", "sweep", *SIZES, "--study", study).code == 0
    loaded = load_study(study)
    found = [loaded.replay(n=r.n, k=r.k, d=r.d, trial=r.trial, engine="portable") for r in loaded.rows()]
    unequal = next(each for each in found if not each.equal)  # at least one of the 18 trials in float32
    name, (stored, now) = next(iter(unequal.differences.items()))
    assert stored == getattr(unequal.stored, name) != getattr(unequal.outcome, name) == now
    key = [f"--{name}={getattr(unequal.stored, name)}" for name in ("n", "k", "d", "trial")]
    printed = overparam("--engine", "portable", "replay", study, *key)
    assert printed.code == 0
    assert f"no: {name.replace('_', ' ')} is {now}, the study holds {stored}" in printed.output


def test_a_picture(overparam, study, tmp_path):
    pytest.importorskip("matplotlib")
    assert overparam("replay", study, "--n", 12, "--k", 3, "--d", 3, "--plot", "t.svg").code == 0
    assert b"<svg" in (tmp_path / "t.svg").read_bytes()
    call = overparam("replay", study, "--n", 12, "--k", 3, "--d", 3, "--plot", study)
    assert call.code == 2


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (
            (12, 3, 3, 9),
            "holds no trial n=12, k=3, d=3, trial=9: 2 of the 2 trials of this cell are finished",
        ),
        ((13, 3, 3, 0), "its cells have n = 12, k from 0 to 4, d from 1 to 3"),
        ((12, 0, 3, 0), "k=0, d=3 is an empty cell"),
    ],
)
def test_what_is_not_held_is_refused_in_one_line(overparam, study, key, said):
    options = [f"--{name}={value}" for name, value in zip(("n", "k", "d", "trial"), key, strict=True)]
    call = overparam("replay", study, *options)
    assert (call.code, call.output) == (2, "")
    assert said in call.errors
    assert call.errors.count("\n") == 1
    with pytest.raises(NoSuchTrial):
        load_study(study).replay(**dict(zip(("n", "k", "d", "trial"), key, strict=True)))


def test_components_that_are_not_here_are_refused(overparam, tmp_path):
    pytest.importorskip("overparam_optimizers")
    study = tmp_path / "a.study"
    assert overparam("-q", "sweep", *SIZES, "--optimizer", "momentum", "--study", study).code == 0
    key = ("--n", 10, "--k", 4, "--d", 2)
    call = overparam("--no-plugins", "replay", study, *key)
    assert (call.code, call.output) == (2, "")
    assert "the study's optimizer, momentum of overparam-optimizers, is not available" in call.errors
    alone = Registry(only_builtin=True)
    with pytest.raises(ComponentError, match="of overparam-optimizers"):
        replay_trial(load_study(study), TrialKey(10, 4, 2, 0), alone.resolve, lambda name: alone.engines())


def test_other_data_are_refused(overparam, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("".join(f"{i},{i * i},1\n" for i in range(1, 9)))
    data = ("--n", 8, "--d", 3, "--k", 2, "--trials", 1, "--data", f"file:path={path}")
    assert overparam("-q", "sweep", *data, "--max-iterations", 5, "--study", "a.study").code == 0
    key = {"n": 8, "k": 2, "d": 3}
    assert op.replay("a.study", **key).equal
    path.write_text("".join(f"{i},{i * i},2\n" for i in range(1, 9)))
    with pytest.raises(SpecificationMismatch, match="data_digest"):
        op.replay("a.study", **key)
