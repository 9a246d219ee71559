"""The grammar of helm's --set and --set-string: `a.b[0].c=x,d={1,2}`, a backslash before what is
meant as it is.

Written after helm's own reading (helm 3 and 4, `pkg/strvals`), its odd corners included:
`a[0]` alone makes an empty list, and what comes to nothing is no error. One corner is not: helm 4
forgets a text from an open bracket on, helm 3 refuses it, and so does this.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from hubtui.errors import UsageError

MOST_NESTED: Final = 30
"""How many dots a key may have."""

LAST_INDEX: Final = 65536
"""The highest index of a list's item."""

_TOO_LARGE: Final = 2**63
_MORE_DIGITS: Final = 20
"""More than any number of 63 bits has."""
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_WORDS: Final = {"true": True, "false": False, "null": None}


def assigned(document: Mapping[str, Any], text: str, strings: bool) -> dict[str, Any]:
    """The document with what `text` sets; with `strings` every value is a text (--set-string).

    Raises UsageError where helm would refuse the text. It names the key and never a value.
    """
    found = copy.deepcopy(dict(document))
    try:
        _Reading(text, strings).into(found)
    except _EndError:
        pass
    except _WrongError as error:
        raise _refused(text, strings, str(error)) from None
    except RecursionError:
        raise _refused(text, strings, "it is nested too deeply") from None
    return found


def _refused(text: str, strings: bool, why: str) -> UsageError:
    option = "--set-string" if strings else "--set"
    return UsageError(
        f"{option} {_shown(text)} cannot be read: {why}",
        remedy="Write it as helm takes it: KEY.KEY=VALUE, KEY[0]=VALUE, KEY={A,B}.",
    )


def _shown(text: str) -> str:
    key, equals, value = text.partition("=")
    return f"{key}{equals}{'…' if value else ''}"


class _EndError(Exception):
    """The text is at its end: what has been set counts."""


class _WrongError(Exception):
    """The text is not of the grammar, or does not fit what is there."""


class _Reading:
    """One text, read from left to right."""

    def __init__(self, text: str, strings: bool) -> None:
        self._text = text
        self._strings = strings
        self._at = 0

    def into(self, data: dict[str, Any]) -> None:
        """Sets one key after the other, until the text ends."""
        while True:
            self._key(data, 0)

    def _key(self, data: dict[str, Any], nested: int) -> None:
        key, stop = self._until("=[,.")
        if stop == "=":
            self._assign(data, key)
        elif stop == "[":
            self._indexed(data, key, nested)
        elif stop == ".":
            self._inner(data, key, nested + 1)
        elif stop == "," or key:
            raise _WrongError("a key has no value")
        else:
            raise _EndError

    def _assign(self, data: dict[str, Any], key: str) -> None:
        ended = self._at == len(self._text)
        _put(data, key, "" if ended else self._value())
        if ended:
            raise _EndError

    def _inner(self, data: dict[str, Any], key: str, nested: int) -> None:
        if nested > MOST_NESTED:
            raise _WrongError(f"a key is nested deeper than {MOST_NESTED}")
        inner = data.get(key, {})
        if not isinstance(inner, dict):
            raise _WrongError("a key goes below a value that is no map")
        try:
            self._key(inner, nested)
        except _EndError:
            if inner:
                _put(data, key, inner)
            raise
        if not inner:
            raise _WrongError("a key ends in a dot")
        _put(data, key, inner)

    def _indexed(self, data: dict[str, Any], key: str, nested: int) -> None:
        index = self._index()
        items = data.get(key, [])
        if not isinstance(items, list):
            raise _WrongError("an index is given to a value that is no list")
        try:
            self._item(items, index, nested)
        finally:
            _put(data, key, items)

    def _index(self) -> int:
        written, stop = self._until("]")
        if not stop or not _WHOLE.fullmatch(written) or len(written) >= _MORE_DIGITS:
            raise _WrongError("an index is no number in brackets")
        index = int(written)
        if index < 0:
            raise _WrongError("an index is below 0")
        return index

    def _item(self, items: list[Any], index: int, nested: int) -> None:
        between, stop = self._until("[.=")
        if between:
            raise _WrongError("something stands between an index and what follows it")
        if not stop:
            raise _EndError
        there = items[index] if index < len(items) else None
        if stop == "=":
            _put_item(items, index, self._value() if self._at < len(self._text) else "")
        elif stop == "[":
            below = self._index()
            deeper = [] if there is None else there
            if not isinstance(deeper, list):
                raise _WrongError("an index is given to a value that is no list")
            self._item(deeper, below, nested)
            _put_item(items, index, deeper)
        else:
            inner = there if isinstance(there, dict) else {}
            if index < len(items):
                items[index] = inner
            self._key(inner, nested)
            _put_item(items, index, inner)

    def _value(self) -> Any:
        if self._text[self._at] != "{":
            return self._typed(self._until(",")[0])
        self._at += 1
        items: list[Any] = []
        while True:
            written, stop = self._until(",}")
            if not stop:
                raise _WrongError("a list does not end with }")
            items.append(self._typed(written))
            if stop == "}":
                self._at += self._text[self._at : self._at + 1] == ","
                return items

    def _typed(self, written: str) -> Any:
        if self._strings:
            return written
        if written.casefold() in _WORDS:
            return _WORDS[written.casefold()]
        # A zero in front is what makes 0123 a text for helm, not a number.
        if written != "0" and (written.startswith("0") or not _WHOLE.fullmatch(written)):
            return written
        digits = written.lstrip("+-").lstrip("0")
        number = int(written) if len(digits) < _MORE_DIGITS else _TOO_LARGE
        return number if -_TOO_LARGE <= number < _TOO_LARGE else written

    def _until(self, stops: str) -> tuple[str, str]:
        """What stands before the next of `stops`, and which it is; "" at the text's end."""
        found: list[str] = []
        while self._at < len(self._text):
            character = self._text[self._at]
            self._at += 1
            if character in stops:
                return "".join(found), character
            if character == "\\":
                character = self._text[self._at : self._at + 1]
                self._at += 1
            found.append(character)
        self._at = len(self._text)
        return "".join(found), ""


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    if key:
        data[key] = value


def _put_item(items: list[Any], index: int, value: Any) -> None:
    if index > LAST_INDEX:
        raise _WrongError(f"an index is above {LAST_INDEX}")
    items += [None] * (index + 1 - len(items))
    items[index] = value
