"""One kernel: the shell, attached to a host, running one cell at a time."""

import asyncio
import random
import sys
import warnings

from . import completion, data_files, inspection, interruption, magics
from . import traceback as tracebacks
from .shell import make_shell
from .stream import Stream


class Kernel:
    #: Names the build that made this kernel; a snapshot of another build is not used.
    build = ""

    def __init__(self):
        self.shell = make_shell()
        self.outbox = self.shell.outbox
        self.streams = Stream(self.outbox, "stdout"), Stream(self.outbox, "stderr")
        self.outcome = "ok"
        self._task = None
        magics.register(self.shell)
        # What is asked about an object is not what it looks like: that may take as long as it likes.
        self.shell.inspector.str_detail_level = 1

    def attach(self, host, wheels=None):
        """Connects to a host. Also what a kernel that comes out of a snapshot needs to be its own."""
        self.wheels = wheels
        self.outbox.attach(host)
        sys.stdout, sys.stderr = self.streams
        sys.modules["__main__"] = self.shell.user_module
        # IPython's advice after SystemExit speaks of a terminal.
        warnings.filterwarnings("ignore", message="To exit: use 'exit'")
        random.seed()
        interruption.patch_input()
        interruption.patch_exit(self.outbox)
        if self.outbox.host_ticks:
            interruption.patch_ticks(self.outbox)
            interruption.patch_sleep(host, self.outbox)

    def run(self, source, count):
        """Runs a cell. Returns its outcome, or a task of it when the cell awaits something."""
        self.outcome = "ok"
        self.shell.interrupting = self.shell.has_failed = False
        try:
            cell = self._prepare(source, count)
            if not cell.awaits:
                self._finish(_drive(cell.coroutine))
                return self.outcome
        except BaseException as error:
            self._escaped(error)
            return self.outcome
        self._task = asyncio.ensure_future(self._run_async(cell.coroutine))
        return self._task

    def cancel(self):
        """Interrupts a cell that awaits."""
        if self._task is not None and not self._task.done():
            self.shell.interrupting = True
            self._task.cancel()

    def flush(self):
        """Lets out what waits."""
        self.outbox.tick()

    def complete(self, code, cursor):
        """Completes code at a character offset."""
        if self.wheels is not None:
            data_files.mount_jedi(self.wheels)
        return completion.complete(self.shell, code, cursor)

    def inspect(self, code, cursor):
        """Describes the name at a character offset; None when nothing is known about it.

        Asking an object may run code of its class: what that prints is dropped, and what it raises is no answer.
        """
        with self.outbox.muted():
            try:
                return inspection.describe(self.shell, code, cursor)
            except BaseException:
                return None

    def _prepare(self, source, count):
        shell = self.shell
        shell.execution_count = count
        for inputs in (shell.history_manager.input_hist_parsed, shell.history_manager.input_hist_raw):
            inputs += [""] * (count - len(inputs))
        failure = None
        try:
            transformed = shell.transform_cell(source)
        except Exception:
            transformed, failure = source, sys.exc_info()
        awaits = ("await" in transformed or "async" in transformed) and shell.should_run_async(
            source, transformed_cell=transformed, preprocessing_exc_tuple=failure
        )
        coroutine = shell.run_cell_async(
            source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=failure
        )
        return _Cell(coroutine, awaits)

    async def _run_async(self, coroutine):
        try:
            self._finish(await coroutine)
        except BaseException as error:
            self._escaped(error)
        self._task = None
        return self.outcome

    def _finish(self, result):
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            interrupted = isinstance(error, KeyboardInterrupt) or self.shell.interrupting
            self.outcome = "interrupted" if interrupted else "error"
        self.shell.events.trigger("post_execute")
        self.shell.events.trigger("post_run_cell", result)
        self.outbox.cross()

    def _escaped(self, error):
        """Reports what got past IPython: an interrupt between two of its steps, mostly."""
        tracebacks.clean(error)
        self.outcome = "interrupted" if isinstance(error, KeyboardInterrupt) else "error"
        if self.shell.has_failed and self.outcome == "error":
            return
        name = type(error).__name__
        text = tracebacks.message(error)
        self.outbox.report("error", ename=name, evalue=text, traceback=[f"\x1b[31m{name}\x1b[39m: {text}"])


class _Cell:
    def __init__(self, coroutine, awaits):
        self.coroutine = coroutine
        self.awaits = awaits


def _drive(coroutine):
    """Runs a coroutine that never really awaits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise RuntimeError("a cell without await suspended itself")
