"""Both sides of every hypothesis and every conclusion of the theorems, from the oracle's numbers.

`hypotheses(o)[title][start]` is (relation, left, right). `promises(o)[title][start]` is (small, large), two
arrays; if the conclusion is about a run, they have one entry per iterate.
"""

import math

import numpy as np

from tests.theory.oracle import expectation, hermite, khatri_rao_sigma

GE, LE, EQ, GT = ">=", "<=", "=", ">"


def weights(o):
    norm = o.normy / math.sqrt(o.n)
    return {
        "‖v‖ = ": (EQ, np.linalg.norm(o.v), norm),
        "every |v": (LE, np.abs(o.v).max(), norm / math.sqrt(o.k)),
        "1ᵀv = 0": (EQ, o.v.sum(), 0.0),
    }


def widths(o, nu=1.0):
    kappa = math.sqrt(o.d / o.n) * o.normX
    factor = 32 * nu * o.B * (1 + (1 + o.delta) * o.B)
    return {
        "(6.18)": (GE, math.sqrt(o.k * o.d), factor * kappa / o.lam * o.n),
        "(2.2)": (GE, math.sqrt(o.k * o.d), factor / o.mu**2 * kappa / o.sigma_xx**2 * o.n),
    }


def smooth_step(o):
    return o.n / (2 * o.B**2 * o.normy**2 * o.normX**2)


def relu_step(o):
    return o.n / (3 * o.normy**2 * o.normX**2)


def lipschitz(o):
    return o.M * np.abs(o.v).max() * o.normX


def beta(o):
    return math.sqrt(o.k) * o.B * np.abs(o.v).max() * o.normX


def alpha_610(o):
    root = o.sigmas[0] ** 2 - 16 * lipschitz(o) * o.r[0]
    return 0.5 * (o.sigmas[0] + math.sqrt(root)) if root >= 0 else None


def general_step(o, alpha):
    return min(1.0, alpha**2 / (lipschitz(o) * o.r[0])) / (2 * beta(o) ** 2)


def m0_squared(o):
    return (np.linalg.norm(o.v) / np.abs(o.v).max()) ** 2 * o.lam / (200 * o.normX**2)


def hypotheses(o):
    log_n, kd = math.log(o.n), math.sqrt(o.k * o.d)
    found = {}
    if not math.isinf(o.B):
        at_zero = abs(float(o.value(np.zeros(1))[0]))
        B = max(o.B, at_zero)
        reach = math.sqrt(expectation(lambda g: o.value(g) ** 2)) + B * math.sqrt(404 * log_n)
        chernoff = 0.5 - 0.5 * math.log(2)
        floor = o.lam_tilde - 6 * B**2 * float(o.n) ** -100
        found["Theorem 3.2"] = {
            "|φ(0)| ≤ B": (LE, at_zero, B),
            "k ≥ 101": (GE, o.k, 101 * log_n * o.n * reach**2 / (chernoff * floor)),
        }
        ratio = np.linalg.norm(o.v) / np.abs(o.v).max()
        found["Lemma 6.7"] = {
            "‖v‖/‖v‖_∞": (GE, ratio, math.sqrt(20 * log_n) * o.normX * o.B / math.sqrt(o.lam))
        }
        found["Lemma 6.12"] = {
            "‖v‖ ≤ ": (LE, np.linalg.norm(o.v), o.normy / math.sqrt(o.n)),
            "1ᵀv = 0": (EQ, o.v.sum(), 0.0),
        }
        found["Lemma 6.9"] = {
            "m₀² ≥ 1": (GE, m0_squared(o), 1.0),
            "‖W_τ − W₀‖ ≤ m₀³": (LE, o.spectral.max(), m0_squared(o) ** 1.5 / (2 * o.k)),
        }
        half = 0.5 * o.sigmas[0]
        inside = o.spectral <= 3 * o.r[0] / half
        found["Theorem 6.13"] = {
            "Assumption 2": (GT, o.sigmas[0], 0.0),
            "Assumption 4": (None, o.changes[inside].max(), half / 3),
            "η ≤ ": (LE, o.eta, 1 / (3 * beta(o) ** 2)),
        }
        width = widths(o)
        found["Theorem 6.2"] = {"(6.18)": width["(6.18)"], "η ≤ ": (LE, o.eta, smooth_step(o)), **weights(o)}
        found["Theorem 2.1"] = {"(2.2)": width["(2.2)"], "η ≤ ": (LE, o.eta, smooth_step(o)), **weights(o)}
        bound = o.mu**2 * o.sigma_xx**2 * o.n / (9 * 8 * o.B**4 * o.normy**2 * o.normX**2)
        found["Theorem 2.6"] = {
            "(2.2)": widths(o, 8.0)["(2.2)"],
            "η ≤ ": (LE, o.eta, bound),
            "ν > 4": (GT, 8.0, 4.0),
            **weights(o),
        }
        found["Corollary 2.2"] = {
            "(2.3)": (None, kd, o.n),
            "n ≥ d": (GE, o.n, o.d),
            "d² ≥ ": (None, o.d**2, o.n),
            "η = ": (EQ, o.eta, smooth_step(o)),
            **weights(o),
        }
        found["Corollary 2.4"] = {
            "(2.7)": (None, kd, o.n**2 / o.d),
            "n ≥ d": (GE, o.n, o.d),
            "d² ≥ ": (None, o.d**2, o.n),
            "η = ": (EQ, o.eta, relu_step(o)),
            **weights(o),
        }
        alpha = alpha_610(o) or 0.5 * o.sigmas[0]
        found["Theorem 6.10"] = {
            "(6.7)": (GE, o.sigmas[0] ** 2, 16 * lipschitz(o) * o.r[0]),
            "η ≤ ": (LE, o.eta, general_step(o, alpha)),
        }
        found["Corollary 6.11"] = {
            "(6.12)": (GT, o.sigmas[0], 0.0),
            "(6.13)": (GE, half**2 / (4 * lipschitz(o)), o.r[0]),
            "η ≤ ": (LE, o.eta, general_step(o, half)),
        }
        constant = 1152 * 200.0**3 * (1 + o.delta) ** 2 * o.n * o.normX**6
        kappa = math.sqrt(o.d / o.n) * o.normX / o.sigma_xx**2
        quadratic = 4 * math.pi**2 * math.sqrt(1152 * 200.0**3) * (1 + o.delta)
        step = (LE, o.eta, relu_step(o))
        found["Theorem 6.3"] = {"(6.3)": (GE, o.k, constant / o.lam**4), "η ≤ ": step, **weights(o)}
        found["Theorem 2.3"] = {
            "(2.6)": (GE, kd, quadratic * o.n**2 / o.d * kappa**3 * o.sigma_xx**2),
            "η ≤ ": step,
            **weights(o),
        }
        found["Theorem 2.5"] = {
            "Assumption 1": (GT, o.separation, 0.0),
            "(2.8)": (GE, o.k, constant / (o.separation / (100 * o.n**2)) ** 4),
            "η ≤ ": step,
            **weights(o),
        }
    found["Lemma C.3"] = {"k ≥ m": (GE, o.k, max(1, math.ceil(12 * log_n)))}
    for title in ("Theorem I.1", "Corollary I.2"):
        found[title] = {"min(": (GT, o.separation, 0.0)}
    return found


