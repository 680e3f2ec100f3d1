"""The engine passes the conformance kit; its kernels are compiled for the host."""

from host import Host, needs_compiler
from overparam_cuda import Cuda
from overparam_cuda.engine import cannot_print, leaves_idle

from overparam.testing import conformance


class OnHost(Cuda):
    """The engine with the host instead of a device."""

    def objection(self, job):
        return cannot_print(job)

    def reservation(self, job):
        return leaves_idle(job.problems, 132)

    def _launcher(self, source):
        return Host(source)


test_conformance = needs_compiler(conformance(OnHost()))
