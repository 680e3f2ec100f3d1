"""A grammar of command lines, from sensible to hostile, and the files that they name, valid and invalid."""

import os
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WHOLE = ["0", "1", "2", "3", "7", "-1", "1.5", "", "many", "1_0", "٣", "1e3", "9" * 5000]
HUGE = [str(2**31), str(2**63 - 1), str(2**63), str(10**30)]
REAL = ["0.5", "1e-3", "0", "-1", "nan", "inf", "1e-200", "1e200", "1e-320", "1e309", "", "x", "1;2"]
RANGES = [
    "2",
    "1:3",
    "2,3",
    "1:6:2",
    "0:2",
    "3:1",
    "1:",
    ":",
    "1:2:3:4",
    ",",
    "a",
    "1:1000",
    "1:300",
    "1:99999999999",
]
RANGES += [*HUGE, "-1:2", "1:5:0", "1,1,1", " 2 ", "2\n"]
JUNK = [
    "",
    " ",
    "x",
    "--",
    "-",
    "φ",
    "a b",
    "\udcff",
    "../..",
    "0",
    "a:b=c",
    "a:",
    ":",
    "a:b",
    "%s",
    "{}",
    "\x01",
    "a" * 3000,
]
ACTIVATIONS = [
    "softplus",
    "relu",
    "hermite:coefficients=0;1;0.5",
    "hermite:coefficients=1",
    "hermite:coefficients=0",
]
ACTIVATIONS += [
    "hermite:coefficients=1e308;1e308",
    "hermite:coefficients=;",
    "softpluss",
    "overparam/relu",
    *JUNK,
]
OPTIMIZERS = [
    "gd",
    "gd:step_size=theorem",
    "gd:step_size=1e300",
    "gd:step_size=0.1",
    "gd:step_size=1e-320",
    "least-squares",
    "sgd:step_size=theorem",
]
OPTIMIZERS += [f"sgd:step_size=0.1,batch_size={size}" for size in (1, 3, 0, -1, 2**31, 2**63, 10**30)]
OPTIMIZERS += ["sgd:step_size=0.1,sampling=reshuffling", "sgd:step_size=0.1,check_every=99", "sgd", *JUNK]
FILES = [
    "good.npz",
    "labelled.npz",
    "good.csv",
    "empty.csv",
    "noise.npz",
    "noise.npy",
    "folder.npy",
    "pipe.csv",
]
FILES += [
    "loop.npz",
    "missing.npz",
    "twice.csv",
    "huge.npy",
    "a.toml",
    "grids.toml",
    "deep.toml",
    "noise.toml",
    "locked.npz",
]
FILES += ["good.study", "noise.study", "empty.study", "loop.study", "\udcff.npz", "device.csv", "."]
STUDIES: tuple[list[str], ...] = (
    [],
    ["good.study"],
    ["good.study", "good.study"],
    ["good.study", "noise.study"],
    ["pipe.csv"],
)
DATA = ["sphere", "separated:delta=0.1", "separated:delta=1.5", "separated:delta=1e-320", "separated", *JUNK]
DATA += [f"file:path={name}" for name in FILES] + [
    "file:path=good.npz,normalize=false",
    "file:path=a\\,b.npz",
]
LABELS = ["gaussian", "rademacher", "file", *JUNK]
EXECUTORS = ["serial", "processes:workers=0", "processes:workers=-1", f"processes:workers={10**30}", *JUNK]

