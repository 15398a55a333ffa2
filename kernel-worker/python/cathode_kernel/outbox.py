"""Keeps everything that a cell puts out in one order, and crosses to the host in large pieces.

Crossing costs microseconds, so text is gathered first. A tick (a signal that the host raises
between two bytecodes) may come at any point of the code below: each step leaves the outbox whole.
"""

import time
from contextlib import contextmanager

from .report import encode

#: Characters that are gathered before they cross.
PIECE = 1 << 16

#: Seconds after which text crosses when nobody ticks.
PATIENCE = 0.016


class Outbox:
    def __init__(self):
        self.host = None
        self.host_ticks = True
        self.parts = []
        self.size = 0
        self.is_stderr = False
        self.deadline = 0.0
        self._crossing = False

    def attach(self, host):
        """Starts to hand over to this host."""
        self.host = host
        self.host_ticks = bool(host.ticks)

    def turn(self, is_stderr):
        """Makes the given stream the one that gathers."""
        self.cross()
        self.is_stderr = is_stderr

    def open(self):
        """Begins to gather: the host hears of it once per piece."""
        self.deadline = time.monotonic() + PATIENCE
        if self.host is not None:
            self.host.buffered()

    def cross(self):
        """Hands what was gathered to the host."""
        if self.host is None:
            self._drop()
        if self._crossing or not self.parts:
            return
        self._crossing = True
        try:
            text = "".join(self.parts)
            try:
                self.host.stream(self.is_stderr, text)
            finally:
                self._drop()
        finally:
            self._crossing = False

    def _drop(self):
        self.parts, self.size = [], 0

    def report(self, kind, **fields):
        """Hands one output to the host, after the text that came before it."""
        self.cross()
        if self.host is not None:
            self.host.output(encode({"kind": kind, **fields}))

    @contextmanager
    def muted(self):
        """Drops what is put out meanwhile."""
        self.cross()
        host, self.host = self.host, None
        try:
            yield
        finally:
            # Without a call, before which an interrupt may come.
            self.parts, self.size, self.host = [], 0, host

    def tick(self):
        """Lets out what waits, here and in the host."""
        self.cross()
        if self.host is not None:
            self.host.flush()
