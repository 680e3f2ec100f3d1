"""The phase diagram on a terminal, in colour and in ASCII."""

import io

import numpy as np
import pytest
from rich.console import Console
from rich.live import Live

from overparam.figures import boundary_line, plain, render
from overparam.palette import CURVE, NO_DATA, blend, taper
from overparam.studies.diagram import PhaseDiagram

GRID = tuple(range(1, 26))


def diagram(k=GRID, d=GRID, n=100, gaps=()):
    trials = np.full((len(k), len(d)), 10)
    for cell in gaps:
        trials[cell] = 0
    return PhaseDiagram(n, tuple(k), tuple(d), trials * (np.multiply.outer(k, d) >= 1.5 * n), trials)


def console(width=80, height=50, colour="truecolor"):
    return Console(
        width=width,
        height=height,
        color_system=colour,
        force_terminal=colour is not None,
        file=io.StringIO(),
        legacy_windows=False,
    )


def lines(screen, picture):
    """The drawn picture as lines of (character, foreground, background)."""
    drawn = screen.render_lines(render(picture), screen.options, pad=False)
    return [
        [
            (
                character,
                style and style.color and style.color.triplet,
                style and style.bgcolor and style.bgcolor.triplet,
            )
            for text, style, _ in line
            for character in text
        ]
        for line in drawn
    ]


def text(line):
    return "".join(character for character, _, _ in line)


def test_two_columns_a_cell_where_they_fit():
    drawn = lines(console(), diagram(gaps=[(24, 20)]))
    assert "n = 100" in text(drawn[0])
    rows, colours = drawn[1:26], taper(diagram(gaps=[(24, 20)]).fraction)
    for i, row in enumerate(reversed(rows)):
        for j in range(25):
            for column in (3 + 2 * j, 4 + 2 * j):
                assert row[column][2] == tuple(colours[i, j])
    assert rows[0][3 + 2 * 20][2] == NO_DATA
    assert text(rows[25 - 10])[3 + 2 * 9 :][:4] == "····"
    assert [text(row)[:3] for row in rows[:2]] == ["25 ", "24 "]


def test_labels_of_d_end_under_their_cells():
    axis = text(lines(console(), diagram())[26])
    for label in ("2", "10", "24"):
        end = axis.index(label) + len(label) - 1
        assert (end - 3) // 2 == int(label) - 1


def test_half_blocks_where_the_screen_is_low():
    drawn = lines(console(height=24), diagram())
    assert len(drawn) <= 24
    colours = taper(diagram().fraction)
    rows = drawn[1:14]
    for line, row in enumerate(rows):
        for j in range(25):
            character, upper, lower = row[3 + j]
            assert character == "▀"
            for colour, i in ((upper, 24 - 2 * line), (lower, 23 - 2 * line)):
                if i >= 0:
                    marked = tuple(blend(colours[i, j], CURVE, 0.6))
                    assert colour in (tuple(colours[i, j]), marked)
    assert rows[0][3 + 3][1] == tuple(blend(colours[24, 3], CURVE, 0.6))
    assert rows[-1][3][2] is None


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 24), (100, 50), (12, 8)])
@pytest.mark.parametrize("grid", [GRID, tuple(range(1, 201)), (10, 20, 50), (0,)])
def test_it_never_leaves_the_screen(width, height, grid):
    drawn = lines(console(width, height), diagram(k=grid, d=grid))
    assert max(len(line) for line in drawn) <= width
    assert len(drawn) <= max(height, 13)
    if len(grid) > 100:
        assert "pooled" in text(drawn[0]) or width < 60


def test_without_colours_it_is_the_plain_text():
    screen = console(colour=None)
    screen.print(render(diagram()))
    assert screen.file.getvalue().rstrip() == plain(diagram()).rstrip()


def test_it_refreshes_in_a_live_display():
    screen = console()
    with Live(render(diagram(gaps=[np.s_[:]])), console=screen, auto_refresh=False) as live:
        live.update(render(diagram()), refresh=True)
    assert "success" in screen.file.getvalue()


def test_plain_text_counts_in_tenths():
    successes = np.array([[0, 0, 1, 5], [0, 9, 99, 100]])
    trials = np.array([[0, 10, 100, 10], [10, 10, 100, 100]])
    rows = plain(PhaseDiagram(8, (2, 4), (1, 2, 3, 4), successes, trials)).splitlines()
    assert rows[1] == "4  .|9 9 #"
    assert rows[2] == "2    . 1|5"
    assert rows[3] == "   1 2 3 4  d"


def test_plain_text_is_ascii_and_fits():
    for grid in (GRID, tuple(range(201)), (10, 20, 50)):
        drawn = plain(diagram(k=grid, d=grid))
        assert drawn.isascii()
        assert max(map(len, drawn.splitlines())) <= 80
        assert len(drawn.splitlines()) <= 53


def test_the_boundary_in_a_sentence():
    line = boundary_line(diagram(k=tuple(range(0, 41, 2)), d=(10, 20)))
    # Success from k = 16 at d = 10 and from k = 8 at d = 20, so the crossings are k = 15 and k = 7.
    assert line.startswith("n = 100: 50 % boundary at kd/n = 1.45 (quartiles ")
    assert "2*floor(k/2)*d/n = 1.45 (quartiles " in line
    assert line.endswith("over 2 of 2 input dimensions")
    assert line.isascii()
    assert "no input dimension" in boundary_line(diagram(k=(1,), d=(1,)))
