"""The chart inside a stored revision, as the files of a chart's folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

import msgspec

from hubtui.errors import DecodeError
from hubtui.model.hub_chart import sub_charts
from hubtui.model.release import Payload
from hubtui.model.release_packing import unpack
from hubtui.model.values_json import as_yaml

_REMEDY: Final = "Name the chart with --chart."


class _File(msgspec.Struct, frozen=True):
    name: str
    data: bytes = b""


class _Chart(msgspec.Struct, frozen=True):
    metadata: msgspec.Raw
    values: msgspec.Raw = msgspec.Raw()
    lock: msgspec.Raw = msgspec.Raw()
    schema: bytes | None = None
    templates: list[_File] | None = None
    files: list[_File] | None = None


class _Release(msgspec.Struct, frozen=True):
    chart: _Chart


def chart_files(payload: Payload) -> dict[str, bytes]:
    """The files by their paths in the chart's folder.

    Raises DecodeError where they cannot be had: of a revision that was only rendered, of a chart
    with sub-charts, which Helm stores nowhere, and of a chart with paths that lead out of it.
    """
    below = sub_charts(payload)
    if below:
        raise DecodeError(
            f"The chart {payload.chart.label} has sub-charts ({', '.join(below)}), "
            "which Helm does not store with a release",
            remedy=_REMEDY,
        )
    try:
        chart = msgspec.json.decode(unpack(payload.packed), type=_Release).chart
    except msgspec.DecodeError as error:
        raise DecodeError(
            f"The chart of revision {payload.revision} cannot be read: {error}", remedy=_REMEDY
        ) from error
    found = dict(_files(chart))
    for name in found:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
            raise DecodeError(f"The stored chart has a file {name!r} outside of it", remedy=_REMEDY)
    return found


def _files(chart: _Chart) -> Iterator[tuple[str, bytes]]:
    for file in (*(chart.templates or ()), *(chart.files or ())):
        yield file.name, file.data
    # JSON is YAML; Helm keeps neither the text of these nor its comments.
    yield "Chart.yaml", _yaml(chart.metadata)
    for name, raw in (("values.yaml", chart.values), ("Chart.lock", chart.lock)):
        if bytes(raw) not in (b"", b"null"):
            yield name, _yaml(raw)
    if chart.schema:
        yield "values.schema.json", chart.schema


def _yaml(raw: msgspec.Raw) -> bytes:
    return as_yaml(bytes(raw).decode(errors="replace")).encode()
