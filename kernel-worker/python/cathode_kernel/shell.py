"""IPython's shell with the parts replaced that suppose a terminal, a file system or other programs."""

import asyncio
import sys

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from . import traceback as tracebacks
from .data_files import load_themes
from .display import Formatter, Publisher, ResultHook
from .front import Front
from .outbox import Outbox

NO_PROGRAMS = (
    "There are no other programs here: Python runs inside the browser, so {what} cannot run. "
    "Use Python instead, for example os, shutil or pathlib for files and %pip install for packages."
)


class Shell(InteractiveShell):
    displayhook_class = Type(ResultHook)
    display_pub_class = Type(Publisher)

    def __init__(self, **kwargs):
        self.outbox = Outbox()
        #: Whether the running cell is being cancelled because somebody interrupted it.
        self.interrupting = False
        #: Whether the running cell has reported an error.
        self.has_failed = False
        #: What code written for ipykernel looks for.
        self.kernel = Front(self)
        self.parent_header = {}
        super().__init__(**kwargs)
        self.system = self.system_piped = self.system_raw = self._run_program

    def init_display_formatter(self):
        self.display_formatter = Formatter(parent=self)
        self.configurables.append(self.display_formatter)

    def get_parent(self):
        return self.parent_header

    def _run_program(self, command):
        words = command.split()
        if words[:1] in (["pip"], ["pip3"]):
            self.run_line_magic("pip", " ".join(words[1:]))
            return
        raise UsageError(NO_PROGRAMS.format(what=f"“!{command.strip()}”"))

    def getoutput(self, cmd, split=True, depth=0):
        raise UsageError(NO_PROGRAMS.format(what=f"“!{cmd.strip()}”"))

    def enable_matplotlib(self, gui=None):
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            print("matplotlib is not installed: run “%pip install matplotlib”, then this again.", file=sys.stderr)
            return "inline", None
        return super().enable_matplotlib("inline" if gui in (None, "auto") else gui)

    def ask_exit(self):
        print("The kernel stays: “Restart” ends it and starts a new one.", file=sys.stderr)

    def _get_exc_info(self, exc_tuple=None):
        etype, value, tb = super()._get_exc_info(exc_tuple)
        tracebacks.clean(value)
        return etype, value, tracebacks.without_own_frames(tb)

    def showtraceback(self, exc_tuple=None, *args, **kwargs):
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if self.interrupting and isinstance(error, asyncio.CancelledError):
            error = KeyboardInterrupt().with_traceback(error.__traceback__)
            exc_tuple = KeyboardInterrupt, error, error.__traceback__
        if error is not None and tracebacks.has_group(error):
            tracebacks.clean(error)
            self._showtraceback(type(error), error, tracebacks.group_lines(error))
            return
        super().showtraceback(exc_tuple, *args, **kwargs)

    def show_usage_error(self, exc):
        self._showtraceback(type(exc), exc, [f"\x1b[31m{type(exc).__name__}\x1b[39m: {exc}"])

    def _showtraceback(self, etype, evalue, stb):
        if isinstance(stb, str):
            stb = stb.splitlines()
        self.has_failed = True
        self.outbox.report(
            "error",
            ename=etype.__name__,
            evalue=tracebacks.message(evalue),
            traceback=[str(line) for line in stb],
        )


def make_shell():
    """Makes the one shell of this process."""
    load_themes()
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "neutral"
    config.InteractiveShell.banner1 = ""
    config.InteractiveShell.separate_in = ""
    config.InteractiveShell.enable_tip = False
    config.InteractiveShell.autocall = 0
    return Shell.instance(config=config)
