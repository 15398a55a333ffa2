"""What code written for ipykernel finds at `get_ipython().kernel`: a session that sends messages to the notebook.

Only messages of the notebook's own outputs arrive; there is nobody who would hear any other.
"""

import sys

from .display import bundle_metadata
from .report import bundle


class Session:
    """Sends messages the way `jupyter_client`'s session does."""

    def __init__(self, shell):
        self._shell = shell

    def send(self, stream, msg_or_type, content=None, parent=None, *_, metadata=None, **__):
        """Sends an output; answers with the message."""
        if isinstance(msg_or_type, dict):
            kind, content = msg_or_type["header"]["msg_type"], msg_or_type["content"]
        else:
            kind, content = msg_or_type, content or {}
        shell = self._shell
        if kind in ("display_data", "update_display_data"):
            shell.display_pub.publish(
                content.get("data", {}),
                content.get("metadata"),
                transient=content.get("transient"),
                update=kind == "update_display_data",
            )
        elif kind == "execute_result":
            display_id = content.get("transient", {}).get("display_id")
            shell.outbox.report(
                kind,
                data=bundle(content.get("data", {})),
                metadata=bundle_metadata(content.get("metadata")),
                display_id=None if display_id is None else str(display_id),
            )
        elif kind == "clear_output":
            shell.display_pub.clear_output(content.get("wait", False))
        elif kind == "stream":
            getattr(sys, "stderr" if content.get("name") == "stderr" else "stdout").write(content.get("text", ""))
        return {"header": {"msg_type": kind}, "parent_header": parent or {}, "metadata": metadata or {}, "content": content}


class Front:
    """The part of ipykernel's kernel that code in notebooks uses."""

    #: Names the place where outputs go; there is only one.
    iopub_socket = "iopub"

    def __init__(self, shell):
        self.shell = shell
        self.session = Session(shell)

    def get_parent(self, *_):
        """Returns the message that asked for the running cell; here there is none."""
        return {}

    def send_response(self, stream, msg_or_type, content=None, *_, **__):
        """Sends an output of the running cell."""
        return self.session.send(stream, msg_or_type, content)
