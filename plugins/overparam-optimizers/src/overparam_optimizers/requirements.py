"""What parameters must satisfy."""

from __future__ import annotations

from overparam.plugin import Layers, Loss, Squared

__all__ = ["jacobian_objection", "require_fraction"]


def jacobian_objection(step_size: float | str, loss: Loss, layers: Layers) -> str | None:
    """Why a step size of "jacobian" does not apply to this loss and these layers; None where it does."""
    if step_size != "jacobian" or (layers == "hidden" and type(loss) is Squared):
        return None
    return "step_size=jacobian: 1/‖J(W₀)‖² is about the hidden layer and the squared loss"


def require_fraction(name: str, value: float) -> None:
    """Raise ValueError unless 0 ≤ value < 1."""
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value}")
