"""`python -m overparam` in processes forked from a server that has imported NumPy and overparam already.

Each command line runs in its own process, with its own arguments, environment, folder, streams and exit code,
and finds its own plugins. Only the time of the imports is saved. A test of how a process starts does not use
this module.

``python forked.py ADDRESS ARGUMENT …`` is the client, which imports nothing from the project.
"""

import array
import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = dict(os.environ)
"""The environment at the start, before any test changed it."""


@functools.cache
def address():
    """Socket of the server, which is started at the first call and ends with this process."""
    folder = tempfile.TemporaryDirectory(prefix="forked")
    where = os.path.join(folder.name, "socket")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.forked", where],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(folder.cleanup)
    atexit.register(server.communicate)
    assert server.stdout.readline() == b"ready\n"
    return where


def command():
    """Arguments that replace ``python -m overparam``; on a system without forks, that command itself."""
    if not hasattr(os, "fork"):
        return [sys.executable, "-m", "overparam"]
    return [sys.executable, "-S", "-E", __file__, address()]


def ask(where, arguments):
    """Let the server run a command line with this process's streams; return its exit code."""
    asked = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as to:
        to.connect(where)
        to.sendmsg([b"!"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
        to.sendall(json.dumps(asked).encode())
        to.shutdown(socket.SHUT_WR)
        return int(to.makefile("rb").read() or 1)


def serve(where):
    """Fork a process for each connection, until standard input ends."""
    import select

    import overparam.api
    import overparam.cli.main  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(where)
        listening.listen(32)
        os.write(1, b"ready\n")
        while True:
            ready = select.select([listening, 0], [], [])[0]
            if 0 in ready:
                return
            connection = listening.accept()[0]
            if os.fork() == 0:
                listening.close()
                answer(connection)
            connection.close()


def answer(connection):
    """Run the requested command line in a new process and send its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    asked = json.loads(connection.makefile("rb").read())
    runner = os.fork()
    if runner:
        ended = os.waitstatus_to_exitcode(os.waitpid(runner, 0)[1])
        connection.sendall(str(ended if ended >= 0 else 128 - ended).encode())
        os._exit(0)
    connection.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(asked["folder"])
    before = paths()
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[:] = [asked["folder"], *paths(), *(path for path in sys.path[1:] if path not in before)]
    become(asked["arguments"])


def paths():
    """The folders of PYTHONPATH."""
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def become(arguments):
    """Run the command line as ``python -m overparam`` does, then exit."""
    import runpy

    sys.stdin, sys.stdout = (os.fdopen(number, mode) for number, mode in ((0, "r"), (1, "w")))
    sys.stderr = os.fdopen(2, "w", errors="backslashreplace", buffering=1)
    sys.argv = ["overparam", *arguments]
    runpy.run_module("overparam", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    if __spec__ is None:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
    serve(sys.argv[1])
