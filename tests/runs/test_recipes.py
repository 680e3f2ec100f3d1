"""Losses × initializations × layers on the portable engine: plain loops, autodiff, units that can act."""

import functools

import numpy as np
import pytest

from overparam.arrays.backends import NumPy, backend_of
from overparam.methods import FirstOrder, GradientDescent, LeastSquares, StochasticGradientDescent
from overparam.model.activations import ReLU, Softplus
from overparam.model.initializations import Paper, Scaled, Symmetric
from overparam.model.losses import Hinge, Logistic, Squared
from overparam.model.problem import Problem, draw_problem
from overparam.runs import Job, Portable, Recipe, Status, StopRule
from overparam.runs.driver import drive
from overparam.runs.stepwise import Stepwise

LOSSES = [Squared(), Logistic(), Hinge()]
INITIALIZATIONS = [Paper(), Scaled(signs="random"), Symmetric(output=1.0)]
LAYERS = ["hidden", "output", "both"]
DERIVATIVES = {
    "squared": lambda f, y: f - y,
    "logistic": lambda f, y: -y / (1.0 + np.exp(y * f)),
    "hinge": lambda f, y: np.where(y * f < 1.0, -y, 0.0),
}


class Momentum(FirstOrder):
    """Heavy ball, with a state for each layer."""

    name = "momentum"

    def init(self, weights):
        return (0.0 * weights,)

    def update(self, weights, gradient, state, step):
        velocity = 0.9 * state[0] - step.size * gradient
        return weights + velocity, (velocity,)

    def step_size_for(self, problem, activation):
        return 0.01


METHODS = [GradientDescent(0.02), Momentum(), StochasticGradientDescent(0.02, batch_size=3)]


def problem_of(k=6, d=3, n=9, initialization=None, trial=0):
    p = draw_problem(n, d, k, seed=4, trial=trial, initialization=initialization)
    return Problem(p.X, np.sign(p.y), p.W0, p.v, p.key)


def run(problems, **parts):
    recipe = Recipe(**{"stop": StopRule(40, 1e-9)} | parts)
    outcomes = dict(Portable().run(Job(problems, recipe, backend_of(problems[0].X))))
    return [outcomes[i] for i in range(len(problems))]


def plain(p, loss, layers, step, updates, momentum=0.0):
    """Train a softplus network sample by sample; return W, v and the path length."""
    W, v = p.W0.copy(), p.v.copy()
    VW, Vv, path = np.zeros_like(W), np.zeros_like(v), 0.0
    for _ in range(updates):
        GW, Gv = np.zeros_like(W), np.zeros_like(v)
        for x, y in zip(p.X, p.y, strict=True):
            z = W @ x
            g = DERIVATIVES[loss.name](v @ np.logaddexp(0.0, z), y)
            GW += np.outer(g * v / (1.0 + np.exp(-z)), x)
            Gv += g * np.logaddexp(0.0, z)
        VW, Vv = momentum * VW - step * GW, momentum * Vv - step * Gv
        moved = 0.0
        if layers != "output":
            W, moved = W + VW, moved + np.sum(VW**2)
        if layers != "hidden":
            v, moved = v + Vv, moved + np.sum(Vv**2)
        path += np.sqrt(moved)
    return W, v, path


@functools.cache
def plain_of(k, initialization, *arguments):
    """The plain loop on `problem_of`, once for all namespaces."""
    return plain(problem_of(k, initialization=initialization), *arguments)


@pytest.mark.parametrize("namespace", ["numpy", "torch", "array_api_strict"])
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
@pytest.mark.parametrize("initialization", INITIALIZATIONS, ids=lambda each: each.name)
def test_it_is_the_plain_loop(loss, initialization, layers, namespace):
    xp = pytest.importorskip(namespace, reason=f"{namespace} is not installed")
    for k in (5, 6):
        p = problem_of(k, initialization=initialization)
        moved = Problem(*(xp.asarray(a) for a in (p.X, p.y, p.W0, p.v)), p.key)
        for optimizer, momentum in ((GradientDescent(0.01), 0.0), (Momentum(), 0.9)):
            # With this tolerance, a classifier stops as soon as no sample is misclassified.
            stop = StopRule(30, 1e-9)
            [outcome] = run([moved], loss=loss, layers=layers, optimizer=optimizer, stop=stop)
            W, v, path = plain_of(k, initialization, loss, layers, 0.01, outcome.iterations, momentum)
            np.testing.assert_allclose(outcome.W, W, atol=1e-10)
            np.testing.assert_allclose(outcome.v, v, atol=1e-10)
            assert outcome.path_length == pytest.approx(path, abs=1e-10)
            distance = np.sqrt(np.sum((W - p.W0) ** 2) + np.sum((v - p.v) ** 2))
            assert outcome.distance_from_initialization == pytest.approx(distance, abs=1e-10)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
