"""Every optimizer of this distribution passes overparam's conformance kit."""

from overparam_optimizers import Adam, LevenbergMarquardt, Momentum, Nesterov

from overparam.testing import conformance

test_conformance = conformance(
    Momentum(),
    Momentum(0.05, 0.5),
    Momentum("jacobian"),
    Nesterov(),
    Nesterov("jacobian"),
    Nesterov(0.2, 0.0),
    Adam(),
    Adam(0.05, 0.8),
    LevenbergMarquardt(),
)
