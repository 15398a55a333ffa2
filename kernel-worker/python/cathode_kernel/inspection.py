"""Tells what is known about a name in code, as IPython's `?` does."""

from IPython.utils.tokenutil import token_at_cursor

#: Where something is defined lies within the sandbox, and says nothing outside of it.
OMITTED = ("File",)


def describe(shell, code, cursor):
    """Returns what is known about the name at a character offset, with ANSI colours; None when that is nothing."""
    name = token_at_cursor(code, cursor)
    try:
        return shell.object_inspect_mime(name, omit_sections=OMITTED)["text/plain"]
    except KeyError:
        return None
