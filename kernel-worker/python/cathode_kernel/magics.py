"""Line and cell magics that behave differently where there are no other programs."""

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from .shell import NO_PROGRAMS

_PROGRAMS = ("bash", "sh", "script", "perl", "ruby", "python2", "python3", "pypy", "system", "sx", "cmd")


def _refuse(name):
    def magic(line="", cell=None):
        raise UsageError(NO_PROGRAMS.format(what=f"“%%{name}”"))

    magic.__name__ = name
    magic.__doc__ = "Not available: there are no other programs here."
    return magic


@magics_class
class PackageMagics(Magics):
    @line_magic
    def pip(self, line):
        """Installs packages: `%pip install name …`."""
        words = line.split()
        names = [word for word in words[1:] if not word.startswith("-")]
        if words[:1] != ["install"] or not names:
            raise UsageError("Only “%pip install name …” is available here.")
        import micropip

        try:
            from pyodide.ffi import can_run_sync, run_sync
        except ImportError:
            raise UsageError("%pip works in the browser only.") from None
        if not can_run_sync():
            raise UsageError(f"This browser cannot install inside a magic. Run “import micropip; await micropip.install({names!r})”.")
        run_sync(micropip.install(names))

    @line_magic
    def conda(self, line):
        """Not available: packages come with `%pip install`."""
        raise UsageError("There is no conda here. Use “%pip install name …”.")

    @line_magic
    def debug(self, line):
        """Not available: the debugger needs to ask questions while code waits."""
        raise UsageError("The debugger is not available here. “%tb” shows the last traceback again.")


def register(shell):
    """Puts these magics in place of IPython's own."""
    shell.register_magics(PackageMagics)
    for name in _PROGRAMS:
        shell.register_magic_function(_refuse(name), "line_cell", name)
