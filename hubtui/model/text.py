"""Makes text from outside harmless: control characters, escape sequences and bidi marks show.

A harmful character becomes a readable escape such as `\\x1b` or `\\u202e`, in ASCII, so that it
reads the same on every terminal. Newline and tab stay: they are layout, and `one_line` folds them
where a cell has one line.
"""

from __future__ import annotations

import re
from re import Match

_HARMFUL = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # bidi marks and what has no width
    "\ud800-\udfff\ufff9-\ufffb"
)
_HARMFUL_TEXT = re.compile(f"[{_HARMFUL}]")
_CODE = re.compile(rb"\\u[0-9a-fA-F]{4}")
_JSON_ESCAPE = re.compile(
    _CODE.pattern + rb"|\\."
    rb"|\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]"
    rb"|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]"
)
_SPACES = re.compile(r"\s+")
_SUSPICIOUS_ESCAPE = re.compile(rb"\\(?:[rbf]|u(?!00(?:26|3[ce])))")  # Go escapes & < > always
_SUSPICIOUS_BYTES = (b"\x7f", b"\xc2", b"\xd8", b"\xe2", b"\xef")
"""What may stand for something harmful, or begin it in UTF-8: most documents hold none."""
_SHORT_ESCAPES = {b"\\b": "\x08", b"\\f": "\x0c", b"\\r": "\r"}


def visible(character: str) -> str:
    """The readable form of one harmful character, in ASCII."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def safe(text: str) -> str:
    """The text with every harmful character made visible; newline and tab stay."""
    if text.isprintable() and text.isascii():
        return text
    return _HARMFUL_TEXT.sub(lambda match: visible(match.group()), text)


def one_line(text: str) -> str:
    """The text on one line: every run of white space becomes one space."""
    return _SPACES.sub(" ", safe(text)).strip()


def safe_json(document: bytes) -> bytes:
    """A JSON document in which every harmful character of every string is made visible.

    It works on the bytes, so that a page of 500 objects is made harmless once, before it is
    decoded; a page without a suspicious byte costs a few scans.
    """
    # One alternation of all of it takes a hundred times as long as these scans.
    if not _SUSPICIOUS_ESCAPE.search(document) and not any(
        byte in document for byte in _SUSPICIOUS_BYTES
    ):
        return document
    return _JSON_ESCAPE.sub(_safe_escape, document)


def _safe_escape(match: Match[bytes]) -> bytes:
    found = match.group()
    if found in _SHORT_ESCAPES:
        character = _SHORT_ESCAPES[found]
    elif _CODE.fullmatch(found):
        character = chr(int(found[2:], 16))
        # A surrogate is half of a pair here: the pair is a character beyond the first plane.
        if "\ud800" <= character <= "\udfff":
            return found
    elif found.startswith(b"\\"):
        return found
    else:
        character = found.decode()
    if not _HARMFUL_TEXT.match(character):
        return found
    return visible(character).replace("\\", "\\\\").encode()
