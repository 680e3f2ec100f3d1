"""The first-order rules against recurrences in another form."""

import numpy as np
import pytest
from overparam_optimizers import Adam, Momentum, Nesterov

import overparam as op
from overparam.model.network import jacobian
from overparam.plugin import Optimizer, Softplus, Step, record_update
from overparam.plugins import default_registry

CURVATURES = np.array([[0.1, 1.0, 4.0]])
START = np.array([[1.0, -2.0, 0.5]])


def iterates(method, updates):
    """W_0, W_1, … for the loss ½Σλw², whose gradient is λw."""
    weights, state, path = START, method.init(START), [START]
    for iteration in range(updates):
        weights, state = method.update(
            weights, CURVATURES * weights, state, Step(method.step_size, np.full((1, 1), float(iteration)))
        )
        path.append(weights)
    return np.stack(path)


def test_momentum_is_the_two_step_recurrence():
    path = iterates(Momentum(0.2, 0.7), 30)
    for before, at, after in zip(path, path[1:], path[2:], strict=False):
        np.testing.assert_allclose(after, at - 0.2 * CURVATURES * at + 0.7 * (at - before), atol=1e-12)


def test_nesterov_extrapolates_its_gradient_steps():
    path = iterates(Nesterov(0.2, 0.7), 30)
    stepped = path - 0.2 * CURVATURES * path
    np.testing.assert_allclose(path[2:], stepped[1:-1] + 0.7 * (stepped[1:-1] - stepped[:-2]), atol=1e-12)


@pytest.mark.parametrize("method", [Momentum(0.2, 0.0), Nesterov(0.2, 0.0)])
def test_without_momentum_it_is_gradient_descent(method):
    np.testing.assert_allclose(
        iterates(method, 10), START * (1.0 - 0.2 * CURVATURES) ** np.arange(11)[:, None, None]
    )


@pytest.mark.parametrize(
    ("method", "limit"),
    [(lambda eta: Momentum(eta, 0.9), 2 * 1.9 / 4.0), (lambda eta: Nesterov(eta, 0.9), 2 * 1.9 / 2.8 / 4.0)],
)
def test_stable_up_to_the_step_size_that_is_stated(method, limit):
    assert np.abs(iterates(method(0.98 * limit), 2000)[-1]).max() < 1.0
    assert np.abs(iterates(method(1.02 * limit), 2000)[-1]).max() > 1e3


@pytest.mark.parametrize("method", [Momentum("jacobian"), Nesterov("jacobian")])
def test_the_jacobians_step_is_one_over_its_squared_norm_and_is_part_of_the_specification(method):
    p = op.draw_problem(n=30, d=4, k=8, seed=2)
    J = jacobian(p.X, p.W0, p.v, Softplus())
    assert method.step_size_for(p, Softplus()) == pytest.approx(np.linalg.norm(J, ord=2) ** -2, rel=1e-10)
    assert "step_size=jacobian" in method.specification()
    assert default_registry().resolve(Optimizer, method.specification()) == method


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_the_jacobians_step_converges_where_the_fixed_one_diverges(name):
    p = op.draw_problem(n=800, d=4, k=100, seed=1)
    ends = {
        step: op.train(p, optimizer=f"{name}:step_size={step}", max_iterations=100, engine="portable")
        for step in ("0.15", "jacobian")
    }
    assert ends["0.15"].relative_residual > 1.0 > ends["jacobian"].relative_residual


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_the_jacobians_step_is_about_the_hidden_layer_and_the_squared_loss(name):
    p = op.draw_problem(n=8, d=4, k=4)
    for other in ({"layers": "both"}, {"loss": "logistic"}):
        with pytest.raises(ValueError, match="layers=hidden and the squared loss"):
            op.train(p, optimizer=f"{name}:step_size=jacobian", **other)


def test_adam_is_torchs():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    method = Adam(0.03, 0.8, 0.95, 1e-6)
    weights = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    reference = torch.optim.Adam([weights], lr=0.03, betas=(0.8, 0.95), eps=1e-6)
    for expected in iterates(method, 50)[1:]:
        reference.zero_grad()
        (0.5 * (torch.tensor(CURVATURES) * weights**2).sum()).backward()
        reference.step()
        np.testing.assert_allclose(weights.detach().numpy(), expected, atol=1e-12)


def test_adams_first_step_is_the_sign_of_the_gradient():
    path = iterates(Adam(0.01), 1)
    np.testing.assert_allclose(path[1] - path[0], -0.01 * np.sign(START), rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Momentum(step_size=0.0), "step_size must be a positive number"),
        (lambda: Momentum(step_size="fast"), "a positive number or 'jacobian', got 'fast'"),
        (lambda: Momentum(momentum=1.0), "momentum must be at least 0 and below 1"),
        (lambda: Nesterov(momentum=-0.1), "momentum"),
        (lambda: Adam(beta2=1.0), "beta2"),
        (lambda: Adam(epsilon=float("nan")), "epsilon"),
    ],
)
def test_parameters_are_checked(make, said):
    with pytest.raises(ValueError, match=said):
        make()


@pytest.mark.parametrize(("method", "arrays"), [(Momentum(), 1), (Nesterov(), 1), (Adam(), 2)])
def test_it_fuses(method, arrays):
    start, update = record_update(method)
    assert (len(start.outputs), len(update.outputs)) == (arrays, 1 + arrays)
