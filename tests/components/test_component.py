"""How components are specified and built, and the error messages for those that cannot be built."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam.components import Component, ComponentError, build, parse_specification, unknown_name


@dataclass(frozen=True)
class Sample(Component):
    """One parameter of every type."""

    name: ClassVar[str] = "sample"
    size: float
    count: int = 3
    flag: bool = False
    mode: Literal["up", "down"] = "up"
    values: tuple[float, ...] = ()
    path: Path | None = None
    step: float | Literal["auto"] = "auto"


def test_parsing_and_conversion():
    name, parameters = parse_specification(
        "sample:size=2,count=7,flag=yes,mode=down,values=0;0.5;-1,step=0.1"
    )
    built = build(Sample, parameters)
    assert name == "sample"
    assert built == Sample(2.0, 7, True, "down", (0.0, 0.5, -1.0), None, 0.1)
    assert build(Sample, {"size": "1", "step": "auto"}).step == "auto"


@given(
    st.builds(
        Sample,
        size=st.floats(allow_nan=False, allow_infinity=False),
        count=st.integers(),
        flag=st.booleans(),
        mode=st.sampled_from(["up", "down"]),
        values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1).map(tuple),
        path=st.none() | st.sampled_from([Path("a,b.npz"), Path("c d.csv")]),
        step=st.just("auto") | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_a_component_is_what_its_specification_builds(component):
    name, parameters = parse_specification(component.specification())
    assert (name, build(Sample, parameters)) == ("sample", component)


def test_numpys_scalars_are_spelled_as_pythons():
    component = Sample(
        np.float64(0.1),
        np.int64(7),
        True,
        values=tuple(np.linspace(0, 1, 3)),
        step=np.float32(0.1),
    )
    text = component.specification()
    assert text == "sample:size=0.1,count=7,flag=true,values=0;0.5;1,step=0.10000000149011612"
    built = build(Sample, parse_specification(text)[1])
    assert built == component


@pytest.mark.parametrize("error", [ValueError, TypeError, OverflowError, ZeroDivisionError])
def test_what_a_constructor_raises_is_said_of_the_component(error):
    @dataclass(frozen=True)
    class Refusing(Component):
        name: ClassVar[str] = "refusing"

        def __post_init__(self):
            raise error("too much of it")

    with pytest.raises(ComponentError, match="refusing: too much of it"):
        build(Refusing, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not name a component"),
        (":size=1", "does not name a component"),
        ("sample:", "ends in a colon"),
        ("sample:size", "not of the form key=value"),
        ("sample:size=", "not of the form key=value"),
        ("sample:=1", "not of the form key=value"),
        ("sample:size=1,,count=2", "not of the form key=value"),
        ("sample:size=1,size=2", "gives size twice"),
        ("sample", "sample needs size"),
        ("sample:size=big", "size must be a number, got 'big'"),
        ("sample:size=nan", "size must be a number"),
        ("sample:size=1e400", "size must be a number"),
        ("sam ple:size=1", "does not name a component"),
        ("sample:size=1\nmode=up", "size must be a number"),
        ("sample:size=1,path=a,b", "'b' in 'sample:size=1,path=a,b' is not of the form key=value"),
        ("sample:size=1,step=soon", "step must be a number or 'auto', got 'soon'"),
        ("sample:size=1,count=2.5", "count must be a whole number"),
        ("sample:size=1,flag=maybe", "flag must be true or false"),
        ("sample:size=1,mode=left", "mode must be 'up' or 'down'"),
        ("sample:size=1,values=1;x", "values must be a list"),
        ("sample:size=1,color=red", "has no parameter 'color'; it takes: size, count"),
        ("sample:sizes=1", "; did you mean 'size'?"),
    ],
)
def test_what_is_said_of_a_malformed_component(text, said):
    with pytest.raises(ComponentError) as caught:
        build(Sample, parse_specification(text)[1])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_name_lists_the_choices_and_the_nearest():
    error = unknown_name("activation", "softpuls", ["relu", "softplus"])
    assert str(error) == "unknown activation 'softpuls': choose from relu, softplus; did you mean 'softplus'?"


def test_an_unknown_name_says_where_it_is():
    elsewhere = {"tanh": "in a-package, which is not installed: pip install it"}
    said = str(unknown_name("activation", "tanh", ["relu"], elsewhere))
    assert said == "unknown activation 'tanh': choose from relu; tanh is " + elsewhere["tanh"]
    said = str(unknown_name("activation", "tahn", ["relu"], elsewhere))
    assert said.endswith("choose from relu; did you mean 'tanh'? It is " + elsewhere["tanh"])
    said = str(unknown_name("activation", "rleu", ["relu"], elsewhere))
    assert said.endswith("choose from relu; did you mean 'relu'?")
    assert str(unknown_name("activation", "zzz", [], elsewhere)).endswith("choose from none")
