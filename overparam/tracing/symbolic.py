"""Symbolic arrays: an elementwise function called once on a symbol becomes a straight-line program.

`Symbol` stands for an array of unknown shape and data type. Its `__array_namespace__` offers the
elementwise functions of the Array API standard, and each call appends to a tape. Equal subexpressions are
recorded once, and constants are folded. Engines compile the program: the portable one prints it as Python
for any namespace, fused ones as source code for their compiler.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from overparam.methods.first_order import FirstOrder, Step
from overparam.model.activations.base import Activation
from overparam.model.losses.base import Loss
from overparam.tracing.program import (
    BOOLEAN_OPERATIONS,
    OPERATIONS,
    Constant,
    Instruction,
    Operand,
    Program,
    Value,
)

__all__ = ["Symbol", "Unrecordable", "record", "record_activation", "record_loss", "record_update"]


class Unrecordable(Exception):
    """Error for a function that is not a straight line of elementwise operations; the message says why."""


class _Missing(Unrecordable, AttributeError):
    """Error for a name that symbols or their namespace lack; `hasattr` may ask for it."""


_LARGEST_INTEGER_POWER = 16
_LOGICAL = ("logical_and", "logical_or", "logical_xor", "logical_not")


@dataclass
class _Tape:
    """Values in the order of their creation; equal operations on equal operands are one value."""

    inputs: tuple[str, ...]
    instructions: list[Instruction] = field(default_factory=list)
    known: dict[tuple[Any, ...], Value] = field(default_factory=dict)

    def append(self, operation: str, operands: tuple[Operand, ...]) -> Operand:
        if operation not in OPERATIONS:
            raise Unrecordable(f"it calls xp.{operation}, which is not elementwise or is unknown")
        if all(not isinstance(operand, Value) for operand in operands):
            try:
                return _constant(OPERATIONS[operation](*operands))
            except (ArithmeticError, ValueError, TypeError) as error:
                raise Unrecordable(f"it calls xp.{operation} with constants: {error}") from error
        if (same := _identity(operation, operands)) is not None:
            return same
        if operation == "pow" and (product := self._integer_power(operands)) is not None:
            return product
        key = (operation, *((type(operand).__name__, repr(operand)) for operand in operands))
        if key not in self.known:
            self.known[key] = Value(len(self.inputs) + len(self.instructions))
            self.instructions.append(Instruction(operation, operands))
        return self.known[key]

    def _integer_power(self, operands: tuple[Operand, ...]) -> Operand | None:
        base, exponent = operands
        if isinstance(exponent, Value) or not float(exponent).is_integer():
            return None
        if not 1 <= exponent <= _LARGEST_INTEGER_POWER:
            return None
        result: Operand | None = None
        square, left = base, int(exponent)
        while left:
            if left & 1:
                result = square if result is None else self.append("multiply", (result, square))
            left >>= 1
            if left:
                square = self.append("multiply", (square, square))
        return result


def _identity(operation: str, operands: tuple[Operand, ...]) -> Operand | None:
    """The operand that the operation returns unchanged for all its values, or None."""
    if operation == "multiply":
        for one, other in (operands, operands[::-1]):
            if not isinstance(one, Value) and one == 1.0:
                return other
    if operation in ("divide", "pow") and not isinstance(operands[1], Value) and operands[1] == 1.0:
        return operands[0]
    if operation == "subtract" and repr(operands[1]) == "0.0":  # z − (−0) is not always z: it turns −0 into 0
        return operands[0]
    if operation == "where" and not isinstance(operands[0], Value):
        return operands[1] if operands[0] else operands[2]
    return None


def _constant(value: Any) -> Constant:
    return value if isinstance(value, bool) else float(value)


def _number(tape: _Tape, operand: Operand) -> Operand:
    """The operand; a boolean becomes 1 or 0 in the data type of the inputs."""
    if isinstance(operand, bool):
        return float(operand)
    return tape.append("where", (operand, 1.0, 0.0)) if _is_boolean(tape, operand) else operand


class Symbol:
    """A symbolic array; see the module's docstring."""

    __slots__ = ("_operand", "_tape")
    __array_priority__ = 1000

    def __init__(self, tape: _Tape, operand: Operand) -> None:
        self._tape = tape
        self._operand = operand

    def __array_namespace__(self, api_version: str | None = None) -> _SymbolicNamespace:
        """Return the recording namespace."""
        return _NAMESPACE

    @property
    def dtype(self) -> _DType:
        """Data type, known only as real or boolean."""
        return _BOOL if _is_boolean(self._tape, self._operand) else _REAL

    def __bool__(self) -> bool:
        raise Unrecordable("it branches in Python on the values of an array")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise _Missing(f"it uses the array's attribute .{name}")

    def __pos__(self) -> Symbol:
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *arguments: Any, **options: Any) -> Symbol:
        """Record an operator between a NumPy scalar and a symbol; refuse NumPy's functions."""
        operation = {"power": "pow"}.get(ufunc.__name__, ufunc.__name__)
        # Of all numbers only NumPy's scalars have a data type.
        operator = operation in _OPERATORS and method == "__call__"
        if operator and all(hasattr(argument, "dtype") for argument in arguments):
            return _apply(operation, *arguments)
        raise Unrecordable(f"it calls np.{ufunc.__name__}; array_namespace(z) has functions for every array")

    def __array_function__(self, function: Any, *_: Any) -> Symbol:
        raise Unrecordable(
            f"it calls np.{function.__name__}; array_namespace(z) has functions for every array"
        )

    def _index(self, *_: Any) -> Any:
        raise Unrecordable("it indexes or iterates over an array")

    def _convert(self, *_: Any, **__: Any) -> Any:
        raise Unrecordable("it converts an array to a number or to an array of another library")

    __getitem__ = __setitem__ = __iter__ = __len__ = _index
    __float__ = __int__ = __index__ = __complex__ = __array__ = __dlpack__ = _convert
    __hash__ = object.__hash__


