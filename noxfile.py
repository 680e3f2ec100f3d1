"""The project's sessions: what runs here runs in CI through the same sessions."""

import nox

nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "venv"


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and the direction of imports."""
    session.install(
        "-e", ".", *nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "lint")
    )
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite."""
    session.install(
        "-e", ".", *nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "test")
    )
    session.run("pytest", *session.posargs)
