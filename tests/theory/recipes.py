"""Recipes of the tests of theory: an activation, a method and when to stop, all else as in the paper."""

from overparam.runs import Recipe, StopRule


def recipe_of(activation, optimizer, stop=None, **parts):
    """The recipe; what is trained is the optimizer's first choice."""
    return Recipe(
        activation=activation,
        optimizer=optimizer,
        stop=stop or StopRule(),
        **({"layers": optimizer.layers[0]} | parts),
    )
