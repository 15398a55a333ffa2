"""IPython's two ways of showing objects, turned into reports: the last value, and `display`."""

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

from .report import bundle


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
