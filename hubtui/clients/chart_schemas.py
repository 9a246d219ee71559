"""The JSON schemas that helm checks values with: of a chart on the disk and of its sub-charts."""

from __future__ import annotations

import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hubtui.model import values_path
from hubtui.model.yaml_text import YamlError, load

LARGEST: Final = 8 * 2**20
"""How much of a file is read, in bytes; the schema of z2jh has 60 kB."""

_READ: Final = frozenset(("Chart.yaml", "requirements.yaml", "values.schema.json"))


@dataclass(frozen=True, slots=True)
class Schemas:
    """By the name of a chart, which is how helm names it in what it says: its schema, where its
    values stand in the release's, and its version."""

    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    places: Mapping[str, values_path.Path] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def schemas(chart: Path) -> Schemas:
    """Those of a chart's folder or archive. What cannot be read has none: helm itself complains of
    it."""
    found: dict[str, Mapping[str, Any]] = {}
    places: dict[str, values_path.Path] = {}
    versions: dict[str, str] = {}
    for name, version, place, schema in _charts(_files(chart), PurePosixPath(), ()):
        places.setdefault(name, place)
        versions.setdefault(name, version)
        if schema is not None:
            found.setdefault(name, schema)
    return Schemas(found, places, versions)


_Files = Mapping[PurePosixPath, bytes]


def _files(chart: Path) -> _Files:
    """The files that matter, by their paths in the chart; archives of sub-charts as folders."""
    try:
        if chart.is_file():
            return dict(_in_archive(chart.read_bytes()))
        return dict(_in_folder(chart))
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return {}


def _in_folder(chart: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    for path in sorted(chart.rglob("*")):
        inside = PurePosixPath(path.relative_to(chart).as_posix())
        if path.name in _READ and path.is_file() and path.stat().st_size <= LARGEST:
            yield inside, path.read_bytes()
        elif _is_sub_chart(inside) and path.is_file():
            yield from _below(inside, path.read_bytes())


def _in_archive(data: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            # An archive holds one folder, the chart's.
            inside = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            wanted = inside.name in _READ or _is_sub_chart(inside)
            if not (wanted and member.isfile() and member.size <= LARGEST):
                continue
            file = archive.extractfile(member)
            content = file.read() if file else b""
            if _is_sub_chart(inside):
                yield from _below(inside, content)
            else:
                yield inside, content


def _is_sub_chart(path: PurePosixPath) -> bool:
    return path.parent.name == "charts" and path.name.endswith((".tgz", ".tar.gz"))


def _below(path: PurePosixPath, data: bytes) -> Iterator[tuple[PurePosixPath, bytes]]:
    return ((path / inside, content) for inside, content in _in_archive(data))


def _charts(
    files: _Files, root: PurePosixPath, place: values_path.Path
) -> Iterator[tuple[str, str, values_path.Path, Mapping[str, Any] | None]]:
    """A chart and all below it: name, version, place, schema."""
    described = _mapping(files.get(root / "Chart.yaml", b""))
    name = str(described.get("name") or "")
    if not name:
        return
    version = str(described.get("version") or "")
    yield name, version, place, _schema(files.get(root / "values.schema.json", b""))
    keys = _keys(described) | _keys(_mapping(files.get(root / "requirements.yaml", b"")))
    charts = root / "charts"
    for path in files:
        if path.name == "Chart.yaml" and path.parent.parent == charts:
            below = str(_mapping(files[path]).get("name") or "")
            for key in keys.get(below) or (below,):
                yield from _charts(files, path.parent, (*place, key))


def _keys(described: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Under which keys the values of each dependency stand: its aliases, else its name."""
    found: dict[str, tuple[str, ...]] = {}
    entries = described.get("dependencies")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and entry.get("name"):
            name = str(entry["name"])
            found[name] = (*found.get(name, ()), str(entry.get("alias") or name))
    return found


def _mapping(content: bytes) -> Mapping[str, Any]:
    try:
        found = load(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, YamlError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _schema(content: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(content) if content else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None
