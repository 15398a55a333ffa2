"""Encodes reports for the host: JSON whose MIME bundles have the types that nbformat asks for."""

import base64
import json
import math


def encode(report):
    """Returns the report as JSON. What JSON does not know becomes text or null, never an error."""
    try:
        return json.dumps(report, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(_plain(report, 0), ensure_ascii=False, allow_nan=False)


def bundle(data):
    """Returns a MIME bundle in which JSON types hold JSON and all others text."""
    return {str(mime): value if _is_json(mime) else _text(value) for mime, value in (data or {}).items()}


def _is_json(mime):
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))


def _text(value):
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (list, tuple)) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return json.dumps(_plain(value, 0), ensure_ascii=False) if isinstance(value, dict) else str(value)


def _plain(value, depth):
    if depth > 200:
        return "…"
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    return str(value)
