"""Other papers' claims about sufficient widths, and the certificates of rank lifting."""

from overparam_literature.claims import (
    BubeckEldanLeeMikulincer,
    Daniely,
    DuLeeLiWangZhai,
    DuZhaiPoczosSingh,
    MontanariZhong,
    NguyenMondelli,
    SongAndOthers,
    SongYang,
)
from overparam_literature.rank_lifting import KernelBound, RankLifting, StableRank

__all__ = [
    "BubeckEldanLeeMikulincer",
    "Daniely",
    "DuLeeLiWangZhai",
    "DuZhaiPoczosSingh",
    "KernelBound",
    "MontanariZhong",
    "NguyenMondelli",
    "RankLifting",
    "SongAndOthers",
    "SongYang",
    "StableRank",
]
