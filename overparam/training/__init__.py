"""Training: jobs, outcomes, the portable engine and the recorder that fused engines build on."""

from overparam.training.conduct import conduct
from overparam.training.demands import require_first_order
from overparam.training.engine import DIVERGENCE_LIMIT, Engine, Job, StopRule, choose_engine
from overparam.training.outcome import History, Outcome, Status
from overparam.training.portable import Portable

__all__ = [
    "DIVERGENCE_LIMIT",
    "Engine",
    "History",
    "Job",
    "Outcome",
    "Portable",
    "Status",
    "StopRule",
    "choose_engine",
    "conduct",
    "require_first_order",
]
