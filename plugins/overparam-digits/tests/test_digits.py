"""The data are scikit-learn's images and labels; shuffled labels are independent, and are interpolated."""

import json
import subprocess
import sys

import numpy as np
import pytest
from overparam_digits import Digits
from sklearn.datasets import load_digits

IMAGES, DIGITS = load_digits(return_X_y=True)
UNIT = IMAGES / np.linalg.norm(IMAGES, axis=1, keepdims=True)


def rng(seed=0):
    return np.random.default_rng(seed)


def shown(X):
    """Digit that each row of 64 pixels shows, found by the nearest image."""
    nearest = np.argmax(X @ UNIT.T, axis=1)
    np.testing.assert_allclose(UNIT[nearest], X, atol=1e-12)
    return DIGITS[nearest]


@pytest.mark.parametrize(
    ("target", "meaning"),
    [
        ("parity", lambda digit: np.where(digit % 2 == 0, 1.0, -1.0)),
        ("value", lambda d: (d - 4.5) / 8.25**0.5),
    ],
)
def test_true_labels_are_what_the_images_show(target, meaning):
    drawn = Digits(target=target).draw(300, 64, rng())
    np.testing.assert_allclose(drawn.y, meaning(shown(drawn.X)))


def test_no_image_is_drawn_twice():
    assert len(np.unique(Digits().draw(1797, 64, rng()).X, axis=0)) == 1797


def test_shuffled_labels_are_the_same_labels_elsewhere():
    true, shuffled = (Digits(labels, "value").draw(1000, 64, rng()) for labels in ("true", "shuffled"))
    np.testing.assert_array_equal(true.X, shuffled.X)
    np.testing.assert_array_equal(np.sort(true.y), np.sort(shuffled.y))
    correlation = np.corrcoef(true.y, shuffled.y)[0, 1]
    assert abs(correlation) < 5.0 / np.sqrt(1000)


def test_fewer_inputs_are_leading_principal_coordinates():
    full, few = (Digits().draw(200, d, rng()).X for d in (64, 10))
    _, _, rows = np.linalg.svd(UNIT, full_matrices=False)
    projected = full @ rows[:10].T
    expected = projected / np.linalg.norm(projected, axis=1, keepdims=True)
    np.testing.assert_allclose(few @ few.T, expected @ expected.T, atol=1e-12)


@pytest.mark.parametrize(("n", "d", "said"), [(1798, 64, "1797 images"), (10, 65, "64 pixels")])
def test_there_is_no_more(n, d, said):
    with pytest.raises(ValueError, match=said):
        Digits().draw(n, d, rng())


def train(options):
    command = [sys.executable, "-m", "overparam", "--engine", "portable", "train", "--labels", "file"]
    command += ["--data", "digits:labels=shuffled", "--d", "64", "--json", *options.split()]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_gradient_descent_interpolates_shuffled_labels():
    method = "--activation relu --optimizer gd:step_size=0.1 --max-iterations 30000"
    found = train(f"--n 50 --k 100 {method}")
    assert found["status"] == "converged"
    assert found["relative_residual"] < 2.5e-3


def test_least_squares_interpolates_shuffled_labels():
    found = train("--n 300 --k 400 --optimizer least-squares")
    assert found["success"]
    assert found["relative_residual"] < 1e-9


def test_too_many_inputs_are_one_clear_line():
    command = [sys.executable, "-m", "overparam", "train", "--data", "digits", "--d", "65"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "64 pixels, but d=65 is requested" in done.stderr


SMALL = "--n 12 --d 8 --k 4 --max-iterations 2"


@pytest.mark.parametrize("labels", ["true", "shuffled"])
@pytest.mark.parametrize(
    "command",
    [f"train {SMALL}", f"certify {SMALL}", "sweep --n 12 --d 8 --k 4 --max-iterations 2 --trials 1"],
)
def test_no_command_trains_on_other_labels_unasked(tmp_path, command, labels):
    """Without --labels the images' own labels are used; with other labels, a note says that they are not."""
    for asked, used, noted in (([], "file", False), (["--labels", "rademacher"], "rademacher", True)):
        study = ["--study", str(tmp_path / f"{used}.study")] if command.startswith("sweep") else []
        done = subprocess.run(
            [
                *(sys.executable, "-m", "overparam", *command.split(), *study, *asked),
                *("--data", f"digits:labels={labels}", "--json"),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        document = json.loads(done.stdout)
        assert document.get("problem", document.get("specification"))["labels"] == used
        assert ("--labels rademacher replaces them" in done.stderr) is noted
