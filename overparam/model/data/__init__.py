"""Data generators and labels: the contracts and the built-in ones, one per file."""

from overparam.model.data.base import DataGenerator, Dataset, Labels
from overparam.model.data.cube import Cube
from overparam.model.data.file import File
from overparam.model.data.labels import FileLabels, Gaussian, Rademacher
from overparam.model.data.separated import Separated, separation
from overparam.model.data.sphere import Sphere

__all__ = [
    "Cube",
    "DataGenerator",
    "Dataset",
    "File",
    "FileLabels",
    "Gaussian",
    "Labels",
    "Rademacher",
    "Separated",
    "Sphere",
    "separation",
]