def geometric(o, factor):
    tau = np.arange(1, len(o.r))
    return o.r[1:], factor**tau * o.r[0]


def near(o, weight):
    return weight * o.distance[1:] + o.r[1:], np.full(len(o.r) - 1, o.r[0])


def total(o, bound):
    return o.path[-1:], np.array([bound])


def smooth_promises(o, lower, square, root):
    bar = min(1.0, o.eta / smooth_step(o))
    rate = 1 - bar * lower / (32 * o.B**2 * o.normX**2)
    scale = math.sqrt(lower) * o.normy / math.sqrt(o.n)
    found = {}
    for label, power, weight, shown in (("as stated", 1.0, 32, "τ"), ("as proved", 0.5, 128, "{τ/2}")):
        found[f"‖f(W_τ) − y‖ ≤ (1 − η̄{square}/(32B²‖X‖²))^{shown} ‖f(W₀) − y‖, {label}"] = geometric(
            o, rate**power
        )
        found[f"{root}/√{weight}·"] = near(o, scale / math.sqrt(weight))
        found[f"Σ‖W_{{τ+1}} − W_τ‖_F ≤ √{weight}"] = total(o, math.sqrt(weight) * o.r[0] / scale)
    return found


def relu_promises(o, lower, start, weight):
    bar = min(1.0, o.eta / relu_step(o))
    found = {f"‖f(W_τ) − y‖ ≤ (1 − {start}": geometric(o, 1 - bar * lower / (24 * o.normX**2))}
    if weight:
        found[weight] = near(o, math.sqrt(lower) / (6 * math.sqrt(2)) * o.normy / math.sqrt(o.n))
    return found


def general_promises(o, alpha):
    return {
        "(6.9)": geometric(o, math.sqrt(1 - o.eta * alpha**2 / 2)),
        "(6.10)": near(o, alpha / 4),
        "(6.11)": total(o, 4 * o.r[0] / alpha),
    }


