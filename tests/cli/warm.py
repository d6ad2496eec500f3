"""The command line with its imports done, ready to become one process after another.

Most of what a short command takes is importing. Here that happens once: each command is then a process of
its own, forked from this one before it has read, opened or started anything, and ends as any other does.
`python -m tests.cli.warm DESCRIPTOR` is told over that socket, by `Warm`, what to become.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

# what commands load when they need it; the keyring looks at its surroundings then, and is not among them
MODULES = (
    "anyio._backends._asyncio",
    "asyncio",
    "certifi",
    "email_validator",
    "httpcore",
    "httpx",
    "sqlite3",
    "trustme",
    "turbodesk.cli",
    "turbodesk.providers.gateway",
    "turbodesk.providers.sandbox_control",
    "turbodesk.providers.sendpost",
    "turbodesk.providers.smtp_relay",
    "turbodesk.providers.turbosmtp_v1",
    "turbodesk.providers.turbosmtp_v2",
    "turbodesk.sandbox.server",
    "turbodesk.sandbox.smtp_session",
    "turbodesk.services.batches",
    "turbodesk.services.compose",
    "turbodesk.services.inbox",
    "turbodesk.services.merge",
    "turbodesk.services.outbox",
    "turbodesk.services.reports",
    "turbodesk.services.sending",
    "turbodesk.services.suppressions",
    "turbodesk.services.tools",
    "turbodesk.store.ledger",
    "turbodesk.workplace",
)
_DEADLINE_S = 120


class Warm:
    """One such process. A command runs when the one before has ended."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._socket, there = socket.socketpair()
        self._socket.settimeout(_DEADLINE_S)
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.cli.warm", str(there.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
                cwd=Path(__file__).parents[2],
                env=dict(env),
                start_new_session=True,
            )

    def run(self, words: Sequence[str], stdin: str, env: Mapping[str, str]) -> tuple[int, str, str]:
        """The exit code, what was printed, and what was said beside it."""
        with ExitStack() as files:
            given, out, err = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            given.write(stdin.encode())
            given.seek(0)
            asked = json.dumps({"words": list(words), "env": dict(env), "cwd": str(Path.cwd())}) + "\n"
            socket.send_fds(self._socket, [asked.encode()], [it.fileno() for it in (given, out, err)])
            try:
                code = int(_line(self._socket))
            except TimeoutError:
                os.killpg(self._process.pid, signal.SIGKILL)
                raise
            return code, _text(out), _text(err)

    def end(self) -> None:
        self._socket.close()
        assert self._process.wait(10) == 0


def _line(there: socket.socket, begun: bytes = b"") -> bytes:
    while not begun.endswith(b"\n"):
        more = there.recv(65536)
        if not more:
            raise EOFError("the other side has ended")
        begun += more
    return begun


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def _become(asked: dict[str, Any], descriptors: Sequence[int]) -> None:
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    sys.argv[1:] = asked["words"]


def wait(there: socket.socket) -> None:
    """Returns in each process that is to be a command; ends this one when nobody asks any more."""
    while True:
        begun, descriptors, _, _ = socket.recv_fds(there, 65536, 3)
        if not begun:
            sys.exit()
        asked = json.loads(_line(there, begun))
        child = os.fork()
        if not child:
            there.close()
            _become(asked, descriptors)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(child, 0)
        there.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    for name in MODULES:
        importlib.import_module(name)
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()
    wait(socket.socket(fileno=int(sys.argv[1])))
    importlib.import_module("turbodesk.cli").main()
