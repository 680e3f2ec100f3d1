"""Workers of a local cluster import nothing from the folder in which the sweep was started."""

import subprocess
import sys

MODULES = ("socket", "signal", "pickle", "multiprocessing", "json", "distributed", "numpy")


def test_nothing_is_imported_from_the_current_folder(tmp_path):
    here, script = tmp_path / "here", tmp_path / "bin" / "script.py"
    here.mkdir()
    script.parent.mkdir()
    for module in MODULES:
        (here / f"{module}.py").write_text(f"open('executed-{module}', 'w').close()\nraise SystemExit(7)\n")
    script.write_text("if __name__ == '__main__':\n    from overparam.__main__ import run; run()\n")
    small = ("--n", "6", "--k", "2", "--d", "1:2", "--max-iterations", "3", "--trials", "1")
    command = [sys.executable, str(script), "sweep", *small, "--executor", "dask:workers=1"]
    done = subprocess.run(command, cwd=here, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in here.glob("executed-*")) == []
