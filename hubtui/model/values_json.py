"""Values as one JSON document, which helm reads as YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from re import Match
from typing import Any, Final

_NOT_YAML: Final = re.compile(
    # JSON allows them bare. For YAML some are line breaks, and the others have to be escapes.
    "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
)


def encoded(document: Mapping[str, Any]) -> bytes:
    """The document on one line. Raises ValueError for a number that JSON does not have."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return as_yaml(text).encode()


def as_yaml(text: str) -> str:
    """A JSON text with those characters escaped that YAML does not take as they are."""
    return _NOT_YAML.sub(_escape, text)


def _escape(match: Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
