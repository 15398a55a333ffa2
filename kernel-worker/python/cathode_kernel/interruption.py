"""Makes Python stoppable where it waits, and lets output out while it computes."""

import builtins
import getpass
import math
import os
import signal
import time

from IPython.core.error import StdinNotImplementedError

#: The signal by which the host says "let output out". Nothing else uses it, and its default is to be ignored.
TICK = 28

#: The longest single wait, in milliseconds.
SLICE = 1000.0

_sleep = time.sleep
_exit = os._exit


def patch_sleep(host, outbox):
    """Replaces `time.sleep` by one that an interrupt ends at once."""

    def sleep(seconds, /):
        """Delays execution for a number of seconds."""
        __tracebackhide__ = True
        try:
            left = float(seconds)
        except (TypeError, ValueError):
            return _sleep(seconds)
        if math.isnan(left) or left < 0:
            return _sleep(seconds)
        outbox.tick()
        deadline = time.monotonic() + left
        while left > 0:
            # An interrupt ends the wait; Python itself then raises it, here or a few rounds later. Asking
            # Pyodide to check would also print it, even for code that goes on to catch it.
            host.wait(min(left * 1000.0, SLICE))
            outbox.tick()
            left = deadline - time.monotonic()
        return None

    time.sleep = sleep


def patch_ticks(outbox):
    """Lets output out at every tick."""
    signal.signal(TICK, lambda _signal, _frame: outbox.tick())


def patch_exit(outbox):
    """Lets output out before code ends the process: nobody could ask for it afterwards."""

    def leave(status):
        outbox.tick()
        _exit(status)

    os._exit = leave


def patch_input():
    """Makes asking for input fail with words that say why."""

    def ask(prompt="", /, *_, **__):
        __tracebackhide__ = True
        raise StdinNotImplementedError("This notebook cannot ask for input. Put the value into the code instead.")

    builtins.input = ask
    getpass.getpass = ask
