"""The engine keeps the contract that the kit checks; the kernels run on the host's compiler."""

from host import Host, needs_compiler
from overparam_cuda import Cuda
from overparam_cuda.engine import fills, printable

from overparam.testing import conformance


class OnHost(Cuda):
    """The engine with a host in the place of the device."""

    def can_run(self, job):
        return printable(job)

    def should_run(self, job):
        return fills(job.problems, 132)

    def _launcher(self, source):
        return Host(source)


test_conformance = needs_compiler(conformance(OnHost()))
