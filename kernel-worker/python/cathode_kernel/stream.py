"""`sys.stdout` and `sys.stderr` of a cell."""

import io
import time

from .outbox import PIECE


class Stream(io.TextIOBase):
    """A text stream that writes into an outbox. `write` is the hot path of every `print`."""

    def __init__(self, outbox, name):
        self._outbox = outbox
        self._name = name
        self._is_stderr = name == "stderr"

    def write(self, text):
        __tracebackhide__ = True
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        outbox = self._outbox
        if outbox.is_stderr is not self._is_stderr:
            outbox.turn(self._is_stderr)
        if not outbox.parts:
            outbox.open()
        outbox.parts.append(text)
        outbox.size += len(text)
        if outbox.size >= PIECE or (not outbox.host_ticks and time.monotonic() >= outbox.deadline):
            outbox.cross()
        return len(text)

    def flush(self):
        """Does nothing: the text is on its way, and sending it at once would cost more than it gains."""

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        raise io.UnsupportedOperation("fileno: a notebook's streams are not files")

    @property
    def name(self):
        return f"<{self._name}>"

    @property
    def encoding(self):
        return "utf-8"

    @property
    def errors(self):
        return "replace"
