"""Helpers for planted faults: a component, the check that must fail on it, and the expected message."""

from overparam.testing import Verdict, checks_for, run_check


def result_of(component, name):
    """Run the check with this name on a component."""
    [check] = [check for check in checks_for(component) if check.name == name]
    return run_check(check)


def assert_found(component, name, said):
    """Assert that the check fails on the component with a message that contains `said`."""
    result = result_of(component, name)
    assert result.verdict is Verdict.FAILED, (result.verdict, result.message)
    assert said in result.message


def names_of(*components):
    """Names of all checks that need no special hardware."""
    return {check.name for component in components for check in checks_for(component)} - {"runs-on-cupy"}
