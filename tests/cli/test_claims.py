"""`plot --claims`: curves on the diagram, and messages about claims that are left out."""

import pytest

pytest.importorskip("matplotlib", reason="the plot extra is not installed")


@pytest.fixture
def study(overparam, tmp_path):
    size = ("--n", 8, "--k", "2:8:2", "--d", "2,4", "--trials", 2, "--max-iterations", 300)
    assert overparam("-q", "sweep", *size, "--study", "a.study").code == 0
    return tmp_path / "a.study"


def test_all_claims(overparam, study, tmp_path):
    call = overparam("plot", study, "--claims", "all", "-o", "a.svg", "--json")
    assert call.code == 0
    by_name = {one["name"]: one for one in call.document["claims"]}
    assert by_name["counting"]["k"] == [4.0, 2.0]
    assert by_name["counting"]["applies"] is True
    assert by_name["theorem-6-3"]["reason"] == "it is about the ReLU; the activation is softplus"
    left_out = {name for name, one in by_name.items() if not one["applies"]}
    said = [line.split()[0] for line in call.errors.splitlines() if "is left out" in line]
    assert len(said) == len(set(said))
    assert set(said) == left_out
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")


def test_some_claims_and_quiet(overparam, study):
    call = overparam("-q", "plot", study, "--claims", "theorem-6-2,theorem-6-3", "-o", "a.png", "--json")
    assert call.errors == ""
    assert [one["name"] for one in call.document["claims"]] == ["theorem-6-2", "theorem-6-3"]
    assert "claims" not in overparam("plot", study, "-o", "a.png", "--json").document


def test_an_unknown_claim(overparam, study, tmp_path):
    call = overparam("plot", study, "--claims", "theorem-6-22", "-o", "a.png")
    assert call.code == 2
    assert "no claim about widths is called 'theorem-6-22'; did you mean 'theorem-6-2'?" in call.errors
    assert not (tmp_path / "a.png").exists()


@pytest.fixture
def other(overparam, study, tmp_path):
    size = ("--n", 8, "--k", "2:8:2", "--d", "2,4", "--trials", 2, "--max-iterations", 300)
    assert overparam("-q", "sweep", *size, "--activation", "relu", "--study", "b.study").code == 0
    return tmp_path / "b.study"


def test_the_boundaries_of_several_studies(overparam, study, other, tmp_path):
    call = overparam("plot", study, other, "--claims", "counting,theorem-6-3", "-o", "ab.svg", "--json")
    assert call.code == 0
    assert call.document["studies"] == [str(study), str(other)]
    assert [(one["study"], one["n"], one["d"]) for one in call.document["boundaries"]] == [
        (str(path), 8, d) for path in (study, other) for d in (2, 4)
    ]
    assert [(one["study"], one["applies"]) for one in call.document["claims"]] == [
        (str(study), True),
        (str(study), False),
        (str(other), True),
        (str(other), True),
    ]
    assert call.errors.startswith(f"{study}: theorem-6-3 (Theorem 6.3) is left out: ")
    assert (tmp_path / "ab.svg").exists()


def test_panels_of_several_studies(overparam, study, other, tmp_path):
    call = overparam("plot", study, other, "--panels", "-o", "ab.svg", "--json")
    assert (call.code, "boundaries" in call.document) == (0, False)
    one, several = (
        overparam("plot", study, "-o", "a.svg"),
        overparam("plot", study, "--panels", "-o", "p.svg"),
    )
    assert (one.code, several.code) == (0, 0)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "p.svg").read_bytes()


def test_no_study_of_several_is_overwritten(overparam, study, other):
    second = other.rename(other.with_suffix(".svg"))
    before = second.read_bytes()
    call = overparam("plot", study, second, "-o", second)
    assert (call.code, second.read_bytes()) == (2, before)
    assert overparam("plot", "-o", "a.png").code == 2
