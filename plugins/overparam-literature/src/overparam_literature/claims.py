"""Claims of other papers about sufficient widths; n samples, d inputs, k hidden units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Claim, ClaimKind, Growth, Layers, Loss, Setting
from overparam_literature.settings import (
    wants_gradient_descent,
    wants_lecun_start,
    wants_relu,
    wants_sgd,
    wants_signs,
    wants_smooth,
    wants_sphere,
)

__all__ = [
    "BubeckEldanLeeMikulincer",
    "Daniely",
    "DuLeeLiWangZhai",
    "DuZhaiPoczosSingh",
    "MontanariZhong",
    "NguyenMondelli",
    "SongAndOthers",
    "SongYang",
]


@dataclass(frozen=True)
class DuZhaiPoczosSingh(Claim):
    """Du, Zhai, Poczos & Singh: gradient descent on W, ReLU, k = c·n⁶.

    Source: Section 5 of Oymak & Soltanolkotabi (arXiv:1902.04674), which compares its result with this one.
    """

    name: ClassVar[str] = "du-relu"
    title: ClassVar[str] = "Du, Zhai, Poczos & Singh 2018"
    statement: ClassVar[str] = "Gradient descent on W fits any labels with the ReLU once k ≥ C·n⁶."
    reference: ClassVar[str] = "arXiv:1810.02054, as reported in arXiv:1902.04674, Section 5"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=6.0, d=1.0)
    caveat: ClassVar[str] = "its constant depends on λ(X)"

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent with the ReLU."""
        return wants_gradient_descent(setting) or wants_relu(setting)


@dataclass(frozen=True)
class DuLeeLiWangZhai(Claim):
    """Du, Lee, Li, Wang & Zhai: gradient descent, smooth activations, k = c·n⁴.

    Source: Section 5 of Oymak & Soltanolkotabi (arXiv:1902.04674), which compares its result with this one.
    """

    name: ClassVar[str] = "du-smooth"
    title: ClassVar[str] = "Du, Lee, Li, Wang & Zhai 2018"
    statement: ClassVar[str] = "Gradient descent fits any labels with a smooth activation once k ≥ C·n⁴."
    reference: ClassVar[str] = "arXiv:1811.03804, as reported in arXiv:1902.04674, Section 5"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=4.0, d=1.0)
    caveat: ClassVar[str] = "its constant depends on λ(X)"

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent with a smooth activation."""
        return wants_gradient_descent(setting) or wants_smooth(setting)


@dataclass(frozen=True)
class SongYang(Claim):
    """Song & Yang: gradient descent, separable data, k = c·n².

    Second hand, from Table 1 of Song et al. (arXiv:2111.01875); read by one reader, not checked
    against the text.
    """

    name: ClassVar[str] = "song-yang"
    title: ClassVar[str] = "Song & Yang 2019"
    statement: ClassVar[str] = "Gradient descent fits separable data once k ≥ C·n²."
    reference: ClassVar[str] = "arXiv:1906.03593, as reported in Table 1 of arXiv:2111.01875"
    gaussian_start: ClassVar[bool] = True
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=2.0, d=1.0)
    caveat: ClassVar[str] = "second hand, read by one reader; its constant depends on the data"

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent with the ReLU."""
        return wants_gradient_descent(setting) or wants_relu(setting)


@dataclass(frozen=True)
class SongAndOthers(Claim):
    """Song, Ramezani-Kebrya, Pethick, Eftekhari & Cevher: both layers trained, kd = c·n^1.5.

    Theorem 3 and Table 1, read by one reader; the published abstract says "subquadratic" only.
    """

    name: ClassVar[str] = "song-subquadratic"
    title: ClassVar[str] = "Song et al. 2021"
    statement: ClassVar[str] = "Training both layers fits any labels once kd ≥ C·n^1.5; φ ∈ C², φ(0) = 0."
    reference: ClassVar[str] = "arXiv:2111.01875, Theorem 3, Table 1"
    layers: ClassVar[Layers | None] = "both"
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=1.5)
    caveat: ClassVar[str] = "exponent read by one reader"

    def objection(self, setting: Setting) -> str | None:
        """Require a smooth activation with φ(0) = 0."""
        at_zero = abs(float(setting.activation.value(setting.problem.y[:1] * 0.0)[0]))
        if at_zero > 1e-12:
            return f"it needs φ(0) = 0; {setting.activation.name} has {at_zero:.3g}"
        return wants_gradient_descent(setting) or wants_smooth(setting)


