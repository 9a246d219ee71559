"""What a file that sops encrypted tells without a key: its keys' names, and who can open it.

Source: the metadata under the top key `sops` (facts.md §7).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from hubtui.model.deployment import Recipient
from hubtui.model.text import one_line, safe
from hubtui.model.values_path import Path, walk

METADATA: Final = "sops"

_Entry = Mapping[str, Any]


def _azure(entry: _Entry) -> str:
    return "/".join(str(entry.get(part, "")) for part in ("vault_url", "name", "version"))


def _vault(entry: _Entry) -> str:
    return "/".join(
        str(entry.get(part, "")) for part in ("vault_address", "engine_path", "key_name")
    )


_KINDS: Final[Mapping[str, tuple[str, Callable[[_Entry], str]]]] = {
    "age": ("age", lambda entry: str(entry.get("recipient", ""))),
    "pgp": ("PGP", lambda entry: str(entry.get("fp", ""))),
    "kms": ("AWS KMS", lambda entry: str(entry.get("arn", ""))),
    "gcp_kms": ("GCP KMS", lambda entry: str(entry.get("resource_id", ""))),
    "azure_kv": ("Azure Key Vault", _azure),
    "hc_vault": ("Vault", _vault),
    "hckms": ("Huawei Cloud KMS", lambda entry: str(entry.get("key_id", ""))),
}


def is_encrypted(document: Mapping[str, Any]) -> bool:
    """Whether sops has written the file: hubploy and 2i2c's deployer ask for the same key."""
    return METADATA in document


def recipients(document: Mapping[str, Any]) -> tuple[Recipient, ...]:
    """Who can open the file, in the metadata's order, each once."""
    metadata = document.get(METADATA)
    found = dict.fromkeys(_recipients(metadata)) if isinstance(metadata, Mapping) else {}
    return tuple(found)


def _recipients(group: Mapping[str, Any]) -> Iterator[Recipient]:
    for key, (kind, name) in _KINDS.items():
        for entry in _entries(group.get(key)):
            yield Recipient(kind, one_line(name(entry)))
    for inner in _entries(group.get("key_groups")):
        yield from _recipients(inner)


def _entries(value: object) -> list[_Entry]:
    # A file of an older sops says null for the kinds of keys that it does not have.
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def secret_paths(document: Mapping[str, Any]) -> frozenset[Path]:
    """Where an encrypted document holds values: their names are plain in it."""
    return leaf_paths({key: value for key, value in document.items() if key != METADATA})


def leaf_paths(document: Mapping[str, Any]) -> frozenset[Path]:
    """Where the document holds a value; an empty map or list counts as one.

    A path with a character that is never shown is there as it is shown, too.
    """
    found = {path for path, value in walk(document) if path and not (_inner(value) and value)}
    return frozenset(found | {tuple(safe(step) for step in path) for path in found})


def _inner(value: object) -> bool:
    return isinstance(value, (Mapping, list))
