"""Components of this distribution."""

from overparam.plugin import Claim, Theorem, hookimpl
from overparam_literature import claims, rank_lifting


@hookimpl
def overparam_claims() -> list[type[Claim]]:
    """Curves of other papers."""
    return [getattr(claims, name) for name in claims.__all__]


@hookimpl
def overparam_theorems() -> list[type[Theorem]]:
    """The certificates of rank lifting."""
    return [rank_lifting.RankLifting, rank_lifting.StableRank, rank_lifting.KernelBound]
