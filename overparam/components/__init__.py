"""Components: named parts that a user selects, who provides them, and which one caused an error."""

from overparam.components.component import (
    Component,
    ComponentError,
    Identity,
    Resolve,
    build,
    did_you_mean,
    field_types,
    handed_over,
    parse_specification,
    require_positive,
    unknown_name,
)
from overparam.components.description import Description, Parameter, describe_class

__all__ = [
    "Component",
    "ComponentError",
    "Description",
    "Identity",
    "Parameter",
    "Resolve",
    "build",
    "describe_class",
    "did_you_mean",
    "field_types",
    "handed_over",
    "parse_specification",
    "require_positive",
    "unknown_name",
]
