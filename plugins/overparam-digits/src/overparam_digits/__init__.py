"""Real images of handwritten digits as data."""

from overparam_digits.digits import Digits

__all__ = ["Digits"]
