"""``overparam report`` and ``sweep --report``: their output and their errors."""

import os
import sys

import pytest

from overparam.studies import load_study
from overparam.studies.errors import StudyError

pytest.importorskip("jinja2", reason="the report extra is not installed")


def test_it_says_what_it_wrote(overparam, study, tmp_path):
    result = overparam("report", study, "-o", "r.html", "--curves", 0, "--json")
    assert result.code == 0
    size = (tmp_path / "r.html").stat().st_size
    assert result.document == {
        "command": "report",
        "studies": [str(study)],
        "output": "r.html",
        "bytes": size,
        "diagrams": 1,
        "runs": 0,
        "notes": [],
    }
    assert f"r.html: 1 diagrams and 0 training runs in {size:,} bytes" in result.errors


def test_several_studies_stand_side_by_side(overparam, study, tmp_path):
    os.link(study, tmp_path / "b.study")
    assert overparam("report", study, "b.study", "-o", "r.html", "--curves", 0).code == 0
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count('<figure class="panel"') == 2
    assert "Phase diagrams: a.study, b.study" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.study", "-o", "r.txt"), "must end in .html"),
        (("a.study", "-o", "no/r.html"), "does not exist"),
        (("none.study", "-o", "r.html"), "none.study"),
        (("a.study", "-o", "r.html", "--curves", "-1"), "--curves"),
        (("-o", "r.html"), "STUDY"),
        (("r.html", "-o", "r.html"), "is the input file"),
    ],
)
def test_what_it_refuses(overparam, study, tmp_path, arguments, message):
    result = overparam("report", *arguments)
    assert result.code in (1, 2)
    assert message in result.errors
    assert "Traceback" not in result.errors
    assert not (tmp_path / "r.html").exists()


def test_without_jinja2_one_line_says_what_to_install(overparam, study, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    for arguments in (
        ("report", study, "-o", "r.html"),
        ("sweep", "--n", 5, "--k", 2, "--d", 2, "--study", "new.study", "--report", "r.html"),
    ):
        result = overparam(*arguments)
        assert result.code == 1
        assert "pip install 'overparam[report]'" in result.errors
        assert len(result.errors.strip().splitlines()) == 1
    # The error comes before any training.
    assert not (tmp_path / "new.study").exists()


SIZES = ("--n", 6, "--k", "2:6:2", "--d", 3, "--trials", 2, "--max-iterations", 40)
SWEEP = ("sweep", *SIZES, "--study", "s.study")


def test_a_sweep_writes_its_report(overparam, tmp_path):
    assert overparam("-q", *SWEEP, "--report", "r.html", "--json").document["done"] == 6
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "6 of 6" in text
    assert "was still running" not in text


def test_a_sweep_refreshes_its_report_while_it_runs(overparam, tmp_path, monkeypatch):
    seen = []

    def watched(studies, output, **given):
        from overparam.report import write_report

        written = write_report(studies, output, **given)
        done = sum(len(load_study(study.path).rows()) for study in studies)
        seen.append((done, "was still running" in output.read_text(encoding="utf-8")))
        return written

    monkeypatch.setattr("overparam.cli.report.write_report", watched)
    assert overparam("-q", *SWEEP, "--report", "r.html").code == 0
    assert seen[0][1]
    assert seen[-1] == (6, False)


def test_a_report_that_cannot_be_written_for_now_ends_no_sweep(overparam, tmp_path, monkeypatch):
    calls = []

    def failing(studies, output, **given):
        calls.append(given)
        if not given:
            raise StudyError("no place")

    monkeypatch.setattr("overparam.cli.report.write_report", failing)
    monkeypatch.setattr("overparam.cli.report._say", lambda *given: None)
    result = overparam(*SWEEP, "--report", "r.html")
    assert result.code == 0
    assert result.errors.count("the report could not be written: no place") == 1
    assert len(load_study(tmp_path / "s.study").rows()) == 6
    assert calls[-1]


def test_a_dry_run_writes_none(overparam, tmp_path):
    assert overparam(*SWEEP, "--report", "r.html", "--dry-run").code == 0
    assert not (tmp_path / "r.html").exists()