class _DType:
    """Placeholder for the data type of symbols."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


_REAL, _BOOL = _DType("real"), _DType("bool")


def _is_boolean(tape: _Tape, operand: Operand) -> bool:
    if not isinstance(operand, Value):
        return isinstance(operand, bool)
    if operand.number < len(tape.inputs):
        return False
    return tape.instructions[operand.number - len(tape.inputs)].operation in BOOLEAN_OPERATIONS


def _apply(operation: str, *arguments: Any) -> Symbol:
    """Append an operation; its arguments are symbols of one tape and Python numbers."""
    tapes = [argument._tape for argument in arguments if isinstance(argument, Symbol)]
    if not tapes:
        raise Unrecordable(f"it calls xp.{operation} without an array")
    tape = tapes[0]
    if any(other is not tape for other in tapes):
        raise Unrecordable("it uses an array of another call")
    operands: list[Operand] = []
    for argument in arguments:
        if isinstance(argument, Symbol):
            operands.append(argument._operand)
        elif isinstance(argument, Real):
            operands.append(_constant(argument))
        else:
            raise Unrecordable(f"it calls xp.{operation} with a {type(argument).__name__}")
    conditions = {"where": 1}.get(operation, len(operands) if operation in _LOGICAL else 0)
    if not all(_is_boolean(tape, operand) for operand in operands[:conditions]):
        raise Unrecordable(f"it calls xp.{operation} with numbers instead of booleans")
    numbers = [_number(tape, operand) for operand in operands[conditions:]]
    return Symbol(tape, tape.append(operation, (*operands[:conditions], *numbers)))


_ARITHMETIC = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "pow"}
_COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_OPERATORS = {*_ARITHMETIC.values(), *_COMPARISONS.values()}


def _install_operators() -> None:
    """Give Symbol Python's arithmetic and comparison operators, also the reflected ones."""
    logical = {"and": "logical_and", "or": "logical_or", "xor": "logical_xor"}
    for python, operation in {**_ARITHMETIC, **logical}.items():
        setattr(Symbol, f"__{python}__", lambda a, b, op=operation: _apply(op, a, b))
        setattr(Symbol, f"__r{python}__", lambda a, b, op=operation: _apply(op, b, a))
    for python, operation in _COMPARISONS.items():
        setattr(Symbol, f"__{python}__", lambda a, b, op=operation: _apply(op, a, b))
    unary = {"neg": "negative", "abs": "abs", "invert": "logical_not"}
    for python, operation in unary.items():
        setattr(Symbol, f"__{python}__", lambda a, op=operation: _apply(op, a))


_install_operators()


class _SymbolicNamespace:
    """The elementwise part of the Array API, recording. Composite functions are expressed in primitives."""

    __name__ = "overparam.tracing.symbolic"  # array-api-compat identifies namespaces by their names
    pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None

    def __getattr__(self, name: str) -> Any:
        if name in OPERATIONS:
            return lambda *arguments, _name=name: (
                _apply(_name, *arguments)
                if any(isinstance(a, Symbol) for a in arguments)
                else _constant(OPERATIONS[_name](*arguments))
            )
        if name.startswith("__"):
            raise AttributeError(name)
        raise _Missing(f"it uses xp.{name}, which is not an elementwise function that can be recorded")

    @staticmethod
    def positive(x: Symbol) -> Symbol:
        return x

    @staticmethod
    def square(x: Symbol) -> Symbol:
        return _apply("multiply", x, x)

    @staticmethod
    def reciprocal(x: Symbol) -> Symbol:
        return _apply("divide", 1.0, x)

    @staticmethod
    def hypot(x: Symbol, y: Symbol) -> Symbol:
        return _apply("sqrt", _apply("add", _apply("multiply", x, x), _apply("multiply", y, y)))

    @staticmethod
    def logaddexp(x: Symbol, y: Symbol) -> Symbol:
        spread = _apply("abs", _apply("subtract", x, y))
        return _apply(
            "add", _apply("maximum", x, y), _apply("log1p", _apply("exp", _apply("negative", spread)))
        )

    @staticmethod
    def clip(x: Symbol, min: float | None = None, max: float | None = None) -> Symbol:
        low = x if min is None else _apply("maximum", x, min)
        return low if max is None else _apply("minimum", low, max)

    @staticmethod
    def astype(x: Symbol, dtype: Any, *, copy: bool = True, device: Any = None) -> Symbol:
        if dtype is x.dtype:
            return x
        if dtype is not _REAL:
            raise Unrecordable("it converts an array to another data type")
        return _apply("where", x, 1.0, 0.0)

    @staticmethod
    def zeros_like(x: Symbol, *, dtype: Any = None, device: Any = None) -> Symbol:
        return Symbol(x._tape, 0.0)

    @staticmethod
    def ones_like(x: Symbol, *, dtype: Any = None, device: Any = None) -> Symbol:
        return Symbol(x._tape, 1.0)

    @staticmethod
    def full_like(x: Symbol, fill_value: float, *, dtype: Any = None, device: Any = None) -> Symbol:
        return Symbol(x._tape, _constant(fill_value))


