"""Lines of YAML with their keys set back, so that the values are read."""

from __future__ import annotations

import re

from hubtui.model.redact import MASK
from hubtui.views.cells import Cell, Tone

_KEY = re.compile(r"(?P<key>[ ]*(?:- )*[^\s:#'\"-][^:]*:)(?P<value>(?: .*)?)")


def yaml_cell(line: str) -> Cell:
    """One line; it is made harmless already."""
    if line.lstrip().startswith("#"):
        return ((line, Tone.MUTED),)
    match = _KEY.fullmatch(line)
    if match is None:
        return ((line, Tone.PLAIN),) if line else ()
    value = match["value"]
    tone = Tone.SOON if MASK in value else Tone.PLAIN
    return ((match["key"], Tone.MUTED), *(((value, tone),) if value else ()))
