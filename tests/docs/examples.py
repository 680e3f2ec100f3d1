"""Run the examples of a page as a reader would: in order and in one folder.

Python blocks share one module; console blocks go through bash. A block with a file name (```toml wide.toml)
is written to that file, and Python blocks with the same file name are joined in one file. A file whose name
begins with `overparam_` counts as an installed plugin. Two comments in a page's source have an effect:
`<!-- skip: next "reason" -->` skips an example, and `<!-- when tested: NAME=VALUE … -->` sets environment
variables from there on, which shortens examples that take long.
"""

import re
import subprocess
import sys
import types
from pathlib import Path
from unittest import SkipTest

from sybil import Document, Region
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, RawFencedCodeBlockLexer

from tests import forked
from tests.plugins.installed import install

BLOCKS = RawFencedCodeBlockLexer(re.compile(r"(?P<language>\w+)(?: (?P<file>\S+))?$\n", re.MULTILINE))
SETTINGS = DirectiveInHTMLCommentLexer("when tested")
BASH = """
set -euo pipefail
overparam() { $OVERPARAM "$@"; }
pip() { :; }     # the tests' environment has what the pages install
nox() { :; }     # would run these very tests
pytest() { :; }  # of a new package, where `overparam plugins check` makes the same checks
head() { command head "$@"; cat > /dev/null; }  # reads to the end, so that whoever writes to it never fails
"""


def run_page(path, monkeypatch):
    """Run a page's examples in the current folder; return the reasons of those that the page skips."""

    def settings(document):
        for comment in SETTINGS(document):
            yield Region(comment.start, comment.end, comment.lexemes["arguments"], set_them)

    def set_them(example):
        for pair in example.parsed.split():
            monkeypatch.setenv(*pair.split("=", 1))

    document = Document.parse(str(path), _blocks, settings, SkipParser())
    module = types.ModuleType(f"page_{path.stem.replace('-', '_')}")
    document.namespace = vars(module)
    monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look up annotations there
    monkeypatch.setenv("OVERPARAM", " ".join(forked.command()))
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()), prepend=":")
    skipped = []
    for example in document:
        try:
            example.evaluate()
        except SkipTest as reason:
            skipped.append(str(reason))
    return skipped


def _blocks(document):
    for block in BLOCKS(document):
        yield Region(block.start, block.end, block.lexemes, _run)


def _run(example):
    language, file, text = (example.parsed[name] for name in ("language", "file", "source"))
    if file:
        with open(file, "a" if language == "python" else "w", encoding="utf-8") as written:
            written.write(text)
        if file.startswith("overparam_"):
            install(Path.cwd(), Path(file).stem.replace("_", "-"), Path(file).read_text(encoding="utf-8"))
    if language == "python":
        # With blank lines before the text, tracebacks show the page's line numbers.
        exec(compile("\n" * example.line + text, example.path, "exec", dont_inherit=True), example.namespace)
    elif language == "console":
        return _shell(text)
    return None


def _shell(text):
    done = subprocess.run(["bash", "-c", BASH + text], capture_output=True, text=True, timeout=300)
    if done.returncode or "Warning" in done.stderr:
        return f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return None