_NAMESPACE = _SymbolicNamespace()
setattr(_NAMESPACE, "bool", _BOOL)  # noqa: B010 - in the class body it would hide the built-in type


def record(function: Callable[..., Sequence[Any]], inputs: Sequence[str]) -> Program:
    """Call `function` on one symbol per input and return the program of its outputs.

    Raises
    ------
    Unrecordable
        If the function is not a straight line of elementwise operations.
    """
    tape = _Tape(tuple(inputs))
    symbols = [Symbol(tape, Value(i)) for i in range(len(inputs))]
    try:
        results = [*function(*symbols)]
    except Unrecordable:
        raise
    except Exception as error:
        raise Unrecordable(f"it does not take a symbolic array ({type(error).__name__}: {error})") from error
    outputs: list[Operand] = []
    for result in results:
        if not isinstance(result, Symbol | Real):
            raise Unrecordable(f"it returns a {type(result).__name__}")
        outputs.append(_number(tape, result._operand if isinstance(result, Symbol) else _constant(result)))
    return _reachable(tape, outputs)


def record_activation(activation: Activation) -> Program:
    """Return φ and φ′ as one program with input z and outputs (φ(z), φ′(z))."""
    try:
        return record(lambda z: (activation.value(z), activation.derivative(z)), ("z",))
    except Unrecordable as error:
        raise Unrecordable(f"the activation {activation.name} cannot be recorded: {error}") from error


def record_loss(loss: Loss) -> Program:
    """Return ∂ℓ/∂f and the miss as one program with inputs ``outputs``, f, and ``labels``, y."""
    try:
        return record(lambda f, y: (loss.derivative(f, y), loss.miss(f, y)), ("outputs", "labels"))
    except Unrecordable as error:
        raise Unrecordable(f"the loss {loss.name} cannot be recorded: {error}") from error


def record_update(optimizer: FirstOrder) -> tuple[Program, Program]:
    """Return the initial state as a program of W, and the update as a program of W, ∇L, state, η, τ.

    The first has input ``weights`` and one output per state array. The second has inputs ``weights``,
    ``gradient``, ``state0`` …, ``step_size``, ``iteration`` and outputs W and the new state.
    """

    def update(weights: Any, gradient: Any, *rest: Any) -> list[Any]:
        *state, size, iteration = rest
        new, new_state = optimizer.update(weights, gradient, tuple(state), Step(size, iteration))
        if len(new_state) != len(state):
            raise Unrecordable(f"its update returns {len(new_state)} state arrays, its init {len(state)}")
        return [new, *new_state]

    try:
        start = record(lambda weights: optimizer.init(weights), ("weights",))
        names = [f"state{i}" for i in range(len(start.outputs))]
        return start, record(update, ("weights", "gradient", *names, "step_size", "iteration"))
    except Unrecordable as error:
        raise Unrecordable(f"the optimizer {optimizer.name} cannot be recorded: {error}") from error


def _reachable(tape: _Tape, outputs: Sequence[Operand]) -> Program:
    """Drop the instructions that no output needs and renumber the rest."""
    m = len(tape.inputs)
    needed: set[int] = set()
    pending = [operand.number for operand in outputs if isinstance(operand, Value)]
    while pending:
        index = pending.pop()
        if index in needed or index < m:
            continue
        needed.add(index)
        pending += [o.number for o in tape.instructions[index - m].operands if isinstance(o, Value)]
    renumbered = {index: index for index in range(m)}
    for position, index in enumerate(sorted(needed)):
        renumbered[index] = m + position

    def moved(operand: Operand) -> Operand:
        return Value(renumbered[operand.number]) if isinstance(operand, Value) else operand

    instructions = tuple(
        Instruction(
            tape.instructions[index - m].operation, tuple(map(moved, tape.instructions[index - m].operands))
        )
        for index in sorted(needed)
    )
    return Program(tape.inputs, instructions, tuple(map(moved, outputs)))
