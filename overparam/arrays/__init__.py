"""Arrays: helpers for the Array API standard; backends and special functions in their own modules."""

from overparam.arrays.namespace import Array, Namespace, array_namespace, dot, form_of, squared_norm

__all__ = [
    "Array",
    "Namespace",
    "array_namespace",
    "dot",
    "form_of",
    "squared_norm",
]
