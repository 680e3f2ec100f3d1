"""A new author's way to a working plugin: new, install, test, check, and all commands that `new` proposes."""

import importlib.util
import sys

import pytest

from overparam.cli.scaffold import KINDS
from tests.plugins.stranger import Stranger

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or importlib.util.find_spec("hatchling") is None,
    reason="needs hatchling, which builds the package, and bash, which runs the lines",
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_step_fails(tmp_path, kind):
    stranger = Stranger(tmp_path)
    written = stranger.types(f"overparam plugins new my-thing --kind {kind}")
    proposed = [line.strip() for line in written.output.splitlines() if line.startswith("    ")]
    assert proposed[:3] == [
        "pip install -e overparam-my-thing",
        "pytest overparam-my-thing",
        "overparam plugins check overparam-my-thing",
    ]
    uses = proposed[3:]
    assert uses
    readme = (stranger.folder / "overparam-my-thing" / "README.md").read_text(encoding="utf-8")
    assert all(f"{line}\n" in readme for line in uses)
    for line in proposed[:2]:
        stranger.types(line)
    checked = stranger.types(f"{proposed[2]} --json").document
    assert checked["failed"] == 0
    assert checked["passed"] >= 5
    for line in uses:
        document = stranger.types(f"{line} --json").document
        if "theory" not in line:
            assert "my-thing" in str(document)
        if "certify" in line:
            assert document["failed"] == []
    print(f"{stranger.seconds:6.1f} s  a stranger's path with {KINDS[kind].family.kind}", file=sys.stderr)
