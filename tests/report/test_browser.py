"""The report in a real browser: pointer, keyboard, selections, dark mode, sizes, print, hostile texts."""

import json
import os
import re
import shutil
import zlib

import numpy as np
import pytest

import overparam as op
from overparam.palette import SCALES, TAPER
from overparam.report import Claim, Fit
from overparam.studies import Grid, TrialRow, load_study
from tests.report.studies import grid_of, make_study, row

pytest.importorskip("jinja2", reason="the report extra is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PROGRAM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
EVIL = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 2'>\"'&\u202egnp.\u2066"


@pytest.fixture(scope="module")
def browser():
    if PROGRAM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium, or set CHROMIUM to its path")
    with playwright.sync_playwright() as player:
        opened = player.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def look(browser):
    """Open a file; at the end, there must be no network request and no message on the console."""
    contexts, said, asked = [], [], []

    def look(path, width=1440, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield look
    for context in contexts:
        context.close()
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} <= {
        url for url in asked if url.startswith("file:") and url.endswith(".html")
    }
    assert len([url for url in asked if url.startswith("file:")]) == len(contexts)


CLAIMS = [
    Claim(kind, f"made-up {kind}", "a reference", kind, [(d, width / d) for d in range(1, 9)])
    for kind, width in (("exact", 60.0), ("order", 40.0), ("existence", 30.0), ("conjecture", 25.0))
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Two studies, the second with two n and a missing cell; claims, an exponent and two training runs."""
    folder = tmp_path_factory.mktemp("report")
    first = op.sweep(
        folder / "first.study",
        n=10,
        k="2:12:2",
        d=[4, 5],
        trials=3,
        optimizer="gd:step_size=0.15",
        max_iterations=600,
        tolerance=0.3,
        progress=False,
    )
    cells = [cell for cell in grid_of(n=(20, 30)).cells if cell != (20, 5, 4)]
    make_study(folder / "second.study", Grid.of(cells, trials=5))
    fit = Fit([{"study": "second.study", "alpha": 1.02, "alpha_low": 0.9, "alpha_high": 1.1, "cells": 16}])
    written = op.write_report(
        [first, folder / "second.study"], folder / "r.html", curves=2, claims=CLAIMS, fit=fit
    )
    assert written.runs >= 2
    return folder / "r.html"


def numbers(page):
    return json.loads(page.locator("#numbers").text_content())


def cell(page, panel, k, d):
    """The rectangle of a cell, found by its accessible name."""
    return page.locator(f"figure.panel >> nth={panel}").locator(
        f'.cells rect[aria-label^="k = {k}, d = {d}:"], .cells rect[aria-label*=", k = {k}, d = {d}:"]'
    )


def test_the_pointer_on_a_cell_shows_its_numbers(report, look):
    page = look(report)
    cell(page, 1, 6, 5).hover()
    tip = page.locator("#tip")
    assert tip.is_visible()
    study = load_study(report.parent / "second.study")
    [status] = [one for one in study.cell_statuses() if one[:3] == (20, 6, 5)]
    text = tip.inner_text()
    assert "n = 20, k = 6, d = 5" in text
    assert f"{status.successes} of {status.trials}" in text
    assert f"{status.low * 100:.3g} % to {status.high * 100:.3g} %" in text
    assert re.search(r"kd / n\s+1\.5\b", text)
    updates = sorted(one.iterations for one in study if one[:3] == (20, 6, 5))
    assert f"{updates[2]:,}" in text
    page.mouse.move(2, 2)
    assert not tip.is_visible()


def test_keys_move_between_cells_and_open_their_trials(report, look):
    page = look(report)
    page.keyboard.press("Tab")
    page.locator("figure.panel >> nth=1").locator('rect[tabindex="0"]').focus()
    for key in ["ArrowRight"] * 3 + ["ArrowUp"] * 4:
        page.keyboard.press(key)
    named = page.evaluate("document.activeElement.getAttribute('aria-label')")
    # The cell k = 5, d = 4 has no trials and is skipped.
    assert named.startswith("n = 20, k = 6, d = 4: succeeded ")
    assert "95 % interval" in named
    assert page.locator("#tip").is_visible()
    page.keyboard.press("Home")
    assert "d = 1:" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("End")
    assert "d = 8:" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    assert page.locator("#details-title").inner_text() == "n = 20, k = 6, d = 8"
    assert page.evaluate("document.activeElement.id") == "details"
    # Tab reaches one cell of each diagram: the one that had the focus last.
    assert page.locator("figure.panel >> nth=1").locator('rect[tabindex="0"]').count() == 1


def test_a_click_shows_the_trials_and_the_training_run(report, look):
    page = look(report)
    run = page.locator("#runs .run >> nth=0")
    place, panel = int(run.get_attribute("data-place")), int(run.get_attribute("data-panel"))
    found = numbers(page)["panels"][panel]
    k, d = found["k"][place // len(found["d"])], found["d"][place % len(found["d"])]
    cell(page, panel, k, d).click()
    rows = page.locator("#details tbody tr").all_inner_texts()
    stored = [one for one in load_study(report.parent / "first.study") if one[:3] == (10, k, d)]
    assert len(rows) == len(stored) == 3
    for text, one in zip(rows, stored, strict=True):
        shown = text.split("\t")
        assert shown[0] == str(one.trial)
        assert shown[1] == one.status.replace("_", " ")
        assert shown[2] == f"{one.iterations:,}"
        assert float(shown[3]) == float(f"{one.relative_residual:.4g}")
    assert page.locator("#details .run svg.plot .predicted").count() == 1


def test_the_paper_s_scale_is_the_default_and_others_can_be_chosen(report, look):
    page = look(report)
    fills = "[...document.querySelectorAll('.cells rect')].map(cell => cell.getAttribute('fill'))"
    before = page.evaluate(fills)
    assert {"#" + bytes(TAPER[0]).hex(), "#" + bytes(TAPER[-1]).hex()} <= set(before)
    for name, stops in SCALES.items():
        page.select_option("#scale", name)
        assert {"#" + bytes(stops[0]).hex(), "#" + bytes(stops[-1]).hex()} <= set(page.evaluate(fills))
    page.select_option("#scale", "red and blue")
    after = page.evaluate(fills)
    channels = [[[int(fill[i : i + 2], 16) for i in (1, 3, 5)] for fill in each] for each in (before, after)]
    # Half-way between two whole numbers, NumPy rounds to the even one and JavaScript rounds up.
    assert np.abs(np.subtract(*channels)).max() <= 1


@pytest.mark.parametrize(
    "layer", ["capacity", "effective", "boundary", "band", "exact", "order", "existence", "conjecture"]
)
def test_curves_can_be_taken_away(report, look, layer):
    page = look(report)
    drawn = page.locator(f'figure.panel [data-layer="{layer}"]')
    assert drawn.count() >= 1
    assert all(one.is_visible() for one in drawn.all())
    page.locator(f'[data-toggle="{layer}"]').uncheck()
    assert not any(one.is_visible() for one in drawn.all())
    page.locator(f'[data-toggle="{layer}"]').check()
    assert all(one.is_visible() for one in drawn.all())


def test_effective_or_nominal_parameters_are_compared_with_n(report, look):
    page = look(report)
    head = page.locator("#boundary table >> nth=1").locator("thead")
    assert "effective parameters / n" in head.inner_text()
    assert "kd/n" not in head.inner_text()
    page.locator('input[value="nominal"]').check()
    assert "effective" not in head.inner_text()
    assert "kd/n" in head.inner_text()


def test_a_boundary_can_be_taken_out_of_the_overlay(report, look):
    page = look(report)
    assert page.locator("#boundary .plot").count() == 2
    line = page.locator("#boundary .plot >> nth=0").locator('[data-series="1"]')
    assert line.is_visible()
    page.locator('[data-series-toggle="1"]').uncheck()
    assert not line.is_visible()


def test_the_table_of_the_boundary_is_what_the_study_s_readout_says(report, look):
    from overparam.studies import crossings

    page = look(report)
    shown = page.locator("#boundary table >> nth=1").locator("tbody tr").all_inner_texts()
    known = [one for one in crossings(load_study(report.parent / "second.study")) if one.n == 20]
    assert len(shown) == len(known)
    for text, one in zip(shown, known, strict=True):
        d, k, interval = text.split("\t")[:3]
        assert d == str(one.d)
        assert k == ("–" if one.k is None else f"{one.k:.4g}")
        if one.k is not None:
            assert interval == f"{one.k_low:.4g} to {one.k_high:.4g}"
    assert "1.02" in page.locator("#boundary table").last.inner_text()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_screen_in_light_and_dark(report, look, width, scheme):
    page = look(report, width, color_scheme=scheme, has_touch=width < 500)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper, ink = page.evaluate(
        "[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).color]"
    )
    channels = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, ink)]
    assert (channels[0] > channels[1]) == (scheme == "light")
    # The tooltip stays on the screen for cells at every edge.
    for k, d in ((10, 8), (1, 8), (10, 1)):
        cell(page, 1, k, d).focus()
        box = page.locator("#tip").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    if width < 500:
        cell(page, 1, 9, 3).tap()
        assert page.locator("#details-title").inner_text() == "n = 20, k = 9, d = 3"


def test_without_script_text_and_pictures_are_there(report, look):
    page = look(report, java_script_enabled=False)
    assert not page.locator("#details").is_visible()
    assert not page.locator("#scale").is_visible()
    assert page.locator("figure.panel svg.diagram").count() == 3
    assert page.locator("figure.panel >> nth=1").locator('[data-layer="boundary"]').is_visible()
    # Names of cells, for screen readers and for the pointer.
    assert page.locator(".cells rect title").count() == page.locator(".cells rect").count() > 0
    assert "effective parameters / n" in page.locator("#boundary thead >> nth=0").inner_text()
    assert "overparam sweep" in page.locator("#provenance").inner_text()


def test_it_prints(report, look):
    page = look(report, color_scheme="dark")
    cell(page, 1, 9, 3).click()
    page.emulate_media(media="print")
    assert not page.locator("#details").is_visible()
    assert not page.locator(".controls select").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed) or _pages(printed)) <= 12


def _pages(printed):
    """The pages of a PDF whose objects are in compressed streams."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", printed, re.DOTALL)
    found = []
    for stream in streams:
        try:
            found += re.findall(rb"/Type\s*/Page\b", zlib.decompress(stream))
        except zlib.error:
            continue
    return found


def test_texts_that_attack_are_shown_as_text(tmp_path, look):
    def failing(cell, trial):
        if cell.k == 1 and trial == 0:
            return TrialRow(*cell, trial, "failed", 0, 0, None, None, None, 0, 0.0, f"no {EVIL}")
        return row(cell, trial)

    description = dict.fromkeys(("activation", "data_distribution", "optimizer"), EVIL)
    description["data"] = f"file:path={EVIL}"
    name = "<img src=x onerror=window.hit=3>\"'&\u202eyduts.study"
    environment = {"device": EVIL, "engines": [EVIL], "started": EVIL, "distributions": {EVIL: EVIL}}
    study = make_study(
        tmp_path / name, grid_of(), description=description, environment=environment, rows=failing
    )
    claims = [Claim(EVIL, EVIL, EVIL, "order", [(1, 9), (8, 2)])]
    fit = Fit([{"study": EVIL, "alpha": 1.0, "method": EVIL}])
    op.write_report([study, study], tmp_path / "r.html", curves=2, claims=claims, fit=fit)
    source = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert source.count("<script") == source.count("</script>") == 2
    assert not set("\u202e\u2066") & set(source)
    page = look(tmp_path / "r.html")
    for each in page.locator(".cells rect").all()[:12]:
        each.hover(force=True)
    cell(page, 0, 6, 5).click()
    assert page.evaluate("window.hit") is None
    assert page.locator("img").count() == 0
    shown = page.locator("body").inner_text()
    assert shown.count(r"</script><script>window.hit = 1</script><img src=x onerror='window.hit = 2'>") > 8
    assert r"\u202egnp." in shown
    assert rf"<img src=x onerror=window.hit=3>{chr(34)}'&\u202eyduts.study" in shown
    # The command that recreates the study is also shown as text.
    assert "overparam sweep" in page.locator("pre.command >> nth=0").inner_text()


@pytest.mark.slow
def test_a_million_trials_are_a_page_that_opens_at_once(tmp_path, look):
    import time

    study = load_study(
        make_study(tmp_path / "big.study", grid_of(n=(100,), k=range(1, 51), d=range(1, 51), trials=400))
    )
    before = time.process_time()
    written = op.write_report(study, tmp_path / "r.html", curves=0)
    assert time.process_time() - before < 10.0
    assert written.size < 3_000_000
    page = look(tmp_path / "r.html")
    timing = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    page.wait_for_function(f"{timing} > 0")
    assert page.evaluate(timing) < 2000.0
    assert page.locator(".cells rect").count() == 2500
    [panel] = numbers(page)["panels"]
    assert 200 <= len(panel["listed"]) <= 250
    place = next(place for place in reversed(range(2500)) if str(place) not in panel["listed"])
    cell(page, 0, panel["k"][place // 50], panel["d"][place % 50]).click()
    assert "are in the study's file" in page.locator("#details").inner_text()
