"""The built-in components pass the checks that a plugin's author runs."""

import numpy as np
import pytest

from overparam.methods import GradientDescent, LeastSquares, StochasticGradientDescent
from overparam.model.activations import Hermite, ReLU, Softplus
from overparam.model.data import Cube, File, FileLabels, Gaussian, Rademacher, Separated, Sphere
from overparam.reproductions import (
    Capacity,
    Figure2,
    JacobianRank,
    Lazy,
    MontanariZhong,
    PolaczykFigure2,
    Scaling,
)
from overparam.runs import Portable
from overparam.sweeps import BoundarySearch, FullGrid, Processes, Serial
from overparam.testing import Verdict, checks_for, conformance, examples, run_check

test_activations = conformance(Softplus(), ReLU(), Hermite((0.0, 0.5, 0.0, 0.2)), Hermite((0.3,)))
test_optimizers = conformance(
    GradientDescent(),
    GradientDescent("theorem"),
    GradientDescent("jacobian"),
    StochasticGradientDescent(0.5),
    StochasticGradientDescent(0.5, batch_size=4, sampling="reshuffling", check_every=3),
    LeastSquares(),
)
test_data = conformance(Sphere(), Cube(), Separated(0.3))
test_labels = conformance(Gaussian(), Rademacher(), FileLabels())
test_engines = conformance(Portable())
test_executors = conformance(Serial(), Processes(workers=2))
test_figures = conformance(
    *(
        example
        for cls in (Figure2, Capacity, Scaling, PolaczykFigure2, JacobianRank, Lazy, MontanariZhong)
        for example in examples(cls)
    )
)
test_designs = conformance(FullGrid(), BoundarySearch(), BoundarySearch(0.1, trials=30, batch=7))


@pytest.mark.parametrize("normalize", [True, False])
def test_data_from_a_file(tmp_path, normalize):
    np.savez(tmp_path / "a.npz", X=np.random.default_rng(0).standard_normal((6, 3)), y=np.arange(6.0))
    results = [run_check(check) for check in checks_for(File(tmp_path / "a.npz", normalize))]
    assert [r for r in results if r.verdict is Verdict.FAILED] == []
    skipped = {r.check for r in results if r.verdict is Verdict.SKIPPED}
    assert skipped == {"declared-separation-holds"} | (set() if normalize else {"rows-are-unit-vectors"})


@pytest.mark.parametrize("cls", [Softplus, Hermite, Separated, StochasticGradientDescent])
def test_there_are_examples_of_every_class(cls):
    assert all(isinstance(example, cls) for example in examples(cls))
    assert examples(cls)
