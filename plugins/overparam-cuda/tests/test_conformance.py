"""The engine keeps the contract that the kit checks; the kernels run on the host's compiler."""

from host import Host, needs_compiler
from overparam_cuda import Cuda
from overparam_cuda.engine import fills, printed

from overparam.plugin import FirstOrder, Unrecordable
from overparam.testing import conformance


class OnHost(Cuda):
    """The engine with a host in the place of the device."""

    def can_run(self, job):
        if not isinstance(job.optimizer, FirstOrder):
            return "not a first-order method"
        try:
            printed(job.activation, job.optimizer, job.dtype)
        except Unrecordable as error:
            return str(error)
        return True

    def should_run(self, job):
        return fills(job.problems, 132)

    def _launcher(self, source):
        return Host(source)


test_conformance = needs_compiler(conformance(OnHost()))
