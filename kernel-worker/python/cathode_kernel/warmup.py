"""Uses every part once, so that a snapshot made afterwards has nothing left to import or to fill."""

import gc
import importlib
import sys

from . import data_files

#: Cells that between them pass through all that ordinary cells pass through.
CELLS = (
    "1 + 1",
    "print('text'); import sys; print('text', file=sys.stderr)",
    "def broken(value):\n    return value / 0\nbroken(1)",
    "1 +",
    "{}['absent']",
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('second') from error",
    "raise ExceptionGroup('several', [ValueError('first')])",
    "from IPython.display import HTML, JSON, Markdown, Latex, SVG, Image, clear_output\nhandle = display(HTML('<b>b</b>'), display_id='warm')\nhandle.update(Markdown('*b*'))\ndisplay(JSON({'a': [1]}), Latex('$x$'), SVG('<svg/>'))\nclear_output(wait=True)",
    "%matplotlib inline",
    "%time 1",
    "%timeit -n 1 -r 1 pass",
    "%who",
    "%lsmagic",
    "%%capture\nprint(1)",
    "print?",
    "!ls",
    "%%bash\nls",
    "input()",
    "import os, re, math, json, random, datetime, time, collections, itertools, functools, pathlib, uuid, secrets, dataclasses, typing, csv, string, statistics, decimal, fractions, textwrap, io, copy, hashlib, base64, urllib.parse, urllib.request, enum, abc, operator, contextlib, logging, pickle, struct, tempfile, shutil, glob, pprint, zipfile, inspect",
    "[n ** 2 for n in range(5)]",
)

AWAITING = "import asyncio\nawait asyncio.sleep(0)"


class Silence:
    """A host that takes everything in and shows nothing."""

    ticks = True

    def buffered(self): ...
    def stream(self, is_stderr, text): ...
    def output(self, report): ...
    def flush(self): ...
    def wait(self, millis): ...


async def warm(kernel, archive):
    """Runs the cells, readies the completer, and forgets all of it again."""
    kernel.attach(Silence(), archive)
    for source in CELLS:
        kernel.run(source, 1)
    await kernel.run(AWAITING, 1)
    kernel.inspect("print(", 6)
    for module in ("micropip", "comm", "pyodide.ffi", "pyodide_js", "matplotlib_inline.config"):
        try:
            importlib.import_module(module)
        except ImportError:
            continue
    ready_jedi(archive)
    forget(kernel)


def forget(kernel):
    """Brings the kernel back to the state of a new one."""
    shell = kernel.shell
    shell.reset(new_session=True, aggressive=False)
    shell.history_manager.reset()
    shell.execution_count = 1
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    kernel.outbox.host = None
    kernel.outbox.parts.clear()
    gc.collect()


def ready_jedi(archive):
    """Imports jedi and loads its grammar. Completing something would also load the stubs of the
    built-in names: 20 MB that every start would have to restore, whether anything is completed or not.
    """
    import jedi
    import parso

    data_files.mount_jedi(archive)
    parso.load_grammar().parse("a.b")
    jedi.Interpreter("a.b", [{}])
