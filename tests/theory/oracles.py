"""Kernels with twenty digits or more, by methods that share nothing with the code under test.

Rows are taken at their exact binary values and normalized with 40 digits. Entries are computed by closed
forms, by Plackett's integral of the bivariate density over the angle (activations with kinks), or by the
trapezoidal rule in the plane in extended precision (analytic activations).
"""

import functools

import mpmath
import numpy as np

LONG = np.longdouble
WORK = mpmath.mp.clone()
WORK.dps = 40


def exact_angles(X):
    """Dictionary of (cos θ, θ) with 40 digits for all pairs i < j of rows."""
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


def _legendre(count=24):
    """Gauss–Legendre nodes and weights in extended precision: NumPy's nodes after two Newton steps."""
    x = np.polynomial.legendre.leggauss(count)[0].astype(LONG)
    for _ in range(2):
        before, now = np.ones_like(x), x
        for r in range(2, count + 1):
            before, now = now, ((2 * r - 1) * x * now - (r - 1) * before) / r
        slope = count * (before - x * now) / (1 - x * x)
        x = x - now / slope
    return x, 2 / ((1 - x * x) * slope * slope)


NODES, WEIGHTS = _legendre()
PI = LONG(WORK.nstr(WORK.pi, 25))
EDGES = PI / 2 * LONG(2) ** -np.arange(12)


def _long(x):
    return LONG(WORK.nstr(WORK.mpf(x), 25))


def _from_long(x):
    return WORK.mpf(np.format_float_scientific(x, precision=25, unique=False))


def _panels(theta, levels=12):
    """Nodes and weights from θ to π/2 on panels that shrink towards 0 and π; weights < 0 for θ > π/2."""
    theta = _long(theta)
    edges = np.concatenate([EDGES[:levels], PI - EDGES[:levels]])
    low, high = min(theta, PI / 2), max(theta, PI / 2)
    edges = np.unique(np.concatenate([[low], edges[(edges > low) & (edges < high)], [high]]))
    half = (edges[1:] - edges[:-1]) / 2
    nodes = (edges[:-1] + half)[:, None] + half[:, None] * NODES
    sign = 1 if theta < PI / 2 else -1
    return nodes.ravel(), (sign * half[:, None] * WEIGHTS).ravel()


def orthant(a, b, theta):
    """P(g ≥ a, g′ ≥ b) = P(g ≥ a)P(g′ ≥ b) + ∫ over angles from θ to π/2 of the density (Plackett, 1954)."""
    mp = WORK
    if a == 0 and b == 0:
        return (mp.pi - theta) / (2 * mp.pi)
    t, weights = _panels(theta)
    # (a² − 2ab·cos t + b²)/sin²t without cancellation at t = 0 or t = π.
    apart, total, product = _long(a - b), _long(a + b), _long(a * b)
    near_0 = (apart / np.sin(t)) ** 2 + product / np.cos(t / 2) ** 2
    near_pi = (total / np.sin(t)) ** 2 - product / np.sin(t / 2) ** 2
    exponent = np.where(t < PI / 2, near_0, near_pi)
    return mp.ncdf(-a) * mp.ncdf(-b) + _from_long((weights * np.exp(-exponent / 2)).sum() / (2 * PI))


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
        # E[φ] = E[g₊] + αE[(e^g − 1)1{g < 0}].
        mean = 1 / mp.sqrt(2 * mp.pi) + a * (mp.sqrt(mp.e) * mp.ncdf(-1) - mp.mpf(1) / 2)
        nodes, weights = _panels(theta, levels=3)
        points = [_from_long(t) for t in nodes]
        return mean**2 + mp.fsum(
            _from_long(w) * mp.sin(t) * slope(t) for t, w in zip(points, weights, strict=True)
        )

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
    """The trapezoidal rule in the plane: exponentially accurate for f analytic in the strip |Im z| < π/2."""
    step = LONG("0.11")
    grid = np.arange(-90, 91).astype(LONG) * step
    weights = step * np.exp(-grid * grid / 2) / np.sqrt(2 * PI)

    @functools.cache
    def kernel(theta):
        cosine, sine = _long(WORK.cos(theta)), _long(WORK.sin(theta))
        inner = f(cosine * grid[:, None] + sine * grid) @ weights
        return _from_long((weights * f(grid)) @ inner)

    return kernel


def true_kernel(X, entry, *, derivative):
    """Σ (if `derivative`) or Σ̃ as a matrix with 40 digits."""
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
    """λmin of a matrix, with 40 digits."""
    return min(WORK.eigsy(K, eigvals_only=True))


def difference(matrix, K):
    """‖matrix − K‖; the difference is computed with 40 digits."""
    n = K.rows
    A = np.asarray(matrix, dtype=np.float64)
    return np.linalg.norm(
        [[float(WORK.mpf(float(A[i, j])) - K[i, j]) for j in range(n)] for i in range(n)], 2
    )
