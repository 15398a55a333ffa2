"""Tells what is known about a name in code, as IPython's `?` does."""

from IPython.utils.tokenutil import line_at_cursor, token_at_cursor

#: Where something is defined lies within the sandbox, and says nothing outside of it.
OMITTED = ("File",)


def describe(shell, code, cursor):
    """Returns what is known about the name at a character offset, with ANSI colours; None when that is nothing."""
    name = _name_at(code, cursor)
    try:
        return shell.object_inspect_mime(name, omit_sections=OMITTED)["text/plain"]
    except KeyError:
        return None


def _name_at(code, cursor):
    try:
        return token_at_cursor(code, cursor)
    except SyntaxError:
        # A line above or below is indented as none may be: this one says enough.
        line, start = line_at_cursor(code, cursor)
        text = line.lstrip()
        return token_at_cursor(text, cursor - start - len(line) + len(text))
