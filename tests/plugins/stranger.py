"""A new user's shell: a fresh virtual environment with pip, pytest and overparam, and an empty folder."""

import os
import site
import subprocess
import sys
import time
import venv

from tests.plugins.installed import Finished

# A new environment would download packages. These settings avoid it: this environment's packages are used.
_OFFLINE = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


class Stranger:
    """A user who types command lines, one after another, in a new folder."""

    def __init__(self, folder):
        self.folder = folder / "work"
        self.folder.mkdir()
        self.seconds = 0.0
        environment = folder / "environment"
        venv.create(environment, symlinks=True)
        [packages] = environment.glob("lib/python*/site-packages")
        seen = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), os.getcwd(), *site.getsitepackages()]
        lines = [f"import site; site.addsitedir({path!r})\n" for path in seen if path]
        (packages / "seen.pth").write_text("".join(lines))
        python = environment / "bin" / "python"
        for program in ("overparam", "pip", "pytest"):
            script = environment / "bin" / program
            script.write_text(f'#!/bin/sh\nexec "{python}" -m {program} "$@"\n')
            script.chmod(0o755)
        path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "OVERPARAM"))
        }
        self._environment = {**kept, **_OFFLINE, "PATH": path, "VIRTUAL_ENV": str(environment)}

    def types(self, line):
        """Run a line of shell; its exit code must be 0, and no plugin may be set aside with a warning."""
        started = time.perf_counter()
        done = Finished(
            subprocess.run(
                ["bash", "-c", line],
                capture_output=True,
                text=True,
                cwd=self.folder,
                env=self._environment,
                timeout=300,
            )
        )
        seconds = time.perf_counter() - started
        self.seconds += seconds
        print(f"{seconds:6.1f} s  {line}", file=sys.stderr)
        assert done.code == 0, (line, done.output, done.errors)
        assert "Warning" not in done.errors, (line, done.errors)
        return done
