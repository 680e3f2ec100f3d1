"""Training: recipes, jobs, the driver, the portable engine, and the recorder that fused engines build on."""

from overparam.training.conduct import conduct
from overparam.training.demands import require_trainable
from overparam.training.driver import Loop, Seen, drive
from overparam.training.engine import Engine, Job, choose_engine
from overparam.training.observers import Look, Observer, Watch
from overparam.training.outcome import History, Outcome, Status
from overparam.training.portable import Portable
from overparam.training.recipe import DIVERGENCE_LIMIT, Bounds, Recipe, StopRule, recipe_of

__all__ = [
    "DIVERGENCE_LIMIT",
    "Bounds",
    "Engine",
    "History",
    "Job",
    "Look",
    "Loop",
    "Observer",
    "Outcome",
    "Portable",
    "Recipe",
    "Seen",
    "Status",
    "StopRule",
    "Watch",
    "choose_engine",
    "conduct",
    "drive",
    "recipe_of",
    "require_trainable",
]
