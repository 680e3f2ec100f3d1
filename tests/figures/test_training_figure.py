"""The figure of one training run."""

import numpy as np
import pytest

from overparam.figures import save, training_figure
from overparam.runs.outcome import History

pytest.importorskip("matplotlib", reason="the plot extra is not installed")


def history(residual):
    residual = np.asarray(residual, dtype=np.float64)
    steps = np.arange(len(residual))
    return History(10 * steps, residual, 0.5 * steps, 0.75 * steps)


def lines(figure, panel):
    return {line.get_label(): line.get_xydata() for line in figure.axes[panel].lines}


def test_residual_is_logarithmic_and_both_lengths_stand_below():
    figure = training_figure(history([1.0, 0.1, 0.01]), tolerance=0.02, title="softplus")
    above, below = figure.axes
    assert above.get_yscale() == "log"
    assert "relative residual" in above.get_ylabel()
    assert "iteration" in below.get_xlabel()
    np.testing.assert_allclose(above.lines[0].get_xydata(), [[0, 1], [10, 0.1], [20, 0.01]])
    assert lines(figure, 0)["tolerance 0.02"][:, 1].tolist() == [0.02, 0.02]
    distance, path = lines(figure, 1).values()
    np.testing.assert_allclose(distance, [[0, 0], [10, 0.5], [20, 1.0]])
    np.testing.assert_allclose(path, [[0, 0], [10, 0.75], [20, 1.5]])
    assert figure.get_suptitle() == "softplus"


@pytest.mark.parametrize(
    ("residual", "points"),
    [([1.0, 1e4, 1e30], 2), ([1.0, np.inf], 1), ([1.0, 2.0, np.nan], 2), ([0.0], 1), ([], 0)],
    ids=["overflow", "inf", "nan", "exact", "empty"],
)
def test_diverged_exact_and_empty_histories_are_drawn(residual, points, tmp_path):
    figure = training_figure(history(residual), tolerance=2.5e-3)
    assert [len(line) for line in lines(figure, 1).values()] == [points, points]
    save(figure, tmp_path / "training.png")
    assert (tmp_path / "training.png").stat().st_size > 1000
