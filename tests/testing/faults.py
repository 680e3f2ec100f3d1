"""How a planted fault is stated: a component, the check that must fail, and what it must say."""

from overparam.testing import Verdict, checks_for, run_check


def result_of(component, name):
    """Run the check of this name on a component."""
    [check] = [check for check in checks_for(component) if check.name == name]
    return run_check(check)


def assert_found(component, name, said):
    """The check fails on the component, with a message that says so."""
    result = result_of(component, name)
    assert result.verdict is Verdict.FAILED, (result.verdict, result.message)
    assert said in result.message


def names_of(*components):
    """All names of checks that do not need hardware."""
    return {check.name for component in components for check in checks_for(component)} - {"runs-on-cupy"}
