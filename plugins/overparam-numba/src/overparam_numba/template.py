"""The source of one training run's loop, printed for a recipe.

The printed module is compiled like any other: it contains the products and the vectors of this package, and
the recorded expressions as assignments.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from overparam.plugin import Activation, FirstOrder, Recipe, Unrecordable, record_activation, record_update
from overparam_numba.emit import print_program
from overparam_numba.losses import print_loss
from overparam_numba.skeleton import MODULE
from overparam_numba.skeleton_large import LARGE
from overparam_numba.vectors import FUNCTIONS, HELPERS

__all__ = ["print_module"]


def print_module(recipe: Recipe) -> tuple[str, int]:
    """Return the module of a recipe, and the number of state arrays per trained array.

    The source is the same for every data type and step size. It names the data type, which keeps the compiled
    code of one separate from that of the other.

    Raises
    ------
    Unrecordable
        If a component is not an elementwise expression that vectors can compute.
    """
    rule = recipe.optimizer.elementwise()
    if rule is None:
        raise Unrecordable(f"the optimizer {recipe.optimizer.name} has no elementwise update rule")
    hidden, output = recipe.layers != "output", recipe.layers != "hidden"
    update, states = _printed_update(rule)
    source = (MODULE + LARGE).format(
        activation=recipe.activation.name,
        loss=recipe.loss.name,
        optimizer=rule.name,
        layers=recipe.layers,
        dtype=recipe.dtype,
        functions=", ".join(sorted(FUNCTIONS | HELPERS)),
        **print_loss(recipe.loss),
        **update,
        **(_printed_features(recipe.activation, output=output) if hidden else _fixed_features(recipe)),
        **_printed_calls(hidden=hidden, output=output),
        **_printed_tasks(hidden=hidden, output=output, states=states),
    )
    return source, states


def _printed_features(activation: Activation, *, output: bool) -> dict[str, str]:
    """φ and φ′ computed together with the residual, for trained hidden weights."""
    lines, (value, slope) = print_program(record_activation(activation), {"z": "units"}, "units")
    keep = ["store(a, p + j * m + s, first)", "store(a, p + j * m + m + s, second)"]
    features = [
        "row = z + j * m + s",
        "units = pair(load(a, row), load(a, row + m))",
        *lines,
        f"value, slope = {value}, {slope}",
        "first, second = first_of(value), second_of(value)",
        "store(a, row, first_of(slope))",
        "store(a, row + m, second_of(slope))",
        *(keep if output else []),
    ]
    return {
        "changes": "Z becomes φ′(Z), and p φ(Z)." if output else "Z becomes φ′(Z).",
        "features": _indented(features, 3),
        "gathered": "d",
        "gathered_from": "x",
        "gathered_to": "xb",
        "batch_features": "p",
        "begin": _indented(_starts(hidden=True, output=output), 1),
        "large_features": "",
    }


def _fixed_features(recipe: Recipe) -> dict[str, str]:
    """φ(WX) computed once and reused, for fixed hidden weights."""
    lines, (value, _) = print_program(record_activation(recipe.activation), {"z": "units"}, "units")
    once = [
        "units = pair(load(a, z + s), load(a, z + s + lanes))",
        *lines,
        f"value = {value}",
        "store(a, p + s, first_of(value))",
        "store(a, p + s + lanes, second_of(value))",
    ]
    large = [
        "for block in range(len(blocks) - 1):",
        "    at = panels[blocks[block]] * lanes",
        "    m = panels[blocks[block + 1]] * lanes - at",
        "    p = features + at * k",
        "    forward(a, x, w, p, k, d, wide, panels, blocks[block], blocks[block + 1])",
        "    z = p",
        "    for s in range(0, k * m, 2 * lanes):",
        *(f"        {line}" for line in once),
    ]
    begin = [
        "preactivations(a, x, w, z, k, d, m)",
        "for s in range(0, k * m, 2 * lanes):",
        *(f"    {line}" for line in once),
        *_starts(hidden=False, output=True),
    ]
    return {
        "changes": "p is φ(WXᵀ).",
        "features": _indented(["row = p + j * m + s", "first, second = load(a, row), load(a, row + m)"], 3),
        "gathered": "k",
        "gathered_from": "p",
        "gathered_to": "z",
        "batch_features": "z",
        "begin": _indented(begin, 1),
        "large_features": _indented(large, 1),
    }


def _starts(*, hidden: bool, output: bool) -> list[str]:
    return [
        *(["start(a, w, for_w, real * d)"] if hidden else []),
        *(["start(a, v, for_v, real)"] if output else []),
    ]


def _printed_calls(*, hidden: bool, output: bool) -> dict[str, str]:
    """The products and the updates of the trained layers."""

    def forward(x: str, m: str) -> str:
        return _indented([f"preactivations(a, {x}, w, z, k, d, {m})"] if hidden else [], 2)

    def gradients(x: str, p: str, m: str) -> str:
        for_w = [f"gradients(a, {x}, z, r, v, g, k, d, {m})"] if hidden else []
        for_v = [f"output_gradients(a, {p}, r, h, k, {m})"] if output else []
        return _indented([*for_w, *for_v], 2)

    moved = ["update(a, w, g, for_w, real * d, size, float(iteration))"] if hidden else []
    moved += ["update(a, v, h, for_v, real, size, float(iteration))"] if output else []
    return {
        "forward": forward("x", "m"),
        "batch_forward": forward("xb", "wide"),
        "gradients": gradients("x", "p", "m"),
        "batch_gradients": gradients("xb", "p" if hidden else "z", "wide"),
        "moved": " + ".join(moved),
    }


def _printed_tasks(*, hidden: bool, output: bool, states: int) -> dict[str, str]:
    """The tasks of a large run for the trained layers."""
    forward = ["forward(a, x, w, z, k, d, wide, panels, first, last)", "p = z + k * most"]
    for_w = [
        "weigh(a, z, r, v, k, m)",
        "backward(a, z, xs + at * wide, gs + slot * k * wide, k, wide, m, adding)",
    ]
    for_v = [
        "output_gradients(a, p, r, part, k, m)",
        "for j in range(0, tall, lanes):",
        "    here = hs + slot * tall + j",
        "    store(a, here, add(load(a, here), load(a, part + j)) if adding else load(a, part + j))",
    ]
    move_w = [
        "first, last = rows[task], rows[task + 1]",
        "add_up(a, gs + first * wide, count, k * wide, g + first * wide, (last - first) * wide)",
        "for j in range(first, last):",
        "    row = j * wide",
        f"    moved += update(a, w + row, g + row, for_w + {states} * row, d, size, tau)",
    ]
    move_v = [
        "if task == 0:",
        "    add_up(a, hs, count, tall, h, tall)",
        "    moved += update(a, v, h, for_v, real, size, tau)",
    ]
    start_w = ["for j in range(real):", f"    start(a, w + j * wide, for_w + {states} * j * wide, d)"]
    return {
        "large_forward": _indented(forward if hidden else ["p = features + at * k"], 2),
        # The results of the residual pass are read before they are weighed.
        "large_gradients": _indented((for_v if output else []) + (for_w if hidden else []), 2),
        "large_moves": _indented((move_w if hidden else []) + (move_v if output else []), 1),
        "large_begin": _indented(
            (start_w if hidden else []) + (["start(a, v, for_v, real)"] if output else []), 1
        ),
    }


def _printed_update(rule: FirstOrder) -> tuple[dict[str, str], int]:
    """The update rule and the number of its state arrays."""
    start, update = record_update(rule)
    states = [f"state{i}" for i in range(len(start.outputs))]
    inputs = {name: name for name in ("weights", "gradient", "step_size", "iteration", *states)}
    lines, (weights, *after) = print_program(update, inputs, "a", "u")
    first, initial = print_program(start, {"weights": "weights"}, "a", "b")
    # Arrays of the state follow one another; each is as long as the weights.
    places = [f"states + {i} * padded + s" for i in range(len(states))]
    padded = ["padded = -(-count // lanes) * lanes"] if states else []
    loads = [f"{state} = load(a, {place})" for state, place in zip(states, places, strict=True)]

    def stores(values: Sequence[str]) -> list[str]:
        return [f"store(a, {place}, {value})" for place, value in zip(places, values, strict=True)]

    return {
        "loads": _indented([*padded, *loads], 2),
        "rule": _indented(lines, 2),
        "weights": weights,
        "stores": _indented(stores(after), 2),
        "initial": _indented([*padded, *first, *stores(initial)], 2),
    }, len(states)


def _indented(lines: Sequence[str], levels: int) -> str:
    return indent("\n".join(lines), 4 * levels * " ")
