"""Printed programs: the same numbers on every library; writing in place does not change the results."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam.arrays.backends import NumPy
from overparam.arrays.special import erf
from overparam.tracing.printing import compile_program, print_python
from overparam.tracing.program import BOOLEAN_OPERATIONS, Instruction, Program, Value
from overparam.tracing.symbolic import record, record_activation, record_update
from tests.runs.strangers import ACTIVATIONS, RULES, interpret
from tests.tolerances import tolerance

XP = NumPy().namespace()
Z = np.linspace(-3.0, 3.0, 26).reshape(2, 13)


def evaluated(program, *inputs, in_place):
    scope = {"xp": XP, "erf": erf, "inf": np.inf, "nan": np.nan}
    exec(print_python(program, in_place=in_place), scope)
    return scope["evaluate"](*inputs)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_it_is_the_activation_on_every_library(xp, dtype, name):
    stranger = ACTIVATIONS[name]
    z = xp.asarray(Z, dtype)
    outputs = compile_program(record_activation(stranger), xp.namespace())(z)
    np.testing.assert_array_equal(xp.to_numpy(z), Z.astype(dtype))
    allowed = tolerance(dtype, "polynomial")
    for found, f in zip(outputs, (stranger.value, stranger.derivative), strict=True):
        host = xp.to_numpy(found)
        assert (host.dtype, host.shape) == (np.dtype(dtype), Z.shape)
        # The argument is rounded to this data type, because rounding decides the side at the edge of a clip.
        np.testing.assert_allclose(host, f(Z.astype(dtype).astype(np.float64)), rtol=allowed, atol=allowed)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_writing_in_place_changes_no_bit_no_input_and_no_other_output(dtype, name):
    program = record_activation(ACTIVATIONS[name])
    z = Z.astype(dtype)
    z.flags.writeable = False
    written, fresh = (evaluated(program, z, in_place=flag) for flag in (True, False))
    for a, b in zip(written, fresh, strict=True):
        np.testing.assert_array_equal(a, b)
    distinct = dict(zip(program.outputs, written, strict=True))
    for a, b in combinations(distinct.values(), 2):
        assert not np.shares_memory(a, b)


def test_writing_in_place_saves_arrays():
    source = print_python(record_activation(ACTIVATIONS["softplus"]), in_place=True)
    assert source.count("out=") >= 3
    assert "out=z" not in source
    assert "out=" not in print_python(record_activation(ACTIVATIONS["softplus"]), in_place=False)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_update_rules_replay_with_a_step_size_a_training(xp, dtype, rule):
    rng = np.random.default_rng(0)
    start, update = record_update(rule)
    weights, gradient = rng.standard_normal((2, 3, 4, 5))
    sizes = np.array([0.1, 0.2, 0.3])[:, None, None]
    here = [xp.asarray(a, dtype) for a in (weights, gradient, sizes, np.full((1, 1, 1), 2.0))]
    begin, step = (compile_program(program, xp.namespace()) for program in (start, update))
    state = begin(here[0])
    found = step(here[0], here[1], *state, *here[2:])
    expected = interpret(
        update, weights, gradient, *interpret(start, weights), sizes, np.full((1, 1, 1), 2.0)
    )
    allowed = tolerance(dtype, "polynomial")
    for array, exact in zip(found, expected, strict=True):
        np.testing.assert_allclose(xp.to_numpy(array), exact, rtol=allowed, atol=allowed)
    for array, host in zip(here[:2], (weights, gradient), strict=True):
        np.testing.assert_array_equal(xp.to_numpy(array), host.astype(dtype))


def test_a_step_size_and_an_iteration_can_be_numbers():
    _, update = record_update(RULES["adam"])
    rng = np.random.default_rng(0)
    inputs = [*np.abs(rng.standard_normal((4, 3, 5))), 0.1, 2.0]
    for found, exact in zip(compile_program(update, XP)(*inputs), interpret(update, *inputs), strict=True):
        np.testing.assert_array_equal(found, exact)


UNARY = ("negative", "abs", "tanh", "sign", "sqrt", "floor")
BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
COMPARISONS = ("less", "greater_equal", "not_equal")
LOGICAL = ("logical_and", "logical_or", "logical_xor")
INPUTS = (
    np.linspace(-2.0, 2.0, 12).reshape(3, 4),
    np.arange(12.0).reshape(3, 4),
    np.array([[0.5], [1.0], [-1.0]]),
)


@st.composite
def programs(draw):
    """Any straight-line program: numbers and truth values that are used once, often or never."""
    numbers, truths, instructions = [Value(i) for i in range(len(INPUTS))], [], []
    constants = st.sampled_from([0.0, 1.0, -0.5, 3.0])
    for _ in range(draw(st.integers(1, 14))):
        families = ["unary", "binary", "compare"] + (["logical", "not", "where"] if truths else [])
        family = draw(st.sampled_from(families))
        number, truth = st.sampled_from(numbers), st.sampled_from(truths) if truths else st.nothing()
        either = number | constants
        match family:
            case "unary":
                made = Instruction(draw(st.sampled_from(UNARY)), (draw(number),))
            case "binary":
                pair = draw(st.permutations([draw(number), draw(either)]))
                made = Instruction(draw(st.sampled_from(BINARY)), tuple(pair))
            case "compare":
                made = Instruction(draw(st.sampled_from(COMPARISONS)), (draw(number), draw(either)))
            case "logical":
                made = Instruction(draw(st.sampled_from(LOGICAL)), (draw(truth), draw(truth)))
            case "not":
                made = Instruction("logical_not", (draw(truth),))
            case "where":
                made = Instruction("where", (draw(truth), draw(either), draw(either)))
        instructions.append(made)
        result = Value(len(INPUTS) + len(instructions) - 1)
        (truths if made.operation in BOOLEAN_OPERATIONS else numbers).append(result)
    outputs = draw(st.lists(st.sampled_from(numbers) | constants, min_size=1, max_size=4))
    return Program(("a", "b", "c"), tuple(instructions), tuple(outputs))


@settings(deadline=None, max_examples=150)
@given(programs())
def test_any_program_gives_the_same_bits_in_place(program):
    inputs = [array.copy() for array in INPUTS]
    for array in inputs:
        array.flags.writeable = False
    with np.errstate(all="ignore"):
        expected = interpret(program, *inputs)
        for in_place in (True, False):
            for found, exact in zip(evaluated(program, *inputs, in_place=in_place), expected, strict=True):
                np.testing.assert_array_equal(np.broadcast_to(found, exact.shape), exact)


def test_infinities_and_undefined_constants_can_be_printed():
    program = record(lambda z: (z * np.inf, z - -np.inf, np.nan), ("z",))
    with np.errstate(invalid="ignore"):
        found = compile_program(program, XP)(np.array([1.0, -2.0]))
    np.testing.assert_array_equal(np.stack(found), [[np.inf, -np.inf], [np.inf, np.inf], [np.nan, np.nan]])
