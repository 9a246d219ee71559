"""A table in another form: nothing is lost, nothing becomes a formula."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hubtui.views.cells import Cell, Tone, cell
from hubtui.views.export import About, csv_lines, exported, form_of, item_lines
from hubtui.views.rows import Rows
from hubtui.views.table import Column

COLUMNS = (Column("name", "NAME", 6), Column("words", "WORDS", 6, grow=True))
ABOUT = About(
    kind="pods",
    context="prod",
    namespace="hub",
    release="hub",
    as_of=datetime(2026, 11, 23, 14, 3, tzinfo=UTC),
    notes=("2 · by role",),
)


def source(**rows: tuple[Cell, ...]) -> Rows:
    found = Rows(COLUMNS, empty="")
    found.set(rows)
    return found


ROWS = source(
    a=((("● ", Tone.FINE), ("hub", Tone.PLAIN)), cell("Running")),
    b=((("└ ", Tone.MUTED), ("jupyter-ana", Tone.PLAIN)), cell('a, "b"')),
)


def test_text_has_its_source_and_its_columns() -> None:
    assert exported("txt", ROWS, ABOUT) == [
        "prod / hub / hub · 2026-11-23T14:03:00Z",
        "2 · by role",
        "",
        "NAME           WORDS",
        "● hub          Running",
        '└ jupyter-ana  a, "b"',
    ]


def test_csv_is_read_back_without_the_signs() -> None:
    found = list(csv.reader(io.StringIO("\n".join(exported("csv", ROWS, ABOUT)))))
    assert found == [["name", "words"], ["hub", "Running"], ["jupyter-ana", 'a, "b"']]


def test_json_is_a_document_as_the_commands_print_it() -> None:
    found = json.loads("\n".join(exported("json", ROWS, ABOUT)))
    assert (found["schema"], found["kind"], found["as_of"]) == (1, "pods", "2026-11-23T14:03:00Z")
    assert found["items"][0] == {"name": "hub", "words": "Running"}
    assert found["notes"] == [{"source": "pods", "reason": "2 · by role"}]


def test_a_filter_counts() -> None:
    rows = source(a=(cell("hub"), cell("x")), b=(cell("proxy"), cell("y")))
    rows.set_filter("proxy")
    assert exported("csv", rows, ABOUT) == ["name,words", "proxy,y"]


def test_a_row_that_spans_is_filled_up() -> None:
    assert exported("csv", source(a=(cell("others"),)), ABOUT) == ["name,words", "others,"]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-1.5", "-1.5"),
        (-3, "-3"),
        (True, "true"),
        (None, ""),
        ({"a": [1]}, '{"a":[1]}'),
        ("two\nlines", "two\\nlines"),
        ("\x1b[2J", "\\x1b[2J"),
    ],
)
def test_no_field_is_a_formula_or_an_escape(value: Any, field: str) -> None:
    (_, row) = csv.reader(io.StringIO("\n".join(csv_lines(["x", "y"], [[value, 1]]))))
    assert row == [field, "1"]


def test_items_with_different_names_share_one_header() -> None:
    assert item_lines([{"a": 1}, {"b": 2}]) == ["a,b", "1,", ",2"]
    assert item_lines([]) == []


@pytest.mark.parametrize(
    ("name", "form"),
    [("x.CSV", "csv"), ("a.b.json", "json"), ("x.txt ", "txt"), ("x", ""), (".", "")],
)
def test_the_ending_says_the_form(name: str, form: str) -> None:
    assert form_of(name) == form
