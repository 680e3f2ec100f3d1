"""The search for the boundary compared with the grid of Figure 2a, both trained: cost and coverage.

python -m tests.sweeps.trained [SEEDS] [FOLDER]

For each seed the grid is trained; then the boundary is searched at every d, up to the standard error that
the grid reached there. The true width is taken from the grids of all seeds together: 20 seeds give 200 trials
per cell and 400 per width, because an odd k and the even k below it are the same network. Studies and results
are kept in the folder, and a second call resumes. A seed takes one or two minutes on two cores.
"""

import json
import math
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np

import overparam as op
from overparam.studies import load_study

COLUMNS = range(8, 26)  # the columns that are compared
SETTING = {"n": 100, "dtype": "float32", "progress": False}


def compare(seed, folder):
    """Train a grid and the searches; return cost, standard error and interval of both for every d."""
    path = folder / f"grid-{seed}.study"
    op.sweep(k="1:25", d="1:25", trials=10, seed=seed, study=str(path), **SETTING)
    crossings = list(load_study(path).boundary().crossings)
    result = {"seed": seed, "whole": sum(crossing.updates for crossing in crossings), "columns": []}
    for grid in crossings:
        if grid.d not in COLUMNS or grid.standard_error is None:
            continue
        study = folder / f"search-{seed}-{grid.d}.study"
        design = f"boundary:error={grid.standard_error:.6f}"
        op.sweep(d=grid.d, design=design, seed=seed, study=str(study), **SETTING)
        (search,) = load_study(study).boundary().crossings
        result["columns"].append({"d": grid.d, "grid": _summary(grid), "search": _summary(search)})
    return result


def _summary(crossing):
    return {
        "interval": [crossing.k_low, crossing.k_high],
        "error": crossing.standard_error,
        "updates": crossing.updates,
    }


def widths(folder):
    """Width at which half of the trials of all grids succeed, by d; the logit is interpolated in log k."""
    tried, succeeded = defaultdict(int), defaultdict(int)
    for path in folder.glob("grid-*.study"):
        for row in load_study(path):
            cell = row.d, 2 * (row.k // 2)
            tried[cell] += 1
            succeeded[cell] += row.success
    found = {}
    for d in COLUMNS:
        points = [
            (math.log(k), math.log((succeeded[d, k] + 0.5) / (tried[d, k] - succeeded[d, k] + 0.5)))
            for k in range(2, 26, 2)
        ]
        (x, low), (above, high) = next(pair for pair in pairwise(points) if pair[0][1] < 0 <= pair[1][1])
        found[d] = math.exp(x - low * (above - x) / (high - low))
    return found


def main(seeds=20, folder="searches"):
    """Run the comparisons that are missing, then print the comparison over all seeds."""
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    kept = folder / "results.jsonl"
    results = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    for seed in range(1, seeds + 1):
        if all(result["seed"] != seed for result in results):
            results.append(compare(seed, folder))
            with kept.open("a") as file:
                file.write(json.dumps(results[-1]) + "\n")
    print(f"{len(results)} seeds; updates of the searches over those of the grid, mean (least to most):")
    spent = [sum(c["search"]["updates"] for c in result["columns"]) for result in results]
    for name, of_grid in (
        ("the whole grid", [result["whole"] for result in results]),
        ("its columns", [sum(c["grid"]["updates"] for c in result["columns"]) for result in results]),
    ):
        ratios = [a / b for a, b in zip(spent, of_grid, strict=True)]
        print(f"  {name}: {sum(spent) / sum(of_grid):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    truth = widths(folder)
    columns = [column for result in results for column in result["columns"]]
    for design in ("search", "grid"):
        held = [c[design]["interval"][0] <= truth[c["d"]] <= c[design]["interval"][1] for c in columns]
        print(f"  the {design}'s intervals hold the width: {sum(held)} of {len(held)}, {np.mean(held):.3f}")
    worse = sum(c["search"]["error"] > 1.0001 * c["grid"]["error"] for c in columns)
    print(f"  searches that stopped above the grid's standard error: {worse}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, *sys.argv[2:3])
