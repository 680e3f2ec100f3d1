"""The executor passes overparam's conformance kit."""

from overparam_dask import Dask

from overparam.testing import conformance

test_conformance = conformance(Dask(workers=2))
