"""Tracebacks as a cell shows them: IPython's, without the frames of this package."""

import os
import traceback

_PACKAGE = os.path.dirname(__file__) + os.sep


def without_own_frames(tb):
    """Returns the traceback without the frames of this package. It relinks the given one."""
    while tb is not None and _is_own(tb):
        tb = tb.tb_next
    link = tb
    while link is not None:
        rest = link.tb_next
        while rest is not None and _is_own(rest):
            rest = rest.tb_next
        if rest is not link.tb_next:
            link.tb_next = rest
        link = rest
    return tb


def clean(error):
    """Removes the frames of this package from an exception and from all that it chains to."""
    seen = set()
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = without_own_frames(current.__traceback__)
        waiting += [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]


def has_group(error):
    """Says whether IPython's own formatter would lose part of this exception."""
    seen = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, BaseExceptionGroup):
            return True
        seen.add(id(error))
        error = error.__context__
    return False


def group_lines(error):
    """Returns the lines of an exception group, the frames of IPython left out."""
    tb = error.__traceback__
    while tb is not None and tb.tb_next is not None and f"{os.sep}IPython{os.sep}" in tb.tb_frame.f_code.co_filename:
        tb = tb.tb_next
    return "".join(traceback.format_exception(type(error), error, tb)).splitlines()


def message(error):
    """Returns the exception's message, even when its `__str__` raises."""
    try:
        return str(error)
    except Exception:
        return f"<{type(error).__name__} whose __str__ raised>"


def _is_own(tb):
    return tb.tb_frame.f_code.co_filename.startswith(_PACKAGE)
