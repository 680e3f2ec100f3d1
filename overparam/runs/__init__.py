"""Runs: recipes, jobs, the driver with its stop rule and observers, and the portable engine."""

from overparam.runs.conduct import Training, conduct
from overparam.runs.demands import require_trainable
from overparam.runs.driver import Loop, Seen, drive
from overparam.runs.engine import Engine, Job, choose_engine
from overparam.runs.observers import Look, Observer, Watch
from overparam.runs.outcome import History, Outcome, Status
from overparam.runs.portable import Portable
from overparam.runs.recipe import DIVERGENCE_LIMIT, Bounds, Recipe, StopRule, recipe_of
from overparam.runs.snapshot import Keeper, Snapshot

__all__ = [
    "DIVERGENCE_LIMIT",
    "Bounds",
    "Engine",
    "History",
    "Job",
    "Keeper",
    "Look",
    "Loop",
    "Observer",
    "Outcome",
    "Portable",
    "Recipe",
    "Seen",
    "Snapshot",
    "Status",
    "StopRule",
    "Training",
    "Watch",
    "choose_engine",
    "conduct",
    "drive",
    "recipe_of",
    "require_trainable",
]