OPTIONS = {
    "--n": ["4", "8", *WHOLE, "2000000000000", *HUGE],
    "--d": ["2", "3", *WHOLE, *HUGE],
    "--k": ["2", "4", *WHOLE, *HUGE],
    "--activation": ACTIVATIONS,
    "--optimizer": OPTIMIZERS,
    "--data": DATA,
    "--labels": LABELS,
    "--seed": [*WHOLE, *HUGE],
    "--trial": [*WHOLE, *HUGE],
    "--max-iterations": ["0", "1", "5", "-1", "x", ""],
    "--tolerance": REAL,
    "--record-every": [*WHOLE, *HUGE],
    "--output": ["out.npz", "out.txt", "folder.npy", "nowhere/out.npz", "good.npz", *JUNK],
    "--plot": ["out.png", "out.svg", "out.bmp", "nowhere/a.png", *JUNK],
    "--json": None,
    "--study": [
        "new.study",
        "good.study",
        "noise.study",
        "folder.npy",
        "nowhere/a.study",
        "loop.study",
        *JUNK,
    ],
    "--trials": ["1", "2", "0", "-1", "x", *HUGE],
    "--combine": ["product", "zip", "x"],
    "--executor": EXECUTORS,
    "--shard": ["1/2", "2/2", "0/2", "3/2", "1/0", "a/b", "1", f"1/{10**30}", *JUNK],
    "--dry-run": None,
    "--verify": ["0", "1", "-1", "x", *HUGE],
    "--grid": RANGES[:12],
    "--order": ["2", "3", "1", "x", "6", *HUGE],
    "--delta": REAL,
    "--probes": ["2", "3", "1", "x", *HUGE],
    "--cells": None,
    "-o": ["out.csv", "out.png", "out.json", "out.x", "nowhere/o.csv", "folder.npy", *JUNK],
    "--loss": ["squared", "logistic", "hinge", *JUNK],
    "--initialization": ["paper", "symmetric", "scaled:hidden=0", "scaled:hidden=1e300,output=nan", *JUNK],
    "--layers": ["hidden", "output", "both", "x", ""],
    "--design": ["grid", "boundary:error=0.5", "boundary:error=0", "boundary:error=nan", "boundary", *JUNK],
    "--report": ["out.html", "out.txt", "good.study", "nowhere/r.html", *JUNK],
    "--claims": ["all", "counting", "counting,nobody", ",", *JUNK],
    "--curves": ["0", "1", "-1", "x", *HUGE],
    "--level": REAL,
    "--panels": None,
    "--gap": None,
    "--details": None,
    "--draws": ["1", "2", "0", "-1", "x"],
    "--kind": ["activation", "optimizer", "data", "loss", "theorem", "design", "x"],
    "--directory": [".", "nowhere", "good.npz"],
    "--help": None,
}
GLOBAL = {
    "--backend": ["numpy", "torch", "cupy", "torch:device=x", "numpy:device=1", *JUNK],
    "--dtype": ["float32", "float64", "float16", ""],
    "--engine": ["auto", "portable", "numba", "warp", *JUNK],
    "--no-plugins": None,
    "--disable-plugin": ["numba", "nobody", "", "φ"],
    "--plugin": ["one.py", "broken.py", "good.csv", "missing.py", "folder.npy", "loop.npz", *JUNK],
    "-v": None,
    "-vv": None,
    "-q": None,
    "--version": None,
}
INSTANCE = ["--n", "--d", "--k", "--activation", "--data", "--labels", "--optimizer", "--seed", "--trial"]
TRAINED = ["--loss", "--initialization", "--layers"]
STOP = ["--tolerance"]
COMMANDS = {
    ("train",): [*INSTANCE, *TRAINED, *STOP, "--record-every", "--output", "--plot", "--json"],
    ("sweep",): [
        *INSTANCE[:-1],
        *TRAINED,
        *STOP,
        "--design",
        "--report",
        "--study",
        "--trials",
        "--combine",
        "--executor",
        "--shard",
        "--dry-run",
        "--verify",
    ],
    ("reproduce",): ["--seed", "--executor", "--json"],
    ("status",): ["--cells", "--json"],
    ("replay",): ["--n", "--k", "--d", "--trial", "--record-every", "--plot", "--json"],
    ("plot",): ["-o", "--panels", "--claims", "--json"],
    ("boundary",): ["-o", "--level", "--claims", "--json"],
    ("report",): ["-o", "--curves", "--claims", "--json"],
    ("export",): ["-o", "--json"],
    ("merge",): ["-o", "--json"],
    ("salvage",): ["-o", "--json"],
    ("theory",): [*INSTANCE, "--order", "--plot", "--json"],
    ("certify",): [
        *INSTANCE,
        *TRAINED,
        *STOP,
        "--delta",
        "--probes",
        "--gap",
        "--draws",
        "--details",
        "--plot",
        "--json",
    ],
    ("describe",): ["--json"],
    ("plugins", "list"): ["--json"],
    ("plugins", "check"): [],
    ("plugins", "new"): ["--kind", "--directory"],
    ("info",): ["--json"],
    ("nonsense",): [],
}
POSITIONAL: dict[tuple[str, ...], tuple[list[str], ...]] = {
    ("sweep",): ([], ["a.toml"], ["grids.toml"], ["deep.toml"], ["noise.toml"], ["pipe.csv"], ["folder.npy"]),
    ("reproduce",): (["fig2a"], ["fig9"], []),
    ("merge",): ([], ["good.study"], ["good.study", "new.study"], ["noise.study", "good.study"]),
    ("describe",): ([], ["gd"], ["optimizers"], ["tanh"], *([word] for word in JUNK)),
    # Without ["overparam"]: a check of all built-in components takes longer than a command may take here.
    ("plugins", "check"): ([], ["numba"], ["nobody"], ["\udcff"]),
    **dict.fromkeys((("boundary",), ("report",)), STUDIES),
    ("plugins", "new"): (["swish"], ["none"], ["Bad Name"], ["relu"], ["a" * 300], []),
    **{
        (name,): tuple([file] for file in FILES) for name in ("status", "plot", "export", "replay", "salvage")
    },
}
BASE = {  # options that keep a valid line small
    ("train",): ["--n", "6", "--d", "2", "--k", "4", "--max-iterations", "3"],
    ("sweep",): ["--n", "6", "--d", "1:2", "--k", "2", "--max-iterations", "3", "--trials", "1"],
    ("reproduce",): ["--grid", "1", "--trials", "1", "--max-iterations", "1"],
    ("replay",): ["--n", "6", "--d", "2", "--k", "2"],
    ("report",): ["-o", "out.html"],
    ("theory",): ["--n", "6", "--d", "2", "--k", "2"],
    ("certify",): ["--n", "6", "--d", "2", "--k", "4", "--max-iterations", "3"],
    ("plugins", "new"): ["--kind", "data"],
}


