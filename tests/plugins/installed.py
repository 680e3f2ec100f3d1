"""Install distributions on a temporary path, and run the command line with them."""

import json
import os
import subprocess
from textwrap import dedent

from tests import forked


def install(site, distribution, source, *, version="1.0", entry_points=None):
    """Write a module and its .dist-info to the folder `site`; the entry point has the distribution's name."""
    module = distribution.replace("-", "_")
    (site / f"{module}.py").write_text(dedent(source), encoding="utf-8")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    lines = [f"{name} = {target}" for name, target in (entry_points or {distribution: module}).items()]
    (info / "entry_points.txt").write_text("\n".join(["[overparam]", *lines, ""]))


class Finished:
    """The result of a finished process."""

    def __init__(self, done):
        self.code = done.returncode
        self.output = done.stdout
        self.errors = done.stderr

    @property
    def document(self):
        return json.loads(self.output)

    def warnings(self, about):
        """The lines on standard error that name a distribution."""
        return [line for line in self.errors.splitlines() if about in line]


def overparam(site, *arguments, **environment):
    """Run the command line in a separate process, with the distributions in `site` installed."""
    path = os.pathsep.join(filter(None, [str(site), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [*forked.command(), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, **environment},
        timeout=120,
    )
    return Finished(done)
