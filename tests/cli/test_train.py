"""``overparam train``."""

import numpy as np
import pytest

import overparam as op

KEYS = {
    "command",
    "problem",
    "optimizer",
    "status",
    "iterations",
    "relative_residual",
    "distance_from_initialization",
    "path_length",
    "effective_parameters",
    "backend",
    "device",
    "dtype",
    "engine",
    "seconds",
}
SMALL = ("--n", 20, "--d", 8, "--k", 10, "--max-iterations", 200)


def test_json_is_the_librarys_outcome(overparam):
    document = overparam("train", *SMALL, "--seed", 3, "--trial", 2, "--json").document
    assert set(document) >= KEYS
    assert set(document["problem"]) == {"n", "d", "k", "seed", "trial", "activation", "data", "labels"}
    outcome = op.train(op.draw_problem(20, 8, 10, seed=3, trial=2), max_iterations=200)
    assert document["status"] == outcome.status
    assert document["iterations"] == outcome.iterations
    assert document["relative_residual"] == pytest.approx(outcome.relative_residual, rel=1e-12)
    assert (document["dtype"], document["backend"], document["engine"]) == (
        "float64",
        "numpy",
        outcome.engine,
    )


def test_divergence_is_exit_code_0_and_null(overparam):
    call = overparam(
        "train",
        *SMALL,
        "--optimizer",
        "gd:step_size=1e9",
        "--activation",
        "hermite:coefficients=0;0;0;1",
        "--json",
    )
    assert call.code == 0
    assert call.document["status"] == "diverged"


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_backend_and_dtype_are_honoured(overparam, backend, dtype):
    pytest.importorskip(backend)
    document = overparam("--backend", backend, "--dtype", dtype, "train", *SMALL, "--json").document
    assert (document["backend"], document["dtype"]) == (backend, dtype)


def test_least_squares_reports_its_rank(overparam):
    document = overparam(
        "train", "--n", 10, "--k", 30, "--d", 5, "--optimizer", "least-squares", "--json"
    ).document
    assert (document["status"], document["rank"], document["iterations"]) == ("solved", 10, 0)
    assert document["relative_residual"] < 1e-9


def test_output_holds_the_problem_and_the_weights(overparam, tmp_path):
    assert overparam("train", *SMALL, "--record-every", 50, "--output", "run.npz").code == 0
    with np.load(tmp_path / "run.npz") as saved:
        problem = op.draw_problem(20, 8, 10)
        np.testing.assert_array_equal(saved["X"], problem.X)
        np.testing.assert_array_equal(saved["W0"], problem.W0)
        np.testing.assert_array_equal(saved["W"], op.train(problem, max_iterations=200).W)
        assert list(saved["iterations"]) == [0, 50, 100, 150, 200]


def test_plot_is_a_picture(overparam, tmp_path):
    pytest.importorskip("matplotlib")
    assert overparam("train", *SMALL, "--plot", "run.png").code == 0
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_data_from_a_file_gives_n_and_d(overparam, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "own.npz", X=rng.standard_normal((9, 4)), y=rng.standard_normal(9))
    document = overparam(
        "train", "--data", "file:path=own.npz", "--labels", "file", "--max-iterations", 5, "--json"
    ).document
    assert (document["problem"]["n"], document["problem"]["d"]) == (9, 4)


def test_options_come_from_the_environment(overparam):
    document = overparam(
        "train",
        "--json",
        OVERPARAM_TRAIN_N="11",
        OVERPARAM_TRAIN_MAX_ITERATIONS="3",
        OVERPARAM_DTYPE="float32",
    ).document
    assert document["problem"]["n"] == 11
    assert (document["iterations"], document["dtype"]) == (3, "float32")


def test_text_says_what_ended_how(overparam):
    call = overparam("train", *SMALL)
    assert call.code == 0
    assert "budget exhausted" in call.output
    assert " on numpy, cpu, float64" in call.output
