"""Components: what a user can name, who brings it, and whose fault an error is."""

from overparam.components.component import (
    Component,
    ComponentError,
    Identity,
    Resolve,
    build,
    handed_over,
    parse_specification,
    require_positive,
    unknown_name,
)

__all__ = [
    "Component",
    "ComponentError",
    "Identity",
    "Resolve",
    "build",
    "handed_over",
    "parse_specification",
    "require_positive",
    "unknown_name",
]
