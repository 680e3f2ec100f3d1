"""How objects are displayed: short texts, and HTML in which text from the user is escaped."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import overparam as op
from overparam import theory
from overparam.markup import shown, table
from overparam.palette import taper
from overparam.studies.diagram import PhaseDiagram

EVIL = "<script>alert('&\"')</script>"


def parsed(html):
    """Parse the HTML as a tree; HTML that is not well formed (for example an unescaped character) raises."""
    return ElementTree.fromstring(f"<html>{html}</html>")


def cells(html):
    return ["".join(cell.itertext()) for cell in parsed(html).iter() if cell.tag in ("th", "td", "caption")]


@pytest.fixture
def study(tmp_path):
    return op.sweep(
        tmp_path / "a & <b>.study", n=6, k="0:2", d="2,3", trials=2, max_iterations=3, engine="portable"
    )


def test_everything_in_a_table_is_escaped():
    html = table(EVIL, [(EVIL, EVIL, 1)], [EVIL, EVIL, "n"])
    assert cells(html) == [EVIL, EVIL, EVIL, "n", EVIL, EVIL, "1"]
    assert "<script" not in html


def test_values_are_written_for_readers():
    values = [None, True, np.int64(12345), 0.1234567891, np.float32(0.5), float("nan"), "x"]
    assert [shown(value) for value in values] == ["–", "yes", "12,345", "0.123457", "0.5", "nan", "x"]


def test_a_diagram_is_a_square_a_cell_in_the_colours_of_the_figure():
    successes, trials = np.array([[0, 1], [2, 0], [3, 4]]), np.array([[4, 4], [4, 0], [4, 4]])
    diagram = PhaseDiagram(10, (2, 4, 6), (1, 3), successes, trials)
    assert repr(diagram) == (
        "PhaseDiagram(n=10, k=2…6 (3 values), d=1…3 (2 values): 10 of 20 trials succeeded)"
    )
    [svg] = parsed(diagram._repr_html_())
    name = "{http://www.w3.org/2000/svg}"
    squares = {square.find(f"{name}title").text: square.attrib for square in svg.iter(f"{name}rect")}
    assert len(squares) == 6
    for i, k in enumerate(diagram.k):
        for j, d in enumerate(diagram.d):
            square = squares[f"k = {k}, d = {d}: {successes[i, j]} of {trials[i, j]}"]
            colour = "".join(f"{channel:02x}" for channel in taper(diagram.fraction[i, j]))
            assert square["fill"] == f"#{colour}"
    across = [float(squares[f"k = 2, d = {d}: {s} of 4"]["x"]) for d, s in ((1, 0), (3, 1))]
    upwards = [float(squares[f"k = {k}, d = 1: {s} of 4"]["y"]) for k, s in ((2, 0), (4, 2), (6, 3))]
    assert across == sorted(across)
    assert upwards == sorted(upwards, reverse=True)


def test_a_large_diagram_is_pooled():
    counts = np.ones((100, 90), dtype=np.int64)
    html = PhaseDiagram(10, tuple(range(1, 101)), tuple(range(1, 91)), counts, counts)._repr_html_()
    assert html.count("<rect") <= 40 * 40
    assert "pooled" in html


def test_a_study_says_how_far_it_is(study):
    assert repr(study) == f"Study({str(study.path)!r}: 12 of 12 trials done)"
    html = study._repr_html_()
    assert f"{study.path}: 12 of 12 trials done, 0 failed" in cells(html)
    assert "softplus" in cells(html)
    assert html.count("<svg") == 1
    study.path.unlink()
    assert repr(study) == f"Study({str(study.path)!r}: it cannot be read)"


def test_an_outcome(study):
    outcome = op.train(op.draw_problem(6, 2, 2), max_iterations=3, engine="portable")
    assert repr(outcome) == (
        f"Outcome(budget_exhausted, iterations=3, relative_residual={outcome.relative_residual:.6g}, "
        f"distance_from_initialization={outcome.distance_from_initialization:.6g}, engine='portable')"
    )
    texts = cells(outcome._repr_html_())
    assert texts[texts.index("status") + 1] == "budget_exhausted"
    assert texts[texts.index("path length") + 1] == f"{outcome.path_length:.6g}"


def test_a_certificate_counts_what_it_found():
    certificate = theory.certify(op.draw_problem(8, 3, 6), max_iterations=20)
    kept = [one.promises_kept for one in certificate.evaluated]
    assert f"{len(kept)} theorems: promises kept {kept.count(True)}, " in repr(certificate)
    assert f"{len(certificate.set_aside)} do not apply, 0 failed" in repr(certificate)
    assert len(repr(certificate)) < 300
    texts = cells(certificate._repr_html_())
    assert all(one.theorem.title in texts for one in certificate.evaluated)
    assert all(f"does not apply: {reason}" in texts for _, reason in certificate.set_aside)


def test_a_theory_report():
    report = theory.theory_report(op.draw_problem(8, 3, 6).X, "relu")
    assert f"λ={report.lambda_.value:.4g}" in repr(report)
    assert len(repr(report)) < 200
    texts = cells(report._repr_html_())
    assert texts[texts.index("spectral_norm_X") + 1] == f"{report.spectral_norm_X:.6g}"
