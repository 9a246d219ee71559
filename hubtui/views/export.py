"""A table as text, CSV or JSON, as it is shown: filtered, ordered, secrets masked."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any, Final

import msgspec

from hubtui.model.age import rfc3339
from hubtui.model.text import safe, safe_json
from hubtui.views.cells import (
    SIGN_FINE,
    SIGN_NOW,
    SIGN_PAST,
    SIGN_SOON,
    SIGN_WAITING,
    Cell,
    plain,
)
from hubtui.views.grid import table
from hubtui.views.table import Column, TableSource

TEXT: Final = "txt"
FORMS: Final = (TEXT, "csv", "json")

SCHEMA: Final = 1
"""The version of JSON documents (design §5)."""

_SIGNS: Final = f"{SIGN_FINE}{SIGN_PAST}{SIGN_WAITING}{SIGN_SOON}{SIGN_NOW}└▸▾ "
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""


@dataclass(frozen=True, slots=True)
class About:
    """What a table is and where it is from."""

    kind: str
    context: str
    namespace: str
    release: str
    as_of: datetime
    notes: tuple[str, ...] = ()


def form_of(name: str) -> str:
    """The form that a file's name asks for: its ending; empty when that is none of FORMS."""
    form = PurePath(name.strip()).suffix.lower().removeprefix(".")
    return form if form in FORMS else ""


def exported(form: str, source: TableSource, about: About) -> list[str]:
    """All rows of a table in one of FORMS, those out of sight too."""
    order: Sequence[str] = source.keys()
    rows = [source.cells(key, about.as_of) for key in order]
    return written(form, source.columns, rows, about)


def written(
    form: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], about: About
) -> list[str]:
    """Rows of cells in one of FORMS."""
    if form == TEXT:
        head = f"{about.context} / {about.namespace} / {about.release} · {rfc3339(about.as_of)}"
        lines = (plain(line).rstrip() for line in table(columns, rows, 0))
        return [safe(line) for line in (head, *about.notes, "", *lines)]
    names = [column.id for column in columns]
    words = [[_bare(cell) for cell in row] for row in rows]
    if form == "csv":
        return csv_lines(names, words)
    items = [dict(zip(names, row, strict=False)) for row in words]
    notes = [{"source": about.kind, "reason": note} for note in about.notes]
    return document(about, {"items": items}, notes)


def document(
    about: About, body: Mapping[str, Any], notes: Sequence[Mapping[str, str]]
) -> list[str]:
    """The lines of a JSON document (design §5)."""
    found = {
        "schema": SCHEMA,
        "kind": about.kind,
        "context": about.context,
        "namespace": about.namespace,
        "release": about.release,
        "as_of": rfc3339(about.as_of),
        **body,
        "notes": notes,
    }
    encoded = msgspec.json.format(safe_json(msgspec.json.encode(found)), indent=2)
    return encoded.decode().split("\n")


def csv_lines(names: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """A header and the rows, one line each; nothing in it is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        padded = [*row, *[""] * (len(names) - len(row))]
        writer.writerow([_field(value) for value in padded])
    return out.getvalue().rstrip("\n").split("\n")


def item_lines(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """The items of an answer as CSV; what is no single value is JSON in its field."""
    names = list(dict.fromkeys(name for item in items for name in item))
    if not names:
        return []
    return csv_lines(names, ([item.get(name) for name in names] for item in items))


def _field(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (int, float)):
        return value
    text = value if isinstance(value, str) else safe_json(msgspec.json.encode(value)).decode()
    text = safe(text).replace("\n", "\\n")
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bare(cell: Cell) -> str:
    """A cell's words without the signs before them."""
    return plain(cell).lstrip(_SIGNS).rstrip()
