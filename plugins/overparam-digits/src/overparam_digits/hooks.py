"""Components of this distribution."""

from overparam.plugin import DataGenerator, hookimpl
from overparam_digits import Digits


@hookimpl
def overparam_data() -> list[type[DataGenerator]]:
    """Handwritten digits."""
    return [Digits]
