"""Recipes for tests of the theory: an activation, a method and a stop rule; all else as in the paper."""

from overparam.runs import Recipe, StopRule


def recipe_of(activation, optimizer, stop=None, **parts):
    """Return the recipe; it trains the layers that the optimizer lists first."""
    return Recipe(
        activation=activation,
        optimizer=optimizer,
        stop=stop or StopRule(),
        **({"layers": optimizer.layers[0]} | parts),
    )
