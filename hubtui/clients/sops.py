"""sops: who can open a file, and its values, decrypted into memory and nowhere else."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any, Final

from hubtui.clients import process, sops_binary, value_files
from hubtui.clients.process import Finished
from hubtui.config import Settings
from hubtui.errors import DecodeError, ToolError
from hubtui.model import sops_file
from hubtui.model.deployment import ValueFile
from hubtui.model.text import one_line
from hubtui.model.yaml_text import YamlError, load_exact

TIMEOUT: Final = 60.0
"""Seconds that opening one file may take: a key service may be far away."""

_NO_KEY: Final = frozenset({111, 112, 128})
_CHANGED: Final = frozenset({24, 25, 51, 52})
"""What sops ends with, where no key is at hand and where a file is not what was encrypted
(facts.md §7)."""

_KEY_FILE: Final = "SOPS_AGE_KEY_FILE"
_UNREADABLE: Final = re.compile(rf"failed to (parse|read) '?{_KEY_FILE}\b")

_WAYS: Final = {
    "age": f"set {_KEY_FILE} to the file with its private key",
    "PGP": "have its secret key in gpg, unlocked: gpg asks no passphrase here",
    "AWS KMS": "log in with aws sso login",
    "GCP KMS": "log in with gcloud auth application-default login",
    "Azure Key Vault": "log in with az login",
    "Vault": "log in with vault login",
    "Huawei Cloud KMS": "log in to Huawei Cloud",
}


def inspect(path: str | Path) -> ValueFile:
    """A file of values: whether it is encrypted and who can open it. It needs neither sops nor a
    key. Raises DecodeError with file and line."""
    return described(path, value_files.document(path))


def described(path: str | Path, document: dict[str, Any]) -> ValueFile:
    """The same of a file that has been read."""
    return ValueFile(
        os.path.abspath(path),  # noqa: PTH100 — Path.absolute() would keep the ".." in it
        sops_file.is_encrypted(document),
        sops_file.recipients(document),
    )


class Sops:
    """The sops binary."""

    def __init__(self, binary: Path) -> None:
        self.binary = binary

    @classmethod
    def find(cls, settings: Settings) -> Sops:
        """Looks for sops. Raises ToolError with the command that installs it."""
        return cls(sops_binary.find(settings))

    async def decrypt(self, file: ValueFile) -> dict[str, Any]:
        """The values of an encrypted file, which stay in memory.

        Raises ToolError without a key for it, or when it was changed after it was encrypted, and
        DecodeError when what it holds is no map of values.
        """
        # As helm would be handed the file by hubploy: in its own format, without a detour.
        kinds = [] if file.path.endswith(".json") else ["--input-type", "yaml"]
        kinds += ["--output-type", "yaml"] if kinds else []
        argv = [str(self.binary), "--decrypt", *kinds, file.path]
        ended = await process.run(argv, timeout=TIMEOUT)
        if ended.returncode:
            raise _failed(file, ended)
        return await asyncio.to_thread(_decrypted, file, ended.stdout)


def _decrypted(file: ValueFile, content: bytes) -> dict[str, Any]:
    try:
        return value_files.mapping(load_exact(content.decode()), file.path)
    except (YamlError, UnicodeDecodeError):
        # The words of a reader may hold a part of what is secret.
        raise DecodeError(f"What sops decrypts of {file.path} is not valid YAML") from None


def _failed(file: ValueFile, ended: Finished) -> ToolError:
    if ended.returncode in _NO_KEY:
        return _no_key(file, ended)
    # sops 3.11 panics over a number in the place of an encrypted value.
    if ended.returncode in _CHANGED or ended.words.startswith("panic:"):
        return ToolError(
            f"{file.path} was changed after it was encrypted: sops does not accept it",
            meaning="Somebody edited or merged it without sops; nothing of it is used.",
            remedy=f"Look at its history: git log -- {file.path}. Change it with sops edit.",
        )
    said = one_line(ended.words) or f"it ended with {ended.returncode}"
    return ToolError(
        f"sops cannot open {file.path}: {said}",
        remedy=f"Try it in a terminal: sops decrypt {file.path} > /dev/null.",
    )


def _no_key(file: ValueFile, ended: Finished) -> ToolError:
    kinds = dict.fromkeys(recipient.kind for recipient in file.recipients)
    slip = _key_file_slip(ended.words) if "age" in kinds else ""
    ways = "; ".join(_WAYS[kind] for kind in kinds if kind in _WAYS)
    return ToolError(
        f"{file.path} stays closed: {slip or 'no key that opens it is at hand'}",
        output=ended.words,
        meaning=f"These could open it: {', '.join(map(str, file.recipients)) or 'none is named'}.",
        remedy=f"One of them is enough: {ways}." if ways else "Add yourself with sops updatekeys.",
    )


def _key_file_slip(words: str) -> str:
    """What is wrong with the file of age's private keys that is named; "" when nothing is. sops
    says it among much else, and takes no notice of a file without any key."""
    named = os.environ.get(_KEY_FILE, "")
    if not named:
        return ""
    path = Path(named)
    title = f"{_KEY_FILE} names {one_line(named)}"
    if not path.is_file():
        return f"{title}, and there is no such file"
    if not os.access(path, os.R_OK):
        return f"{title}, which you may not read"
    if path.stat().st_size == 0 or _UNREADABLE.search(re.sub(r"[\s|]+", " ", words)):
        return f"{title}, which holds no key of age that sops can read"
    return ""
