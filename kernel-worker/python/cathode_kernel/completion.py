"""Completes code with IPython's completer, which asks jedi."""

from IPython.core.completer import provisionalcompleter, rectify_completions


def complete(shell, code, cursor):
    """Returns where the completed text starts and ends, and the matches."""
    with provisionalcompleter():
        found = list(rectify_completions(code, shell.Completer.completions(code, cursor)))
    if not found:
        return {"start": cursor, "end": cursor, "matches": []}
    return {
        "start": found[0].start,
        "end": found[0].end,
        "matches": [{"text": item.text, "type": item.type, "signature": item.signature} for item in found],
    }
