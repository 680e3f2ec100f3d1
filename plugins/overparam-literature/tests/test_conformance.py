"""Every claim and theorem of this distribution passes overparam's conformance kit."""

from overparam_literature import hooks

from overparam.testing import conformance

test_conformance = conformance(*(cls() for cls in (*hooks.overparam_claims(), *hooks.overparam_theorems())))
