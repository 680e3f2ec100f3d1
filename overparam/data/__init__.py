"""Data generators and labels: the contracts and the built-in ones, one a file."""

from overparam.data.base import DataGenerator, Dataset, Labels
from overparam.data.file import File
from overparam.data.labels import FileLabels, Gaussian, Rademacher
from overparam.data.separated import Separated, separation
from overparam.data.sphere import Sphere

__all__ = [
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
