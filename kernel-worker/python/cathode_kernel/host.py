"""What the kernel needs from whatever hosts it. The browser's host is an object made by the worker."""

from typing import Protocol


class Host(Protocol):
    """Takes output in, and waits."""

    #: Whether a ticker calls `Outbox.tick` while Python is busy.
    ticks: bool

    def buffered(self) -> None:
        """Is told that text waits in Python and that a tick is wanted soon."""

    def stream(self, is_stderr: bool, text: str) -> None:
        """Takes text of one of the two streams. May wait while the reader lags behind."""

    def output(self, report: str) -> None:
        """Takes one report, as JSON."""

    def flush(self) -> None:
        """Is told that this is a good moment to send on what it holds."""

    def wait(self, millis: float) -> None:
        """Waits, or returns early when somebody interrupts."""
