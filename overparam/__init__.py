"""overparam: moderate overparameterization (Oymak & Soltanolkotabi, arXiv:1902.04674), runnable."""

from overparam.problems import Problem, draw_problem

__all__ = ["Problem", "draw_problem"]
