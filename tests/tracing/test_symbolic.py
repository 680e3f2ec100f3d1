"""Recorded programs: the same function, with each subexpression once; errors if recording is impossible."""

import math
from collections import Counter
from typing import ClassVar

import numpy as np
import pytest

from overparam.arrays import array_namespace as of
from overparam.arrays.special import erf
from overparam.methods import GradientDescent, Step
from overparam.model.activations import Activation, Hermite, Softplus
from overparam.tracing.program import Instruction, Value
from overparam.tracing.symbolic import Unrecordable, record, record_activation, record_update
from tests.runs.strangers import ACTIVATIONS, RULES, activation, interpret
from tests.tolerances import tolerance

Z = np.concatenate([np.linspace(-3.0, 3.0, 25), [-0.0, 1.0, -1.0, 2.0]])


def operations(program):
    return Counter(operation for operation, _ in program.instructions)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_program_is_the_function(dtype, name):
    z = Z.astype(dtype)
    value, slope = interpret(record_activation(ACTIVATIONS[name]), z)
    allowed = tolerance(dtype, "polynomial")
    for found, f in ((value, ACTIVATIONS[name].value), (slope, ACTIVATIONS[name].derivative)):
        np.testing.assert_allclose(found, f(z), rtol=allowed, atol=allowed)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nothing_is_recorded_twice_or_for_nothing(name):
    program = record_activation(ACTIVATIONS[name])
    assert len(set(program.instructions)) == len(program.instructions)
    used = {o for _, operands in program.instructions for o in operands} | set(program.outputs)
    assert {Value(1 + i) for i in range(len(program.instructions))} <= used
    assert record_activation(ACTIVATIONS[name]) == program


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("softplus", "exp"),
        ("gelu", "tanh"),
        ("gelu by erf", "erf"),
        ("elu", "minimum"),
        ("swish", "exp"),
        ("exponential", "exp"),
    ],
)
def test_value_and_derivative_share(name, operation):
    assert operations(record_activation(ACTIVATIONS[name]))[operation] == 1


def test_softplus_by_its_own_name_costs_one_exponential():
    stable = activation(lambda z: of(z).logaddexp(z, 0.0), Softplus().derivative)
    assert operations(record_activation(stable)) == operations(record_activation(Softplus()))


def test_a_hermite_series_takes_one_recurrence():
    program = record_activation(Hermite((0.0, 0.5, 0.0, 0.2)))
    # One subtraction each for h₂ = (z·z − 1)/√2 and h₃ = (z·h₂ − √2·h₁)/√3.
    assert operations(program)["subtract"] == 2


def test_constants_are_folded():
    def function(z):
        xp = of(z)
        half = xp.zeros_like(z) + xp.full_like(z, 0.25) * 2.0
        return z * (half * 2.0), xp.exp(half - 0.5), xp.where(half > 1.0, z, xp.sqrt(2.0 * half)), True

    program = record(function, ("z",))
    assert program.instructions == ()
    assert program.outputs == (Value(0), 1.0, 1.0, 1.0)
    assert [type(constant) for constant in program.outputs[1:]] == [float, float, float]


def test_what_is_simplified_is_exact_for_every_value():
    z = np.array([-0.0, 0.0, math.inf, -math.inf, math.nan])
    program = record(lambda z: (z * 1.0, z / 1.0, z**1, z - 0.0), ("z",))
    assert program.instructions == ()
    program = record(lambda z: (z + 0.0, z * 0.0, 0.0 - z, z - -0.0), ("z",))
    assert len(program.instructions) == 4
    with np.errstate(invalid="ignore"):
        found = interpret(program, z)
        for array, expected in zip(found, (z + 0.0, z * 0.0, 0.0 - z, z - -0.0), strict=True):
            np.testing.assert_array_equal(array, expected)
            np.testing.assert_array_equal(np.signbit(array), np.signbit(expected))


