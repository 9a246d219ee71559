"""Takes secrets out of values, manifests and text before anything is shown, copied or written.

A value is masked when its name looks secret, when its path is in a sops file, when it is (or
contains) the value of a live Secret, however that is escaped or encoded (`redact_forms`), and when
it looks like a credential by itself: a PEM block, a JWT, a user's password in a URL, a token with a
known prefix. A Secret's data are always masked.
Which of two masked values changed is told by the diff, which compares before it masks; nothing of
a value, not even a hash or its length, is in what comes out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hubtui.model.redact_forms import Encoded, encoded, escaped, lines
from hubtui.model.redact_text import MASK, mask_credentials, mask_text
from hubtui.model.secret_names import path_is_secret
from hubtui.model.text import safe
from hubtui.model.values_path import at
from hubtui.model.yaml_text import YamlError, load

__all__ = ["MASK", "Redactor", "is_masked", "live_values", "secret_leaves"]

MIN_EXACT = 4
"""Shorter live values are only masked by name: `1` and `hub` would hide half of a manifest."""

MIN_INSIDE = 8
"""Live values of at least this length are also found inside longer text."""

_COMMON = frozenset(("true", "false", "null", "none", "default", "latest", "admin", "https"))
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_HELM_TYPE = "helm.sh/release.v1"
_TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 — a type's name
_PUBLIC_KEYS = frozenset(("namespace", "ca.crt", "tls.crt", "username"))

Path = Sequence[str]


@dataclass(frozen=True)
class Redactor:
    """Masks values by what is known to be secret.

    `sops` are the paths in the release's values that come from sops files; `live` are the values
    of live Secrets, see `live_values`. `reveal` masks nothing: only for comparing in tests.
    """

    sops: frozenset[tuple[str, ...]] = frozenset()
    live: frozenset[str] = field(default=frozenset(), repr=False)
    reveal: bool = False

    def __post_init__(self) -> None:
        exact = frozenset(
            value for value in self.live if len(value) >= MIN_EXACT and value.lower() not in _COMMON
        )
        long = frozenset(value for value in exact if len(value) >= MIN_INSIDE)
        inside = long.union(*map(escaped, long))
        object.__setattr__(self, "live", exact)
        object.__setattr__(self, "_whole", exact.union(map(encoded, exact)))
        object.__setattr__(self, "_inside", tuple(sorted(inside, key=lambda v: (-len(v), v))))
        object.__setattr__(self, "_encoded", Encoded(long))
        # Lists have no keys in a sops path's place of our paths: the whole list counts.
        object.__setattr__(self, "_sops", frozenset(_before_index(path) for path in self.sops))

    _whole: frozenset[str] = field(default=frozenset(), init=False, repr=False, compare=False)
    _inside: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    _encoded: Encoded = field(default=Encoded(()), init=False, repr=False, compare=False)
    _sops: frozenset[tuple[str, ...]] = field(
        default=frozenset(), init=False, repr=False, compare=False
    )

    def knowing(self, *values: Mapping[str, Any]) -> Redactor:
        """One that also knows what stands in values under secret names and paths."""
        if self.reveal:
            return self
        known = self.live.union(*map(secret_leaves, values))
        return replace(
            self, live=known.union(*(texts(at(each, p)) for each in values for p in self.sops))
        )

    def secret_path(self, path: Path) -> bool:
        """Whether everything at the path is secret, by its name or its sops file."""
        if self.reveal:
            return False
        return self._from_sops(path) or path_is_secret(path)

    def mask(self, path: Path, value: Any) -> Any:
        """The value without its secrets: the same shape, with MASK for what is secret."""
        if self.reveal:
            return value
        if isinstance(value, Mapping):
            named = str(value["name"]) if isinstance(value.get("name"), str) else None
            return {
                key: self.mask(_child(path, str(key), named), item) for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.mask((*path, str(index)), item) for index, item in enumerate(value)]
        return self._leaf(path, value)

    def mask_object(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A Kubernetes object without its secrets; of a Secret all data are masked."""
        masked: dict[str, Any] = self.mask((), body)
        if body.get("kind") == "Secret" and not self.reveal:
            for name in ("data", "stringData"):
                if name in masked:
                    masked[name] = hide(masked[name])
            annotations = _mapping(_mapping(masked.get("metadata")).get("annotations"))
            if _LAST_APPLIED in annotations:
                metadata = dict(masked["metadata"])
                metadata["annotations"] = {**annotations, _LAST_APPLIED: MASK}
                masked["metadata"] = metadata
        return masked

    def mask_text(self, text: str) -> str:
        """Text of several lines without its secrets; it keeps its number of lines."""
        if self.reveal:
            return text
        return mask_text(self._without_live(text))

    def mask_said(self, text: str) -> str:
        """What a program says of values that it was given: also short ones are masked where they
        stand alone."""
        if self.reveal:
            return text
        text = self.mask_text(text)
        for value in self._whole:
            if len(value) < MIN_INSIDE:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, text)
        return text

    def _leaf(self, path: Path, value: Any) -> Any:
        if value is None or isinstance(value, bool) or value == "":
            return value
        if self.secret_path(path):
            return MASK
        if not isinstance(value, str):
            return MASK if str(value) in self.live and len(str(value)) >= MIN_INSIDE else value
        if value in self._whole or value.strip() in self._whole:
            return MASK
        if "\n" in value:
            return self.mask_text(value)
        return mask_credentials(self._without_live(value))

    def _without_live(self, text: str) -> str:
        for value in self._inside:
            if value in text:
                text = text.replace(value, "\n".join([MASK] * (value.count("\n") + 1)))
        return self._encoded.replaced(text, MASK)

    def _from_sops(self, path: Path) -> bool:
        return bool(self._sops) and any(
            tuple(path[:length]) in self._sops for length in range(1, len(path) + 1)
        )


