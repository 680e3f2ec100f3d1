"""``python -m tests.benchmarks``: measure the engines and their peers, and write the page."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click

from tests.benchmarks.agreement import disagreements
from tests.benchmarks.cells import ACTIVATIONS, DTYPES, LARGE, SAMPLES, SHAPES, grid
from tests.benchmarks.contenders import CONTENDERS, FUSED
from tests.benchmarks.machine import BUSY, load

_PAGE = Path(__file__).parents[2] / "docs" / "design" / "benchmarks-cpu.md"
_ROUNDS = 3
_QUICK_SHAPES, _QUICK_SAMPLES, _QUICK_ROUNDS = ((10, 10), (25, 25)), (100,), 2


class _Shapes(click.ParamType[tuple[tuple[int, int], ...]]):
    """Shapes like 5x5,10x20."""

    name = "KxD,KxD,…"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[int, int], ...]:
        """Parse."""
        try:
            pairs = [tuple(map(int, pair.split("x"))) for pair in value.split(",")]
            return tuple((k, d) for k, d in pairs if k > 0 and d > 0)
        except ValueError:
            self.fail(f"shapes are k and d joined by x, as in 5x5,10x20; got {value!r}", param, ctx)


@click.command()
@click.option("--quick", is_flag=True, help="Two shapes at n = 100: about two minutes.")
@click.option("--rounds", type=click.IntRange(min=1), help="Rounds of each cell.  [default: 3, quick: 2]")
@click.option("--cells", type=_Shapes(), help="Shapes (k, d) to measure instead of the usual five.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=_PAGE,
    show_default="docs/design/benchmarks-cpu.md",
    help="Where the page is written.",
)
@click.option("--large", is_flag=True, help="Only the large runs that all cores share.")
def main(
    quick: bool, rounds: int | None, cells: tuple[tuple[int, int], ...] | None, output: Path, large: bool
) -> None:
    """Measure the engines and their peers in one interleaved run, and write the page."""
    if reason := FUSED.missing():
        raise click.ClickException(f"the fused engine is what is measured, and {reason}")
    before, started = load(), time.perf_counter()
    if before > BUSY:
        click.echo(f"warning: the load average is {before:.1f}; an idle machine's is below {BUSY}", err=True)
    with tempfile.TemporaryDirectory() as folder:
        # An empty cache, so that the compilation really happens and its seconds are measured.
        os.environ["OVERPARAM_CACHE_DIR"] = folder
        text = _measured(
            () if large else (cells or (_QUICK_SHAPES if quick else SHAPES)),
            _QUICK_SAMPLES if quick else SAMPLES,
            () if (quick or cells) and not large else LARGE,
            rounds or (_QUICK_ROUNDS if quick else _ROUNDS),
            before,
        )
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output} written after {(time.perf_counter() - started) / 60:.1f} minutes")


def _measured(
    shapes: tuple[tuple[int, int], ...],
    samples: tuple[int, ...],
    large: tuple[tuple[int, int, int], ...],
    rounds: int,
    before: float,
) -> str:
    # These modules need numba; if it is missing, `main` reports that in one line.
    from tests.benchmarks.gelu import gelu_against_softplus
    from tests.benchmarks.measure import measure
    from tests.benchmarks.report import best_peer_ratio, page

    contenders = [contender for contender in CONTENDERS if contender.missing() is None]
    left_out = [f"{c.name} was not measured: {reason}" for c in CONTENDERS if (reason := c.missing())]
    cells = [*grid(shapes, samples, large=large)]
    measurements = []
    for number, cell in enumerate(cells, 1):
        measurements.append(found := measure(cell, contenders, rounds))
        rates = ", ".join(f"{name} {rate / 1e3:.1f}k" for name, rate in found.rates.items())
        click.echo(
            f"[{number}/{len(cells)}] {cell.activation.name} {cell.dtype} n={cell.n} k={cell.k} d={cell.d} "
            f"batch={cell.batch}: {rates} updates/s; {best_peer_ratio(found):.1f} × the best peer"
        )
    # This check comes after the measurements, because it compiles and first calls must be measured.
    if unequal := disagreements(contenders, ACTIVATIONS, DTYPES):
        raise click.ClickException("the contenders do not train alike: " + "; ".join(unequal))
    gelu = gelu_against_softplus(rounds)
    return page(measurements, gelu, rounds=rounds, loads=(before, load()), left_out=left_out)


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmarks")