def test_whole_powers_are_products():
    program = record(lambda z: (z**5, z**2, z**16), ("z",))
    assert operations(program) == {"multiply": 5}
    np.testing.assert_allclose(np.stack(interpret(program, Z)), np.stack([Z**5, Z**2, Z**16]), rtol=1e-15)


def test_the_error_function_is_one_operation():
    assert record(lambda z: (erf(z),), ("z",)).instructions == (Instruction("erf", (Value(0),)),)


def test_truth_values_count_as_numbers_of_the_inputs_data_type(dtype):
    def function(z):
        up, far = z > 0.0, abs(z) > 1.0
        return up, up * 1.0, up + far, far * z, of(z).where(up, far, True), of(z).where(far, up, z)

    z = Z.astype(dtype)
    up, far = (z > 0.0).astype(dtype), (abs(z) > 1.0).astype(dtype)
    expected = [up, up, up + far, far * z, np.maximum(1 - up, far), np.where(far > 0, up, z)]
    for found, exact in zip(interpret(record(function, ("z",)), z), expected, strict=True):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, exact)


@pytest.mark.parametrize(
    "scalar", [np.float64(0.5), np.float32(0.5), np.int64(2)], ids=lambda s: type(s).__name__
)
def test_numpys_scalars_are_numbers(scalar):
    program = record(lambda z: (scalar * z, z * scalar, scalar - z, scalar / (1 + z * z), z < scalar), ("z",))
    number = float(scalar)
    direct = (number * Z, Z * number, number - Z, number / (1 + Z * Z), (number > Z).astype(float))
    for found, exact in zip(interpret(program, Z), direct, strict=True):
        np.testing.assert_array_equal(found, exact)


def test_what_a_namespace_lacks_can_be_asked_for():
    def cube_root(z):
        xp = of(z)
        root = getattr(xp, "cbrt", None)
        return (root(z) if root else xp.sign(z) * xp.abs(z) ** (1 / 3),)

    [found] = interpret(record(cube_root, ("z",)), Z)
    np.testing.assert_allclose(found, np.cbrt(Z), rtol=1e-15)


