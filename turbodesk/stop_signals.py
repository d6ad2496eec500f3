"""Ctrl+C and SIGTERM as something to wait for, whichever loop runs."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_signals() -> Iterator[socket.socket]:
    """A socket that has a byte to read once Ctrl+C or SIGTERM has come; meanwhile neither ends the program.

    Python would run a handler only between two of its steps: a signal on the way into a wait, or while Qt
    waits, would be noticed late. The byte that its C code writes is there whenever it came.
    """
    woken, waking = socket.socketpair()
    with woken, waking:
        waking.setblocking(False)
        before = signal.set_wakeup_fd(waking.fileno())
        handlers = {name: signal.signal(name, lambda *_: None) for name in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield woken
        finally:
            signal.set_wakeup_fd(before)
            for name, handler in handlers.items():
                signal.signal(name, handler)
