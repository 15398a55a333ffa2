"""IPython's two ways of showing objects, turned into reports: the last value, and `display`."""

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter

from .report import bundle


#: Types of Python's own whose objects have text and no other form, unless somebody teaches one.
PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, range})


class Formatter(DisplayFormatter):
    """Gives every object the forms that it has. A plain one is asked for its text alone: asking it for ten other
    forms takes as long as running a short cell.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._own = dict(self.formatters)

    def format(self, obj, include=None, exclude=None):
        if type(obj) not in PLAIN or include or exclude or self._is_taught():
            return super().format(obj, include, exclude)
        text = self._own["text/plain"](obj)
        return ({} if text is None else {"text/plain": text}), {}

    def _is_taught(self):
        """Says whether anybody registered a form other than text."""
        if self.formatters != self._own:
            return True
        others = self.ipython_display_formatter, self.mimebundle_formatter, *self._own.values()
        return any(
            other.type_printers or other.singleton_printers or other.deferred_printers
            for other in others
            if other is not self._own["text/plain"]
        )


class ResultHook(DisplayHook):
    """Shows the value of the last expression. Keeps no copy of what was shown."""

    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.outbox.report("execute_result", data=bundle(format_dict), metadata=bundle_metadata(md_dict))

    def log_output(self, format_dict):
        pass

    def finish_displayhook(self):
        self._is_active = False


class Publisher(DisplayPublisher):
    """Shows what code displays."""

    def publish(self, data, metadata=None, *_, transient=None, update=False, **__):
        for mime, handler in getattr(self.shell, "mime_renderers", {}).items():
            if mime in data:
                handler(data[mime], (metadata or {}).get(mime))
                return
        display_id = (transient or {}).get("display_id")
        self.shell.outbox.report(
            "update_display_data" if update else "display_data",
            data=bundle(data),
            metadata=bundle_metadata(metadata),
            display_id=None if display_id is None else str(display_id),
        )

    def clear_output(self, wait=False):
        self.shell.outbox.report("clear_output", wait=bool(wait))


def bundle_metadata(metadata):
    return {str(key): value for key, value in (metadata or {}).items()}
