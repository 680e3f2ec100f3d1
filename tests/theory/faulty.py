"""A theorem that fails in a chosen way."""

from dataclasses import dataclass
from typing import ClassVar

from overparam.theory import Conclusion, Theorem


@dataclass(frozen=True)
class Faulty(Theorem):
    """A theorem whose given method raises or returns `fault`."""

    name: ClassVar[str] = "faulty"
    title: ClassVar[str] = "Faulty theorem"
    statement: ClassVar[str] = "It fails."
    reference: ClassVar[str] = "nowhere"
    method: str = "conclusions"
    fault: object = None

    def _answer(self, method, otherwise):
        if self.method != method:
            return otherwise
        if isinstance(self.fault, type) and issubclass(self.fault, BaseException):
            raise self.fault("told to")
        return self.fault

    def objection(self, setting):
        return self._answer("objection", None)

    def hypotheses(self, setting, run):
        return self._answer("hypotheses", ())

    def conclusions(self, setting, run):
        return self._answer("conclusions", [Conclusion("true", 0.5, None, True)])

    def residual_bound(self, setting, run):
        return self._answer("residual_bound", None)

    def probability(self, setting):
        return self._answer("probability", None)