def _child(path: Path, key: str, named: str | None) -> tuple[str, ...]:
    """The path of a mapping's item; `{name: X, value: …}` is judged as if it were `X: …`."""
    return (*path, named, key) if named and key == "value" else (*path, key)


def _before_index(path: Sequence[str]) -> tuple[str, ...]:
    for index, name in enumerate(path):
        if str(name).isdigit():
            return tuple(path[:index])
    return tuple(path)


def hide(value: Any) -> Any:
    """Every leaf of a value as MASK, whatever it is."""
    if isinstance(value, Mapping):
        return {key: hide(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [hide(item) for item in value]
    return value if value is None or value == "" else MASK


def is_masked(value: object) -> bool:
    """Whether anything in a masked value was taken out."""
    if isinstance(value, Mapping):
        return any(is_masked(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(is_masked(item) for item in value)
    return isinstance(value, str) and MASK in value


def secret_leaves(value: Any, path: tuple[str, ...] = ()) -> frozenset[str]:
    """The texts in a tree of values whose names look secret: live values of a values file."""
    if isinstance(value, Mapping):
        named = str(value["name"]) if isinstance(value.get("name"), str) else None
        children = [(_child(path, str(key), named), item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        children = [((*path, str(index)), item) for index, item in enumerate(value)]
    else:
        found = isinstance(value, str) and value and path_is_secret(path)
        return frozenset((value,)) if found else frozenset()
    return frozenset().union(*(secret_leaves(item, child) for child, item in children))


def texts(value: Any) -> frozenset[str]:
    """Every text and number in a tree of values, made harmless as what is shown is, and the long
    lines of those that have several."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return frozenset().union(*(texts(item) for item in value))
    if value is None or isinstance(value, bool):
        return frozenset()
    text = safe(str(value))
    return frozenset((text,)) | lines(text, MIN_INSIDE)


def live_values(type_: str, data: Mapping[str, str]) -> frozenset[str]:
    """What to mask of one live Secret, given its `type` and its `data` in base64.

    Of values files and Docker logins, which hold harmless settings too, only what their names
    call secret. Helm's own Secrets and the public parts of certificates and accounts hold none.
    """
    if type_ == _HELM_TYPE:
        return frozenset()
    found: set[str] = set()
    for name, data64 in data.items():
        if name in _PUBLIC_KEYS and (type_ != "Opaque" or name != "username"):
            continue
        try:
            raw = base64.b64decode(data64, validate=True)
            text = safe(raw.decode())
        except (binascii.Error, UnicodeDecodeError, ValueError):
            found.add(data64)
            continue
        inner = _inner(name, text)
        found |= inner if inner is not None else {text.strip(), data64}
        if inner is None and ";" in text and "\n" not in text:
            found |= {part.strip() for part in text.split(";")}
    return frozenset(value for value in found if value)


def _inner(name: str, text: str) -> frozenset[str] | None:
    """The secret parts of a document in a Secret; None when it is one value."""
    try:
        if name == ".dockerconfigjson" or name.endswith(".json"):
            return secret_leaves(json.loads(text))
        if name.endswith((".yaml", ".yml")):
            return secret_leaves(load(text))
    except (ValueError, YamlError, RecursionError):
        return None
    return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
