"""Charts: what a reference names, whether its dependencies are built, and the one that runs."""

from __future__ import annotations

import asyncio
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hubtui.config import private_folder
from hubtui.errors import DecodeError, UsageError
from hubtui.model.chart_metadata import ChartMetadata, metadata_of, unbuilt
from hubtui.model.deployment import ChartKind, ChartSource
from hubtui.model.origin import holds_login
from hubtui.model.release import Payload
from hubtui.model.stored_chart import chart_files
from hubtui.model.yaml_text import YamlError, load

MOST_OF_CHART_YAML: Final = 2**20
"""How much of a Chart.yaml in an archive is read, in bytes."""

_URLS: Final = ("https://", "http://")


async def source(reference: str, version: str = "", repository: str = "") -> ChartSource:
    """A chart as helm would find it: a path that exists comes first, as with helm.

    Raises UsageError for what names no chart, DecodeError for a Chart.yaml that cannot be read.
    """
    return await asyncio.to_thread(named, reference, version, repository)


def named(reference: str, version: str = "", repository: str = "") -> ChartSource:
    """The same, at once: it reads files. Raises what `source` raises."""
    if holds_login(reference) or holds_login(repository):
        raise UsageError(
            "The address of the chart holds a login",
            meaning="On helm's command line everybody on this machine could read it.",
            remedy="Log in beforehand: helm repo add --username …, then name it as REPOSITORY/NAME;"
            " or helm registry login, then oci://….",
        )
    path = Path(reference).expanduser()
    if reference.startswith("oci://"):
        return ChartSource(ChartKind.OCI, reference, version, name=reference.rsplit("/", 1)[-1])
    if reference.startswith(_URLS) or not path.exists():
        return _remote(reference, version, repository)
    if repository:
        raise UsageError(
            f"{reference} is in this folder, and helm takes that before any repository",
            remedy="Start hubtui elsewhere, or leave the repository out.",
        )
    if path.is_dir():
        return _folder(path.absolute())
    found = _in_archive(path)
    return ChartSource(ChartKind.ARCHIVE, str(path.absolute()), found.version, name=found.name)


def _remote(reference: str, version: str, repository: str) -> ChartSource:
    if not reference or reference.startswith(("/", ".", "~")):
        raise UsageError(f"There is no chart at {reference or '(nothing)'}")
    if not repository and "/" not in reference:
        raise UsageError(
            f"{reference} is neither a folder nor a file here, and no repository is named",
            remedy="Name its repository's URL beside it, or a chart as oci://… or REPOSITORY/NAME.",
        )
    name = reference.rsplit("/", 1)[-1]
    return ChartSource(ChartKind.REPOSITORY, reference, version, repository, name)


def _folder(path: Path) -> ChartSource:
    written = path / "Chart.yaml"
    if not written.is_file():
        raise UsageError(f"{path} is no chart: it has no Chart.yaml")
    found = metadata_of(_document(written, "Chart.yaml"), _requirements(path))
    built = {chart.name: chart.version for chart in _built(path / "charts")}
    return ChartSource(
        ChartKind.FOLDER,
        str(path),
        found.version,
        name=found.name,
        missing=unbuilt(found, built),
    )


def _requirements(path: Path) -> Mapping[str, Any]:
    """Where charts of Helm 2's time name their dependencies."""
    written = path / "requirements.yaml"
    return _document(written, "requirements.yaml") if written.is_file() else {}


def _built(folder: Path) -> Iterator[ChartMetadata]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and (path / "Chart.yaml").is_file():
            yield metadata_of(_document(path / "Chart.yaml", "Chart.yaml"))
        elif path.name.endswith((".tgz", ".tar.gz")):
            yield _in_archive(path)


def _document(path: Path, name: str) -> Mapping[str, Any]:
    try:
        return _mapping(path.read_text(encoding="utf-8-sig"), path, name)
    except (OSError, UnicodeDecodeError) as error:
        raise DecodeError(f"{path} cannot be read: {error}") from None


def _mapping(text: str, path: Path, name: str) -> Mapping[str, Any]:
    try:
        found = load(text)
    except YamlError as error:
        where = f", line {error.line}" if error.line else ""
        raise DecodeError(f"{path}{where}: not valid YAML: {error.problem}") from None
    if not isinstance(found, dict):
        raise DecodeError(f"{path}: its {name} holds nothing")
    return found


def _in_archive(path: Path) -> ChartMetadata:
    """What the Chart.yaml of an archive says; it is one folder deep. Raises DecodeError."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.removeprefix("./").split("/")[1:] == [
                    "Chart.yaml"
                ]:
                    file = archive.extractfile(member)
                    text = file.read(MOST_OF_CHART_YAML).decode() if file else ""
                    return metadata_of(_mapping(text, path, "Chart.yaml"))
    except (OSError, EOFError, UnicodeDecodeError, tarfile.TarError, zlib.error) as error:
        if isinstance(error, OSError) and error.strerror:
            raise DecodeError(f"{path} cannot be read: {error.strerror}") from None
        raise DecodeError(
            f"{path} cannot be read as a chart's archive: it is none, or broken, or cut off",
            remedy="Fetch it again with helm pull, or make it with helm package.",
        ) from None
    raise DecodeError(f"{path} is no chart: it has no Chart.yaml")


def unpack_running(payload: Payload, folder: Path) -> Path:
    """The chart of a stored revision as a folder, made for its owner alone; `folder` must not be
    there.

    Raises DecodeError for a chart with sub-charts: Helm stores a release without them.
    """
    for name, content in chart_files(payload).items():
        path = folder / name
        private_folder(path.parent)
        path.touch(mode=0o600)
        path.write_bytes(content)
    return folder
