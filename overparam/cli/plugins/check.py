"""``overparam plugins check``: the conformance kit, run on every component of a distribution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Failure, Settings
from overparam.components import ComponentError
from overparam.components.faults import calling
from overparam.plugins import Plugin, Registry
from overparam.testing import Check, Result, Skipped, Verdict, checks_for, examples, run_check

__all__ = ["check_plugin"]

_COLOURS = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.SKIPPED: "yellow"}


@click.command("check")
@click.argument("distribution")
@json_flag
@click.pass_obj
def check_plugin(settings: Settings, distribution: str, as_json: bool) -> None:
    """Check every component of DISTRIBUTION, or of the plugin with that name.

    Components with parameters that have no default are checked with the instances that a static method
    examples() of their class returns. The exit code is 1 if a check fails.
    """
    rows: list[dict[str, Any]] = []
    for plugin in plugins_called(settings.registry, distribution):
        for subject, result in _results(plugin):
            rows.append(_row(subject, result))
            if not as_json:
                _print(rows[-1])
    counts = {str(verdict): sum(row["verdict"] == verdict for row in rows) for verdict in Verdict}
    if as_json:
        echo_json({"distribution": distribution, "checks": rows, **counts})
    else:
        echo(", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
    if failed := counts[Verdict.FAILED]:
        raise Failure(f"{distribution}: {failed} checks failed", 1)


def plugins_called(registry: Registry, name: str) -> list[Plugin]:
    """Return the plugins of a distribution, or the plugin with that name.

    Raises
    ------
    ComponentError
        If there is none; the message lists the installed ones.
    """
    if found := [plugin for plugin in registry.plugins if plugin.is_called(name)]:
        return found
    known = ", ".join(sorted({plugin.distribution for plugin in registry.plugins}))
    raise ComponentError(f"no plugin is installed from {name!r}; installed are: {known}")


def _results(plugin: Plugin) -> Iterator[tuple[str, Result]]:
    """Yield the result of every check of every component."""
    yield plugin.name, run_check(Check("loads", lambda: _loads(plugin)))
    for cls in plugin.components:
        subject = f"{cls.kind} {cls.name}"
        try:
            instances = examples(cls)
        except Skipped as reason:
            yield subject, Result("examples", Verdict.SKIPPED, str(reason), 0.0)
            continue
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            message = f"examples() raised {type(error).__name__}: {error}"
            yield subject, Result("examples", Verdict.FAILED, message, 0.0)
            continue
        for instance in instances:
            with calling(cls):
                checks, subject = checks_for(instance), f"{cls.kind} {instance.specification()}"
            for check in checks:
                yield subject, run_check(check)


def _loads(plugin: Plugin) -> None:
    if report := plugin.report():
        raise AssertionError(report)
    if plugin.disabled:
        raise Skipped("it is disabled")


def _row(subject: str, result: Result) -> dict[str, Any]:
    return {
        "component": subject,
        "check": result.check,
        "verdict": str(result.verdict),
        "message": result.message,
        "seconds": result.seconds,
    }


def _print(row: dict[str, Any]) -> None:
    verdict = click.style(f"{row['verdict']:<8}", fg=_COLOURS[Verdict(row["verdict"])])
    echo(f"{verdict} {row['component']:<28} {row['check']}")
    if row["message"]:
        echo(f"{'':<9}{row['message']}")