@dataclass(frozen=True)
class CommandLine:
    """Arguments in groups; when a failing line is made smaller, whole groups are removed."""

    groups: tuple[tuple[str, ...], ...]

    @property
    def arguments(self):
        return [word for group in self.groups for word in group]

    def smaller(self):
        """Yield this command line without one of its groups; the command itself always stays."""
        for i, group in enumerate(self.groups):
            if group not in COMMANDS:
                yield CommandLine((*self.groups[:i], *self.groups[i + 1 :]))


def draw(rng: random.Random) -> CommandLine:
    """Draw a command line: a command, small sizes, and some options with any values, in any order."""
    command = rng.choice([*COMMANDS, ("train",), ("train",), ("sweep",), ("sweep",), ("sweep",)])
    base = BASE.get(command, [])
    groups = [tuple(base[i : i + 2]) for i in range(0, len(base), 2)]
    groups += [tuple(words) for words in [rng.choice(POSITIONAL.get(command, ([],)))] if words]
    known = COMMANDS[command]
    for _ in range(rng.randrange(4)):
        name = rng.choice(known) if known and rng.random() < 0.93 else rng.choice(list(OPTIONS))
        values = RANGES if command == ("sweep",) and name in ("--n", "--k", "--d") else OPTIONS[name]
        groups.append((name,) if values is None else (name, rng.choice(values)))
    before: list[tuple[str, ...]] = []
    after: list[tuple[str, ...]] = []
    for _ in range(rng.randrange(3)):
        name = rng.choice(list(GLOBAL))
        values = GLOBAL[name]
        group = (name,) if values is None else (name, rng.choice(values))
        (before if rng.random() < 0.8 else after).append(group)
    if rng.random() < 0.1:
        rng.shuffle(groups)
    return CommandLine((*before, command, *groups, *after))


def write_files(folder: Path) -> None:
    """Write the files, valid and invalid; the caller creates `good.study`."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((6, 2))
    np.savez(folder / "good.npz", X=X)
    np.savez(folder / "labelled.npz", X=X, y=X[:, 0])
    np.savetxt(folder / "good.csv", X, delimiter=",")
    (folder / "twice.csv").write_text("x,y,y\n1,2,3\n")
    (folder / "one.py").write_text("import overparam\n")
    (folder / "broken.py").write_text("raise SystemExit(0)\n")
    for name in ("empty.csv", "empty.study"):
        (folder / name).touch()
    for name in ("noise.npz", "noise.npy", "noise.study", "noise.toml", "\udcff.npz"):
        (folder / name).write_bytes(rng.bytes(3000))
    (folder / "folder.npy").mkdir()
    os.mkfifo(folder / "pipe.csv")
    for name in ("loop.npz", "loop.study"):
        (folder / name).symlink_to(folder / name)
    (folder / "device.csv").symlink_to("/dev/zero")
    (folder / "locked.npz").write_bytes((folder / "good.npz").read_bytes())
    (folder / "locked.npz").chmod(0)
    with (folder / "huge.npy").open("wb") as handle:
        header = {"descr": "<f8", "fortran_order": False, "shape": (1 << 20, 1 << 20)}
        np.lib.format.write_array_header_1_0(handle, header)
    (folder / "a.toml").write_text('version = 1\nactivation = ["relu", "softplus"]\n')
    (folder / "grids.toml").write_text("version = 1\n" + "[[grid]]\nk = [1, 2]\nd = '1:2'\nn = 6\n" * 300)
    (folder / "deep.toml").write_text("version = 1\nk = " + "[" * 5000 + "]" * 5000)
