"""Kernels to twenty digits and more, by ways that share nothing with the code under test.

Rows are taken at their exact binary values and normalized in 40 digits. Entries are closed forms, Plackett's
integral of the bivariate density over the angle for activations with kinks, and the trapezoidal rule in
the plane in extended precision for analytic ones.
"""

import functools

import mpmath
import numpy as np

LONG = np.longdouble
WORK = mpmath.mp.clone()
WORK.dps = 40


def exact_angles(X):
    """(cos θ, θ) in 40 digits for all pairs i < j of rows; a dict."""
    mp = WORK
    rows = [[mp.mpf(float(x)) for x in row] for row in np.asarray(X)]
    unit = []
    for row in rows:
        norm = mp.sqrt(mp.fsum(x * x for x in row))
        unit.append([x / norm for x in row])
    found = {}
    for i in range(len(unit)):
        for j in range(i + 1, len(unit)):
            apart = mp.sqrt(mp.fsum((a - b) ** 2 for a, b in zip(unit[i], unit[j], strict=True)))
            total = mp.sqrt(mp.fsum((a + b) ** 2 for a, b in zip(unit[i], unit[j], strict=True)))
            theta = 2 * mp.atan2(apart, total)
            found[i, j] = (mp.cos(theta), theta)
    return found


def orthant(a, b, theta):
    """P(g ≥ a, g′ ≥ b) = P(g ≥ a)P(g′ ≥ b) + ∫ over angles from θ to π/2 of the density (Plackett, 1954)."""
    mp = WORK

    def density(t):
        sine = mp.sin(t)
        if sine == 0:
            return mp.exp(-a * a / 2) / (2 * mp.pi) if a == b else mp.mpf(0)
        c = mp.cos(t)
        # (a² − 2ab·c + b²)/sin² without the cancellation at t = 0.
        exponent = ((a - b) ** 2 + 4 * a * b * mp.sin(t / 2) ** 2) / sine**2
        return mp.exp(-exponent / 2) / (2 * mp.pi) if c > -1 else mp.mpf(0)

    if a == 0 and b == 0:
        return (mp.pi - theta) / (2 * mp.pi)
    upper = mp.ncdf(-a) * mp.ncdf(-b)
    middle = mp.pi / 2
    # The density has a layer of the width of |a − b| at t = 0, and one at t = π.
    stops = [theta, *(s for s in _stops(theta) if min(theta, middle) < s < max(theta, middle)), middle]
    stops = sorted(stops, reverse=theta > middle)
    return upper + mp.quad(density, stops)


def _stops(theta):
    mp = WORK
    small = [mp.mpf(s) for s in ("0.01", "0.05", "0.15", "0.35", "0.7", "1.1")]
    return [*small, *(mp.pi - s for s in small)]


def tilted(s, t, theta):
    """E[e^{sg + tg′}1{g < 0, g′ < 0}], by a change of measure."""
    mp = WORK
    c = mp.cos(theta)
    return mp.exp((s * s + 2 * s * t * c + t * t) / 2) * orthant(s + c * t, t + c * s, theta)


def mixed(s, theta):
    """E[e^{sg}1{g < 0, g′ ≥ 0}]."""
    mp = WORK
    c = mp.cos(theta)
    return mp.exp(mp.mpf(s) ** 2 / 2) * (mp.ncdf(-s) - orthant(mp.mpf(s), c * s, theta))


def relu_slope(theta):
    return (WORK.pi - theta) / (2 * WORK.pi)


def relu_value(theta):
    mp = WORK
    return (mp.sin(theta) + (mp.pi - theta) * mp.cos(theta)) / (2 * mp.pi)


def elu_slope(alpha):
    """φ′ = 1{z ≥ 0} + αe^z 1{z < 0}."""

    def kernel(theta):
        a = WORK.mpf(alpha)
        one = WORK.mpf(1)
        return relu_slope(theta) + 2 * a * mixed(one, theta) + a * a * tilted(one, one, theta)

    return kernel


def elu_value(alpha):
    """By Price's theorem, dk/dρ = E[φ′φ′], from k(π/2) = E[φ]²."""
    slope = elu_slope(alpha)

    def kernel(theta):
        mp = WORK
        a = mp.mpf(alpha)
        mean = 1 / mp.sqrt(2 * mp.pi) + a * (mp.sqrt(mp.e) * mp.ncdf(-1) - mp.mpf(1) / 2)
        with mp.workdps(24):
            return mean**2 + mp.quad(lambda t: mp.sin(t) * slope(t), [theta, mp.pi / 2])

    return kernel


def steps(*jumps):
    """φ′ = Σ c·1{z ≥ a} for pairs (a, c)."""

    def kernel(theta):
        mp = WORK
        return mp.fsum(c * e * orthant(mp.mpf(a), mp.mpf(b), theta) for a, c in jumps for b, e in jumps)

    return kernel


def erf_slope(theta):
    mp = WORK
    return 4 / (mp.pi * mp.sqrt(9 - 4 * mp.cos(theta) ** 2))


def erf_value(theta):
    return 2 / WORK.pi * WORK.asin(2 * WORK.cos(theta) / 3)


def gelu_value(theta):
    mp = WORK
    c = mp.cos(theta)
    return c * (mp.mpf(1) / 4 + mp.asin(c / 2) / (2 * mp.pi)) + 1 / (2 * mp.pi * mp.sqrt(4 - c * c))


def gelu_slope(theta):
    mp = WORK
    c = mp.cos(theta)
    both = mp.mpf(1) / 4 + mp.asin(c / 2) / (2 * mp.pi)
    return both + (5 * c - c**3) / (2 * mp.pi * (4 - c * c) ** mp.mpf("1.5"))


def analytic(f):
    """The trapezoidal rule in the plane: exponentially accurate for f analytic in a strip, |Im z| < π/2."""
    step, reach = LONG("0.11"), 10
    grid = np.arange(-round(reach / 0.11), round(reach / 0.11) + 1).astype(LONG) * step
    weights = step * np.exp(-grid * grid / 2) / np.sqrt(2 * LONG(WORK.nstr(WORK.pi, 25)))

    @functools.cache
    def kernel(theta):
        cosine, sine = LONG(WORK.nstr(WORK.cos(theta), 25)), LONG(WORK.nstr(WORK.sin(theta), 25))
        inner = f(cosine * grid[:, None] + sine * grid) @ weights
        return WORK.mpf(np.format_float_scientific((weights * f(grid)) @ inner, precision=25, unique=False))

    return kernel


def true_kernel(X, entry, *, derivative):
    """Σ (derivative) or Σ̃ as a matrix of 40 digits."""
    mp = WORK
    n = len(X)
    K = mp.zeros(n, n)
    one = entry(mp.mpf(0))
    for i in range(n):
        K[i, i] = one
    for (i, j), (cosine, theta) in exact_angles(X).items():
        K[i, j] = K[j, i] = entry(theta) * (cosine if derivative else 1)
    return K


def true_smallest(K):
    """λmin of a matrix of 40 digits."""
    return min(WORK.eigsy(K, eigvals_only=True))


def difference(matrix, K):
    """‖matrix − K‖, the difference taken in 40 digits."""
    n = K.rows
    A = np.asarray(matrix, dtype=np.float64)
    return np.linalg.norm(
        [[float(WORK.mpf(float(A[i, j])) - K[i, j]) for j in range(n)] for i in range(n)], 2
    )
