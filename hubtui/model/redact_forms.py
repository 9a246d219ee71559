"""What a secret becomes on its way into a text: escaped, quoted, encoded. A template that writes it
as JSON, into a URL or in base64 gives it away as well as one that writes it as it is.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

_HTML: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What Go's encoder of JSON escapes beside the rest."""

_START: Final = 10
"""Letters of base64 that eight bytes are at least sure to make, wherever they begin."""

_WORD: Final = re.compile(rf"[A-Za-z0-9+/_-]{{{_START},}}={{0,2}}")
_STANDARD: Final = str.maketrans("-_", "+/")
_EDGE: Final = (0, 2, 3)
"""How many letters also tell of the 0, 1 or 2 bytes that come before."""


def escaped(text: str) -> frozenset[str]:
    """The text as JSON and Go write it, also inside another such text, as Python does, as YAML and
    a shell do between single quotes, and as a part of a URL; not the text itself."""
    plain, ascii_only = json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]
    by_go = "".join(_HTML.get(letter, letter) for letter in plain)
    forms = {plain, ascii_only, by_go, repr(text)[1:-1], quote(text, safe="")}
    forms |= {json.dumps(form, ensure_ascii=False)[1:-1] for form in (plain, ascii_only, by_go)}
    forms |= {text.replace("'", "''"), text.replace("'", "'\\''")}
    return frozenset(forms - {text})


def encoded(text: str) -> str:
    """The text alone in base64."""
    return base64.b64encode(text.encode(errors="replace")).decode()


def lines(text: str, least: int) -> frozenset[str]:
    """The lines of a text of several: indented, as in a block of YAML, they stand apart. Those
    with fewer letters than `least` are left out."""
    if "\n" not in text:
        return frozenset()
    return frozenset(line for each in text.split("\n") if len(line := each.strip()) >= least)


class Encoded:
    """Finds texts of eight bytes and more in base64, also as a part of what was encoded."""

    def __init__(self, texts: Iterable[str]) -> None:
        found: dict[str, list[str]] = {}
        for text in texts:
            for form in _aligned(text.encode(errors="replace")):
                found.setdefault(form[:_START], []).append(form)
        self._forms: Mapping[str, list[str]] = found

    def replaced(self, text: str, mask: str) -> str:
        """The text with a mask for each word that holds one of them."""
        if not self._forms:
            return text
        return _WORD.sub(lambda word: mask if self._holds(word.group()) else word.group(), text)

    def _holds(self, word: str) -> bool:
        word = word.translate(_STANDARD)
        starts = (word[place : place + _START] for place in range(len(word) - _START + 1))
        return any(form in word for start in starts for form in self._forms.get(start, ()))


def _aligned(data: bytes) -> Iterator[str]:
    """The letters that tell of nothing but the data, for each place where it may begin."""
    for before, edge in enumerate(_EDGE):
        whole = base64.b64encode(bytes(before) + data).decode()
        yield whole[edge : (before + len(data)) * 8 // 6]
