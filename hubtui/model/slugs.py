"""What KubeSpawner makes of the names of users and servers: parts of the names of pods, claims and
folders, and labels (facts.md §2.3)."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

_OBJECT: Final = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_LABEL: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_UNESCAPED: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_HASH: Final = 8

LONGEST: Final = 48
"""Characters of user and server together in the names of objects."""


def user_slug(user: str) -> str:
    """The fields `{username}` and `{safe_username}`: the folder of a shared disk since 7.0."""
    return _slug(user, _OBJECT, LONGEST)


def escaped(name: str) -> str:
    """The field `{escaped_username}`, which was `{username}` before 7.0: each character that is
    no small letter or digit as `-` and its bytes."""
    return "".join(
        letter if letter in _UNESCAPED else "".join(f"-{byte:x}" for byte in letter.encode())
        for letter in name
    )


def server_slug(user: str, server: str = "") -> str:
    """The field `{user_server}`: what the names of a server's pod and claim end with."""
    parts = [_slug(name, _OBJECT, LONGEST) for name in ((user, server) if server else (user,))]
    if len(parts[0]) + (len(parts[1]) if server else 0) + 2 <= LONGEST:
        return "--".join(parts)
    number = sha256(user.encode() + b"\xff" + server.encode()).hexdigest()[:_HASH]
    each = (LONGEST - _HASH - 1) // 2 - 2
    return f"{_stripped(user, each)}--{_stripped(server, each)}---{number}"


def label(name: str) -> str:
    """The value of the labels `hub.jupyter.org/username` and `…/servername`: labels allow more."""
    return _slug(name, _LABEL, 32, 63)


def _slug(name: str, valid: re.Pattern[str], hashed: int, longest: int = LONGEST) -> str:
    """The name where it is valid, else a part of it and a hash, `hashed` characters in all."""
    if "--" not in name and len(name) <= longest and valid.fullmatch(name):
        return name
    number = sha256(name.encode()).hexdigest()[:_HASH]
    return f"{_stripped(name, hashed - _HASH - 3)}---{number}"


def _stripped(name: str, longest: int) -> str:
    plain = _OTHER.sub("-", name.lower()).lstrip("-")[:longest].rstrip("-")
    if plain and not plain[0].isalpha():
        plain = f"x-{plain[: longest - 2]}"
    return plain or "x"
