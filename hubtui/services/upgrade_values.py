"""All values of an upgrade as one document, read and decrypted when they are used."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubtui.clients import sops, value_files
from hubtui.clients.sops import Sops
from hubtui.config import Settings
from hubtui.model import sops_file, strvals
from hubtui.model.deployment import ValueFile
from hubtui.model.merge import merged
from hubtui.model.values_path import Path
from hubtui.services.actions.upgrade_request import UpgradeRequest, given_sets


@dataclass(frozen=True, slots=True)
class Gathered:
    """The values that helm is given; they stay out of the repr.

    `secret_paths` are where they hold something of a file that is encrypted, or that by its name
    should be. `files` are the files in their order, as they were found.
    """

    document: dict[str, Any] = field(repr=False)
    secret_paths: frozenset[Path] = frozenset()
    files: tuple[ValueFile, ...] = ()


async def gather(settings: Settings, request: UpgradeRequest) -> Gathered:
    """Reads the files, decrypts the encrypted ones into memory and merges everything in the order
    that UpgradeRequest tells.

    Raises DecodeError for a file that is no YAML, ToolError for one that sops cannot open,
    UsageError for a --set that is none. A file that says secret and is not encrypted is for the
    plan to stop at.
    """
    deployment = request.deployment
    given = (*(deployment.files if deployment else ()), *request.files)
    found = await asyncio.gather(*(asyncio.to_thread(_read, file.path) for file in given))
    files = tuple(file for file, _document in found)
    documents = await _opened(settings, found)
    secret = (
        sops_file.leaf_paths(document)
        for file, document in zip(files, documents, strict=True)
        if file.encrypted or file.named_secret
    )
    paths = frozenset[Path]().union(*secret)
    return Gathered(_put_together(request, documents), paths, files)


def _read(path: str) -> tuple[ValueFile, dict[str, Any]]:
    document = value_files.document(path)
    return sops.described(path, document), document


async def _opened(
    settings: Settings, found: Sequence[tuple[ValueFile, dict[str, Any]]]
) -> list[dict[str, Any]]:
    """The documents in their order, decrypted."""
    if not any(file.encrypted for file, _document in found):
        return [document for _file, document in found]
    opener = await asyncio.to_thread(Sops.find, settings)

    async def opened(file: ValueFile, document: dict[str, Any]) -> dict[str, Any]:
        return await opener.decrypt(file) if file.encrypted else document

    return list(await asyncio.gather(*(opened(*each) for each in found)))


def _put_together(
    request: UpgradeRequest, documents: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    document = merged(*documents, request.overlay)
    sets, set_strings = given_sets(request)
    for text in sets:
        document = strvals.assigned(document, text, strings=False)
    for text in set_strings:
        document = strvals.assigned(document, text, strings=True)
    return document
