"""Quantities of methods and theory: Gaussian expectations, Hermite series, Khatri–Rao products, intervals."""
