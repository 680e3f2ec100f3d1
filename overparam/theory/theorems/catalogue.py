"""The paper's theorems, in its order."""

from __future__ import annotations

from overparam.theory.theorems.base import Theorem
from overparam.theory.theorems.covariance import CorollaryI2, Lemma64, LemmaH1, LemmaH2, TheoremI1
from overparam.theory.theorems.jacobian import Lemma66, Lemma67, Lemma68, Lemma69, Lemma612
from overparam.theory.theorems.optimization import Corollary611, Theorem610, Theorem613
from overparam.theory.theorems.output_layer import Theorem32
from overparam.theory.theorems.patterns import LemmaC1, LemmaC2, LemmaC3
from overparam.theory.theorems.relu import Corollary24, Theorem23, Theorem25, Theorem63
from overparam.theory.theorems.sgd import Theorem26
from overparam.theory.theorems.smooth import Corollary22, Theorem21, Theorem62

__all__ = ["builtin_theorems"]


def builtin_theorems() -> list[type[Theorem]]:
    """Return the classes of all theorems, corollaries and lemmas that are evaluated, in the paper's order."""
    return [
        Theorem21,
        Corollary22,
        Theorem23,
        Corollary24,
        Theorem25,
        Theorem26,
        Theorem32,
        Theorem62,
        Theorem63,
        Lemma64,
        Lemma66,
        Lemma67,
        Lemma68,
        Lemma69,
        Theorem610,
        Corollary611,
        Lemma612,
        Theorem613,
        LemmaC1,
        LemmaC2,
        LemmaC3,
        LemmaH1,
        LemmaH2,
        TheoremI1,
        CorollaryI2,
    ]