UNRECORDABLE = {
    "sort": (lambda z: of(z).sort(z), "xp.sort"),
    "sum": (lambda z: z / of(z).sum(z), "xp.sum"),
    "matmul": (lambda z: z @ z, "@"),
    "new array": (lambda z: of(z).zeros(3) + z, "xp.zeros"),
    "data type": (lambda z: of(z).astype(z, of(z).float32), "xp.float32"),
    "branch": (lambda z: z if z > 0 else -z, "branches in Python"),
    "max": (lambda z: max(z, 0.0), "branches in Python"),
    "chained comparison": (lambda z: of(z).where(-1.0 < z < 1.0, z, 0.0), "branches in Python"),
    "index": (lambda z: z[0] * z, "indexes"),
    "assignment": (lambda z: z.__setitem__(0, 1.0), "indexes"),
    "iteration": (lambda z: sum(z), "iterates"),
    "length": (lambda z: z / len(z), "iterates"),
    "float": (lambda z: float(z) * z, "converts an array to a number"),
    "math": (lambda z: z * math.exp(z), "converts an array to a number"),
    "np.asarray": (lambda z: np.asarray(z), "to an array of another library"),
    "np.exp": (lambda z: np.exp(z), "np.exp"),
    "np.maximum": (lambda z: np.maximum(z, 0.0), "np.maximum"),
    "np.where": (lambda z: np.where(z > 0, z, 0.0), "np.where"),
    "np.clip": (lambda z: np.clip(z, -1, 1), "np.clip"),
    "np.sum": (lambda z: z / np.sum(z), "np.sum"),
    "np.add.reduce": (lambda z: np.add.reduce(z), "np.add"),
    "array": (lambda z: z * np.array([1.0, 2.0]), "xp.multiply with a ndarray"),
    "array first": (lambda z: np.array([1.0, 2.0]) * z, "xp.multiply with a ndarray"),
    "complex": (lambda z: 1j * z, "xp.multiply with a complex"),
    "text": (lambda z: "z", "returns a str"),
    "None": (lambda z: None, "returns a NoneType"),
    "method": (lambda z: z.sum(), ".sum"),
    "clip method": (lambda z: z.clip(0, 1), ".clip"),
    "shape": (lambda z: of(z).reshape(z, z.shape), "reshape"),
    "numbers as truth values": (
        lambda z: of(z).where(z, 1.0, 2.0),
        "xp.where with numbers instead of booleans",
    ),
    "bits": (lambda z: z & 1, "xp.logical_and with numbers"),
    "floor division": (lambda z: z // 2, "//"),
    "out": (lambda z: of(z).exp(z, out=z), "out"),
    "logarithm of nothing": (
        lambda z: of(z).log(0.0 * of(z).zeros_like(z)),
        "xp.log with constants: math domain error",
    ),
    "division of constants": (lambda z: of(z).ones_like(z) / 0.0, "xp.divide with constants"),
    "its own error": (lambda z: [][0], "IndexError"),
}


@pytest.mark.parametrize("case", UNRECORDABLE)
def test_what_cannot_be_recorded_is_named(case):
    function, said = UNRECORDABLE[case]
    with pytest.raises(Unrecordable) as caught:
        record_activation(activation(function, lambda z: z))
    assert str(caught.value).startswith("the activation stranger cannot be recorded: it ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_symbol_that_was_kept_from_another_call_is_refused():
    kept = []

    class Hoarder(Activation):
        name: ClassVar[str] = "hoarder"

        def value(self, z):
            kept.append(z)
            return z + kept[0]

        def derivative(self, z):
            return of(z).ones_like(z)

    record_activation(Hoarder())
    with pytest.raises(Unrecordable, match="an array of another call"):
        record_activation(Hoarder())


def arrays(count):
    rng = np.random.default_rng(0)
    return [rng.standard_normal((2, 3, 4)) for _ in range(count)]


@pytest.mark.parametrize("rule", [*RULES.values(), GradientDescent()], ids=lambda rule: rule.name)
def test_update_rules_replay(rule):
    start, update = record_update(rule)
    weights, *gradients = arrays(4)
    state, replayed = rule.init(weights), (weights, *interpret(start, weights))
    assert update.inputs == (
        "weights",
        "gradient",
        *(f"state{i}" for i in range(len(state))),
        "step_size",
        "iteration",
    )
    size = np.array([0.1, 0.01])[:, None, None]
    for iteration, gradient in enumerate(gradients):
        weights, state = rule.update(weights, gradient, state, Step(size, float(iteration)))
        replayed = interpret(update, replayed[0], gradient, *replayed[1:], size, float(iteration))
        for found, exact in zip(replayed, (weights, *state), strict=True):
            np.testing.assert_allclose(found, exact, rtol=1e-14, atol=1e-15)


class Careless(GradientDescent):
    name: ClassVar[str] = "careless"

    def __init__(self, init, update):
        object.__setattr__(self, "init", init)
        object.__setattr__(self, "update", update)


@pytest.mark.parametrize(
    ("init", "update", "said"),
    [
        (lambda w: None, lambda w, g, state, step: (w, state), "NoneType"),
        (lambda w: w, lambda w, g, state, step: (w, state), "iterates"),
        (lambda w: (), lambda w, g, state, step: w - step.size * g, "iterates"),
        (lambda w: (w,), lambda w, g, state, step: (w, ()), "returns 0 state arrays, its init 1"),
        (lambda w: (), lambda w, g, state, step: (w - g / of(g).linalg.norm(g), ()), "xp.linalg"),
    ],
)
def test_what_cannot_be_recorded_of_a_rule_is_named(init, update, said):
    with pytest.raises(Unrecordable, match="the optimizer careless cannot be recorded") as caught:
        record_update(Careless(init, update))
    assert said in str(caught.value)
