"""Arithmetic and elementary functions on vectors of numbers, as LLVM instructions without branches.

All of this runs during code generation: a `Lanes` appends instructions to a function. A vector's numbers are
computed independently, so a result does not depend on the other numbers of the vector. No step assumes finite
numbers, so divergence stays visible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import config

from overparam_numba import coefficients

__all__ = ["AVX512", "VECTOR_BYTES", "Lanes"]


def _features() -> set[str]:
    """Features of the processor that numba compiles for, beyond the minimum of its kind."""
    if config.CPU_FEATURES is not None:
        return {name[1:] for name in config.CPU_FEATURES.split(",") if name.startswith("+")}
    if config.CPU_NAME == "generic":
        return set()
    return {name for name, has in llvmlite.binding.get_host_cpu_features().items() if has}


_FEATURES = _features()
AVX512 = "avx512f" in _FEATURES
"""Whether the processor has 512-bit vectors, with their instructions for scaling and reciprocals."""

VECTOR_BYTES = 64 if AVX512 else 32 if "avx" in _FEATURES else 16
"""Width of a vector. Wider vectors are legal everywhere, but are split."""

_LOG2E = math.log2(math.e)
# log 2 in two parts, the first with few enough bits that its product with an exponent is exact.
_LN2_HIGH = {32: 0.693359375, 64: 0.6931471803691238}
_LN2_LOW = {32: -2.12194440e-4, 64: 1.9082149292705877e-10}
_EXP_RANGE = {32: (-104.0, 89.0), 64: (-746.0, 710.0)}
_MANTISSA_BITS = {32: 23, 64: 52}
_BIAS = {32: 127, 64: 1023}
_SMALLEST_NORMAL = {32: 2.0**-126, 64: 2.0**-1022}
_LONG = 11  # coefficients; shorter polynomials gained nothing
_ERF_END = {32: 4.0, 64: 6.0}

Operand = Any


class Lanes:
    """Builds arithmetic on vectors of one type.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
    kind : llvmlite.ir.VectorType
        Of float or double.
    """

    def __init__(self, builder: ir.IRBuilder, kind: ir.VectorType) -> None:
        self.b = builder
        self.kind = kind
        self.count = kind.count
        self.bits = 32 if isinstance(kind.element, ir.FloatType) else 64
        self.integers = ir.VectorType(ir.IntType(self.bits), self.count)

    def constant(self, value: float) -> ir.Constant:
        """Return a vector with the same number in every lane."""
        return ir.Constant(self.kind, [ir.Constant(self.kind.element, float(value))] * self.count)

    def _integer(self, value: int) -> ir.Constant:
        return ir.Constant(self.integers, [ir.Constant(ir.IntType(self.bits), value)] * self.count)

    def intrinsic(self, name: str, *operands: Operand) -> Operand:
        """Call one of LLVM's functions overloaded on the vector's type."""
        suffix = f"v{self.count}f{self.bits}"
        kind = ir.FunctionType(self.kind, [operand.type for operand in operands])
        return self.b.call(self._declare(f"llvm.{name}.{suffix}", kind), operands)

    def _declare(self, name: str, kind: ir.FunctionType) -> ir.Function:
        known = self.b.module.globals.get(name)
        return known if known is not None else ir.Function(self.b.module, kind, name)

    def _has_avx512_parts(self) -> bool:
        return AVX512 and self.count * self.bits % 512 == 0

    def _letter(self) -> str:
        """Letter for the type in the names of the processor's instructions."""
        return "s" if self.bits == 32 else "d"

    def _by_parts(self, of_part: Callable[..., Operand], *operands: Operand) -> Operand:
        """Apply a function of 512-bit vectors to each part of a vector of two, four, … such parts."""
        count = operands[0].type.count
        if count * self.bits == 512:
            return of_part(*operands)
        half = count // 2
        low, high = (
            self._by_parts(of_part, *(self._picked(x, x, range(start, start + half)) for x in operands))
            for start in (0, half)
        )
        return self._picked(low, high, range(count))

    def _picked(self, a: Operand, b: Operand, places: Sequence[int]) -> Operand:
        index = ir.VectorType(ir.IntType(32), len(places))
        return self.b.shuffle_vector(a, b, ir.Constant(index, list(places)))

    # Arithmetic

    def add(self, x: Operand, y: Operand) -> Operand:
        """Return x + y; may be fused with a product."""
        return self.b.fadd(x, y, flags=("contract",))

    def subtract(self, x: Operand, y: Operand) -> Operand:
        """Return x − y; may be fused with a product."""
        return self.b.fsub(x, y, flags=("contract",))

    def multiply(self, x: Operand, y: Operand) -> Operand:
        """Return x·y; may be fused with a sum."""
        return self.b.fmul(x, y, flags=("contract",))

    def divide(self, x: Operand, y: Operand) -> Operand:
        """Return x/y, correctly rounded."""
        return self.b.fdiv(x, y)

    def divide_benign(self, x: Operand, y: Operand) -> Operand:
        """Return x/y to about one unit in the last place, for y known to be far from over- and underflow.

        Newton's iteration on the processor's approximate reciprocal (14 bits), then on the quotient. A
        division takes as long as ten to twenty other instructions.
        """
        if not self._has_avx512_parts():
            return self.divide(x, y)
        r = self._reciprocal(y)
        if self.bits == 64:
            r = self.fma(r, self.fma(self.negative(y), r, self.constant(1.0)), r)
        quotient = self.multiply(x, r)
        return self.fma(self.fma(self.negative(y), quotient, x), r, quotient)

    def _reciprocal(self, y: Operand) -> Operand:
        """1/y to 14 bits."""

        def of_part(part: Operand) -> Operand:
            mask = ir.IntType(part.type.count)
            kind = ir.FunctionType(part.type, [part.type, part.type, mask])
            function = self._declare(f"llvm.x86.avx512.rcp14.p{self._letter()}.512", kind)
            return self.b.call(function, [part, ir.Constant(part.type, None), ir.Constant(mask, -1)])

        return self._by_parts(of_part, y)

    def fma(self, x: Operand, y: Operand, z: Operand) -> Operand:
        """Return x·y + z, rounded once."""
        return self.intrinsic("fma", x, y, z)

    def negative(self, x: Operand) -> Operand:
        """−x."""
        return self.b.fneg(x)

    def abs(self, x: Operand) -> Operand:
        """|x|."""
        return self.intrinsic("fabs", x)

    def sqrt(self, x: Operand) -> Operand:
        """Return √x, correctly rounded."""
        return self.intrinsic("sqrt", x)

    def maximum(self, x: Operand, y: Operand) -> Operand:
        """Return the larger number; NaN if x is NaN; y must not be NaN."""
        return self.b.select(self.b.fcmp_ordered("<", x, y), y, x)

    def minimum(self, x: Operand, y: Operand) -> Operand:
        """Return the smaller number; NaN if x is NaN; y must not be NaN."""
        return self.b.select(self.b.fcmp_ordered(">", x, y), y, x)

    def sign(self, x: Operand) -> Operand:
        """Return −1, 0 or 1; NaN if x is NaN."""
        zero = self.constant(0.0)
        below = self.b.select(self.b.fcmp_ordered("<", x, zero), self.constant(-1.0), x)
        return self.b.select(self.b.fcmp_ordered(">", x, zero), self.constant(1.0), below)

    def polynomial(self, x: Operand, by_degree: Sequence[float]) -> Operand:
        """Horner's rule; for a long polynomial even and odd powers separately, as independent chains."""
        if len(by_degree) < _LONG:
            return self._horner(x, by_degree)
        square = self.multiply(x, x)
        even, odd = (self._horner(square, by_degree[start::2]) for start in (0, 1))
        return self.fma(x, odd, even)

    def _horner(self, x: Operand, by_degree: Sequence[float]) -> Operand:
        total = self.constant(by_degree[-1])
        for c in reversed(by_degree[:-1]):
            total = self.fma(total, x, self.constant(c))
        return total

    # Elementary functions

    def exp(self, x: Operand, *, at_most_zero: bool = False) -> Operand:
        """eˣ: 2ⁿeʳ with |r| ≤ ½ log 2."""
        low, high = _EXP_RANGE[self.bits]
        x = self.maximum(x, self.constant(low))
        if not at_most_zero:
            x = self.minimum(x, self.constant(high))
        n, r = self._reduced(x)
        tail = self.fma(self.multiply(r, r), self.polynomial(r, coefficients.EXP[self.bits]), r)
        return self._scaled(self.add(tail, self.constant(1.0)), n)

    def expm1(self, x: Operand) -> Operand:
        """eˣ − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1), without cancellation near 0."""
        low, high = _EXP_RANGE[self.bits]
        n, r = self._reduced(self.minimum(self.maximum(x, self.constant(low)), self.constant(high)))
        tail = self.fma(self.multiply(r, r), self.polynomial(r, coefficients.EXP[self.bits]), r)
        # One power less, so that 2ⁿ⁻¹ is finite whenever eˣ is.
        half = self._scaled(self.constant(0.5), n)
        near = self.fma(half, tail, self.subtract(half, self.constant(0.5)))
        return self.add(near, near)

    def _reduced(self, x: Operand) -> tuple[Operand, Operand]:
        """Return n and r in x = n·log 2 + r, with an integer n."""
        # Added to 1½ · 2ᵐ, a number is rounded to an integer. This takes half the time of a rounding
        # instruction and loses nothing here, because n is small.
        large = self.constant(1.5 * 2.0 ** _MANTISSA_BITS[self.bits])
        n = self.b.fsub(self.fma(x, self.constant(_LOG2E), large), large)
        r = self.fma(n, self.constant(-_LN2_HIGH[self.bits]), x)
        return n, self.fma(n, self.constant(-_LN2_LOW[self.bits]), r)

    def _scaled(self, x: Operand, n: Operand) -> Operand:
        """x·2ⁿ for an integer n, with correct overflow and underflow."""
        if self._has_avx512_parts():

            def of_part(x: Operand, n: Operand) -> Operand:
                mask, rounding = ir.IntType(x.type.count), ir.IntType(32)
                kind = ir.FunctionType(x.type, [x.type, x.type, x.type, mask, rounding])
                function = self._declare(f"llvm.x86.avx512.mask.scalef.p{self._letter()}.512", kind)
                current = ir.Constant(rounding, 4)
                return self.b.call(function, [x, n, x, ir.Constant(mask, -1), current])

            return self._by_parts(of_part, x, n)
        whole = self.b.fptosi(n, self.integers)
        first = self.b.ashr(whole, self._integer(1))
        for power in (first, self.b.sub(whole, first)):
            x = self.multiply(x, self._power_of_two(power))
        return x

    def _power_of_two(self, n: Operand) -> Operand:
        biased = self.b.add(n, self._integer(_BIAS[self.bits]))
        return self.b.bitcast(self.b.shl(biased, self._integer(_MANTISSA_BITS[self.bits])), self.kind)

    def _split(self, x: Operand) -> tuple[Operand, Operand]:
        """Return e as numbers, and 2⁻ᵉ, in x = 2ᵉm with m in [√½, √2), for a normal x > 0."""
        shift = self._integer(_MANTISSA_BITS[self.bits])
        root = self.b.bitcast(self.constant(math.sqrt(0.5)), self.integers)
        e = self.b.ashr(self.b.sub(self.b.bitcast(x, self.integers), root), shift)
        inverse = self._power_of_two(self.b.neg(e))
        return self.b.sitofp(e, self.kind), inverse

    def _log_reduced(self, f: Operand, e: Operand) -> Operand:
        """log(2ᵉ(1 + f))."""
        square = self.multiply(f, f)
        tail = self.multiply(self.multiply(square, f), self.polynomial(f, coefficients.LOG[self.bits]))
        tail = self.fma(e, self.constant(_LN2_LOW[self.bits]), tail)
        tail = self.fma(self.constant(-0.5), square, tail)
        return self.fma(e, self.constant(_LN2_HIGH[self.bits]), self.add(f, tail))

    def log(self, x: Operand) -> Operand:
        """Log x; −∞ at 0 and NaN below."""
        tiny = self.b.fcmp_ordered("<", x, self.constant(_SMALLEST_NORMAL[self.bits]))
        up = 2.0 ** (_MANTISSA_BITS[self.bits] + 2)
        normal = self.b.select(tiny, self.multiply(x, self.constant(up)), x)
        e, inverse = self._split(normal)
        e = self.b.select(tiny, self.subtract(e, self.constant(_MANTISSA_BITS[self.bits] + 2)), e)
        f = self.fma(normal, inverse, self.constant(-1.0))
        return self._at_the_ends(self._log_reduced(f, e), x, self.constant(0.0))

    def log1p(self, x: Operand, *, in_unit_interval: bool = False) -> Operand:
        """log(1 + x), without cancellation near 0; −∞ at −1 and NaN below."""
        if in_unit_interval:
            tail = self.polynomial(x, coefficients.LOG1P_UNIT[self.bits])
            return self.fma(self.multiply(x, x), tail, x)
        e, inverse = self._split(self.add(x, self.constant(1.0)))
        # (1 + x)/2ᵉ − 1, computed from x itself, because near 0 rounding 1 + x loses all digits of x.
        f = self.fma(x, inverse, self.subtract(inverse, self.constant(1.0)))
        return self._at_the_ends(self._log_reduced(f, e), x, self.constant(-1.0))

    def _at_the_ends(self, result: Operand, x: Operand, end: Operand) -> Operand:
        """Values of a logarithm at and below the end of its domain, and at ∞ and NaN."""
        infinite = self.constant(math.inf)
        inside = self.b.fcmp_ordered("<", x, infinite)
        result = self.b.select(inside, result, x)
        result = self.b.select(self.b.fcmp_ordered("==", x, end), self.constant(-math.inf), result)
        return self.b.select(self.b.fcmp_ordered("<", x, end), self.constant(math.nan), result)

    def tanh(self, x: Operand) -> Operand:
        """Tanh x = −t/(2 + t) with t = e^{−2|x|} − 1, odd."""
        t = self.expm1(self.multiply(self.constant(-2.0), self.abs(x)))
        ratio = self.divide_benign(self.negative(t), self.add(t, self.constant(2.0)))
        return self.intrinsic("copysign", ratio, x)

    def erf(self, x: Operand) -> Operand:
        """Return the error function: a polynomial up to 1, and 1 − e^{log erfc} beyond."""
        size, square = self.abs(x), self.multiply(x, x)
        near = self.fma(size, self.polynomial(square, coefficients.ERF[self.bits]), size)
        end = self.constant(_ERF_END[self.bits])
        reach = self.minimum(self.maximum(size, self.constant(1.0)), end)
        decay = self.negative(self.polynomial(reach, coefficients.ERFC[self.bits]))
        far = self.subtract(self.constant(1.0), self.exp(decay, at_most_zero=True))
        chosen = self.b.select(self.b.fcmp_ordered(">", size, self.constant(1.0)), far, near)
        # The square overflows only for large x, where the error function is 1.
        chosen = self.b.select(self.b.fcmp_ordered(">=", size, end), self.constant(1.0), chosen)
        return self.intrinsic("copysign", chosen, x)

    def by_library(self, name: str, *operands: Operand) -> Operand:
        """Call the C library's function lane by lane: accurate but slow."""
        symbol = name + ("f" if self.bits == 32 else "")
        function = self._declare(
            symbol, ir.FunctionType(self.kind.element, [self.kind.element] * len(operands))
        )
        result = ir.Constant(self.kind, ir.Undefined)
        for lane in range(self.count):
            place = ir.Constant(ir.IntType(32), lane)
            value = self.b.call(function, [self.b.extract_element(x, place) for x in operands])
            result = self.b.insert_element(result, value, place)
        return result
