"""A group of commands that names the nearest one where it has none of the name typed."""

from __future__ import annotations

import click

from overparam.components import did_you_mean

__all__ = ["NearestGroup"]


class NearestGroup(click.Group):
    """A group whose error for an unknown command names the nearest; click has that from 8.4 on only."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and name[:1].isalnum() and not ctx.resilient_parsing:
            ctx.fail(f"No such command {name!r}{did_you_mean(name, known)}")
        return super().resolve_command(ctx, args)