@pytest.mark.parametrize("activation", [Softplus(), ReLU()], ids=lambda each: each.name)
def test_gradients_are_autodiffs(loss, layers, activation):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    p = problem_of(initialization=Scaled())
    [outcome] = run(
        [p],
        activation=activation,
        loss=loss,
        layers=layers,
        stop=StopRule(1, 1e-9),
        optimizer=GradientDescent(1.0),
    )
    assert outcome.iterations == 1
    W, v = (torch.tensor(a, requires_grad=True) for a in (p.W0, p.v))
    X, y = torch.tensor(p.X), torch.tensor(p.y)
    phi = torch.nn.functional.softplus if isinstance(activation, Softplus) else torch.relu
    f = phi(X @ W.T) @ v
    total = {
        "squared": 0.5 * ((f - y) ** 2).sum(),
        "logistic": torch.nn.functional.softplus(-y * f).sum(),
        "hinge": torch.clamp(1.0 - y * f, min=0.0).sum(),
    }[loss.name]
    total.backward()
    for moved, start, gradient, fixed in (
        (outcome.W, p.W0, W.grad, layers == "output"),
        (outcome.v, p.v, v.grad, layers == "hidden"),
    ):
        expected = np.zeros_like(start) if fixed else gradient.numpy()
        np.testing.assert_allclose(start - moved, expected, atol=1e-10)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize(
    "optimizer",
    [GradientDescent(0.02), Momentum(), StochasticGradientDescent(0.02, batch_size=3)],
    ids=lambda o: o.name,
)
def test_batches_padding_and_the_stepwise_loop_change_nothing(layers, optimizer):
    problems = [problem_of(k, d, trial=k) for k, d in ((1, 1), (2, 3), (5, 2), (7, 5), (8, 4))]
    together = run(problems, layers=layers, optimizer=optimizer)
    for position, (problem, outcome) in enumerate(zip(problems, together, strict=True)):
        [alone] = run([problem], layers=layers, optimizer=optimizer)
        np.testing.assert_array_equal(outcome.W, alone.W)
        np.testing.assert_array_equal(outcome.v, alone.v)
        job = Job(problems, Recipe(layers=layers, optimizer=optimizer, stop=StopRule(40, 1e-9)), NumPy())
        [(_, stepped)] = drive(job, Stepwise(job, position), "stepwise")
        np.testing.assert_allclose(stepped.W, outcome.W, atol=1e-10)
        np.testing.assert_allclose(stepped.v, outcome.v, atol=1e-10)
        assert (stepped.status, stepped.iterations) == (outcome.status, outcome.iterations)
        assert stepped.path_length == pytest.approx(outcome.path_length)


def test_which_parameters_can_act_is_read_off_v():
    for initialization, layers, wanted in (
        (Paper(), "hidden", 4 * 3),
        (Scaled(), "hidden", 5 * 3),
        (Symmetric(), "hidden", 4 * 3),
        (Paper(), "output", 5),
        (Paper(), "both", 5 * 4),
    ):
        p = draw_problem(9, 3, 5, initialization=initialization)
        [outcome] = run([p], layers=layers, stop=StopRule(0))
        assert outcome.effective_parameters == wanted


@pytest.mark.parametrize("loss", [Logistic(), Hinge()], ids=lambda loss: loss.name)
def test_classifiers_succeed_when_every_sample_is_on_the_right_side(loss):
    p = problem_of(k=30, d=6, n=12)
    [outcome] = run([p], loss=loss, layers="both", optimizer=GradientDescent(0.02), stop=StopRule(5000))
    assert outcome.status is Status.CONVERGED
    f = np.logaddexp(0.0, p.X @ outcome.W.T) @ outcome.v
    assert (p.y * f > 0.0).all()
    assert outcome.relative_residual == 0.0
    [before] = run(
        [p], loss=loss, layers="both", optimizer=GradientDescent(0.02), stop=StopRule(outcome.iterations - 1)
    )
    assert before.status is Status.BUDGET_EXHAUSTED
    assert before.relative_residual >= 1 / 12


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_divergence_is_a_status_for_every_loss(loss):
    [outcome] = run([problem_of()], loss=loss, layers="both", optimizer=GradientDescent(1e200))
    assert outcome.status in (Status.DIVERGED, Status.BUDGET_EXHAUSTED)
    [squared] = run([problem_of()], layers="both", optimizer=GradientDescent(1e3))
    assert squared.status is Status.DIVERGED


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="least-squares trains layers=output"):
        Recipe(optimizer=LeastSquares())
    with pytest.raises(ValueError, match="needs the squared loss"):
        Recipe(optimizer=LeastSquares(), layers="output", loss=Hinge())
    with pytest.raises(ValueError, match="layers=hidden and the squared loss"):
        Recipe(optimizer=GradientDescent("theorem"), layers="both")
    with pytest.raises(ValueError, match="needs labels"):
        run([draw_problem(5, 3, 4)], loss=Hinge())