@dataclass(frozen=True)
class MontanariZhong(Claim):
    """Montanari & Zhong: the tangent kernel of isotropic data interpolates once kd ≫ n.

    Source: the abstract. Logarithms are not stated there and are omitted. The claim is about lazy training:
    the network linearized at W₀.
    """

    name: ClassVar[str] = "montanari-zhong"
    title: ClassVar[str] = "Montanari & Zhong 2020"
    statement: ClassVar[str] = "The network linearized at W₀ interpolates any labels once kd ≫ n."
    reference: ClassVar[str] = "arXiv:2007.12826, Ann. Statist. 50(5), abstract"
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=1.0)
    caveat: ClassVar[str] = "about lazy training; logarithms omitted"

    def objection(self, setting: Setting) -> str | None:
        """Require isotropic data."""
        return wants_sphere(setting)


@dataclass(frozen=True)
class BubeckEldanLeeMikulincer(Claim):
    """Bubeck, Eldan, Lee & Mikulincer: ReLU networks with k = 4⌈n/d⌉ that interpolate exist.

    Source: the abstract. ⌈n/d⌉ threshold units memorize binary labels of points in general position (Baum),
    and four times as many ReLU units memorize any real labels. Training is not considered, and all weights
    are free.
    """

    name: ClassVar[str] = "bubeck"
    title: ClassVar[str] = "Bubeck, Eldan, Lee & Mikulincer 2020"
    statement: ClassVar[str] = "Of n points in general position, ReLU networks of k = 4⌈n/d⌉ fit any labels."
    reference: ClassVar[str] = "NeurIPS 2020, abstract"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    claimed: ClassVar[ClaimKind | None] = "existence"
    formula: ClassVar[str] = "k = 4⌈n/d⌉"
    caveat: ClassVar[str] = "existence of weights, not training; all weights are free"

    def objection(self, setting: Setting) -> str | None:
        """Require the ReLU."""
        return wants_relu(setting)

    def width(self, setting: Setting) -> float:
        """Return 4⌈n/d⌉."""
        return 4.0 * math.ceil(setting.n / setting.d)


@dataclass(frozen=True)
class Daniely(Claim):
    """Daniely: SGD memorizes n random labels of points on the sphere with Õ(n) parameters.

    Source: the abstract, which hides logarithms; they are omitted. The abstract of arXiv:2003.12895 has
    log⁴(d), for one step from an orthogonal initialization on Gaussian samples, a setting that cannot be
    trained here.
    """

    name: ClassVar[str] = "daniely"
    title: ClassVar[str] = "Daniely 2019"
    statement: ClassVar[str] = "SGD memorizes n random labels ±1 of points on the sphere with k = Õ(n/d)."
    reference: ClassVar[str] = "arXiv:1911.09873, abstract"
    loss: ClassVar[type[Loss] | None] = None
    layers: ClassVar[Layers | None] = None
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=1.0)
    caveat: ClassVar[str] = "logarithms omitted"

    def objection(self, setting: Setting) -> str | None:
        """Require SGD, samples uniform on the sphere, labels ±1."""
        return wants_sgd(setting) or wants_sphere(setting) or wants_signs(setting)


@dataclass(frozen=True)
class NguyenMondelli(Claim):
    """Nguyen & Mondelli: one wide layer, entries of W₀ of variance 1/d, k = c·n².

    The order is in the abstract, for networks with one wide layer followed by a pyramid; the condition of a
    smooth φ was read by one reader.
    """

    name: ClassVar[str] = "nguyen-mondelli"
    title: ClassVar[str] = "Nguyen & Mondelli 2020"
    statement: ClassVar[str] = "Gradient descent on all layers fits any labels once one has k ≥ C·n² units."
    reference: ClassVar[str] = "arXiv:2002.07867, abstract"
    layers: ClassVar[Layers | None] = "both"
    claimed: ClassVar[ClaimKind | None] = "order"
    growth: ClassVar[Growth | None] = Growth(n=2.0, d=1.0)

    def objection(self, setting: Setting) -> str | None:
        """Require gradient descent, a smooth activation, LeCun's start."""
        return wants_gradient_descent(setting) or wants_smooth(setting) or wants_lecun_start(setting)