def promises(o):
    one = np.ones(1)
    eigenvalues = np.linalg.eigvalsh
    gram = o.X @ o.X.T
    found = {}
    top = eigenvalues(o.Sigma)[-1]
    gap = eigenvalues(o.Sigma - (o.mu_tilde**2 + o.mu**2 * gram) * gram)[0]
    found["Lemma 6.4"] = {
        "(6.4)": (one - gap / top, one),
        "(6.5)": (one * o.mu**2 * o.sigma_xx**2, one * o.lam),
    }
    found["Lemma H.1"] = {
        f"(H.2) λ(X) ≥ μ²_{r}(": (
            one
            * (expectation(lambda g, r=r: o.slope(g) * hermite(r, g)) * khatri_rao_sigma(o.X, r + 1)) ** 2,
            one * o.lam,
        )
        for r in range(4)
    }
    found["Lemma H.2"] = {
        f"(H.4) λ̃(X) ≥ μ²_{r}(": (
            one * (expectation(lambda g, r=r: o.value(g) * hermite(r, g)) * khatri_rao_sigma(o.X, r)) ** 2,
            one * o.lam_tilde,
        )
        for r in range(1, 5)
    }
    angle = np.arccos(np.clip(gram, -1, 1))
    np.fill_diagonal(angle, 0.0)
    indicator = (np.pi - angle) / (2 * np.pi)
    least = min(o.separation, math.sqrt(2)) / (100 * o.n**2)
    found["Theorem I.1"] = {"(I.1)": (one * least, one * eigenvalues(indicator)[0])}
    found["Corollary I.2"] = {"(I.4)": (one * least, one * eigenvalues(indicator * gram)[0])}
    scale = np.abs(o.v).max() * o.normX
    found["Lemma C.1"] = {"‖J": (o.changes[1:], scale * o.slopes[1:])}
    m = min(o.k, max(1, math.ceil(12 * math.log(o.n))))
    smallest = np.sort(np.abs(o.X @ o.W0.T), axis=1)
    found["Lemma C.3"] = {"min_i": (one * m / (2 * o.k), one * smallest[:, m - 1].min())}
    if math.isinf(o.B):
        return found
    radii = [math.sqrt(j) * smallest[:, j - 1].min() for j in range(1, o.k + 1)]
    covered = [
        (slope, next(j for j, radius in enumerate(radii, 1) if far <= radius))
        for slope, far in zip(o.slopes[1:], o.spectral[1:], strict=True)
        if far <= max(radii)
    ]
    found["Lemma C.2"] = {
        "max_i": (np.array([s for s, _ in covered]), np.array([math.sqrt(2 * j) for _, j in covered]))
    }
    features = o.value(o.X @ o.W0.T)
    B = max(o.B, abs(float(o.value(np.zeros(1))[0])))
    floor = o.lam_tilde - 6 * B**2 * float(o.n) ** -100
    squares = np.linalg.svd(features, compute_uv=False) ** 2
    found["Theorem 3.2"] = {
        "λmin(ΦΦᵀ)": (one * 0.5 * o.k * floor, one * (squares[-1] if o.k >= o.n else 0.0)),
        "Φ has": (one * o.n, one * np.linalg.matrix_rank(features)),
    }
    found["Lemma 6.6"] = {"‖J": (o.norms, np.full(len(o.norms), beta(o)))}
    norm_v = np.linalg.norm(o.v)
    found["Lemma 6.7"] = {"σmin": (one * norm_v * math.sqrt(o.lam / 2), o.sigmas[:1])}
    found["Lemma 6.8"] = {"‖J": (o.changes[1:], lipschitz(o) * o.distance[1:])}
    inside = (o.spectral > 0) & (o.spectral <= m0_squared(o) ** 1.5 / (2 * o.k))
    limit = norm_v * math.sqrt(o.lam) / (6 * math.sqrt(2))
    found["Lemma 6.9"] = {"(6.6)": (o.changes[inside], np.full(inside.sum(), limit))}
    found["Lemma 6.12"] = {"‖f": (o.r[:1], one * (1 + (1 + o.delta) * o.B) * o.normy)}
    half = 0.5 * o.sigmas[0]
    found["Theorem 6.13"] = {
        "(6.20)": geometric(o, 1 - o.eta * half**2),
        "(6.21)": (half / 3 * o.spectral[1:] + o.r[1:], np.full(len(o.r) - 1, o.r[0])),
    }
    found["Theorem 6.10"] = general_promises(o, alpha_610(o) or o.sigmas.min())
    found["Corollary 6.11"] = general_promises(o, half)
    found["Theorem 6.2"] = smooth_promises(o, o.lam, "λ", "√λ")
    found["Theorem 2.1"] = smooth_promises(o, o.mu**2 * o.sigma_xx**2, "μ²σ²", "μσ")
    found["Theorem 6.3"] = relu_promises(o, o.lam, "η̄λ/(24", "√λ/(6√2)")
    found["Theorem 2.3"] = relu_promises(o, o.sigma_xx**2 / (2 * math.pi), "η̄σ²/(48π", "σ/(12√π)")
    found["Theorem 2.5"] = relu_promises(o, least, "η̄δ/(2400", None)
    for title in ("Corollary 2.2", "Corollary 2.4"):
        found[title] = {"‖f(W₀) − y‖ ≤ 3": (o.r[:1], one * 3 * o.normy)}
    return found
