"""An answer as a table, a query with its fault marked, and the words that fit."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, nan

import pytest

from hubtui.clients.prometheus import Instant
from hubtui.errors import HubtuiError
from hubtui.model.prometheus import Sample, Series
from hubtui.model.promql_completion import Offer
from hubtui.services.ranges import Evaluation
from hubtui.views.cells import Cell, plain
from hubtui.views.document import Hung
from hubtui.views.promql import VALUE, QueryView, fault_lines, marked, number, offer_lines

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)


def view_of(answer: Instant) -> QueryView:
    found = QueryView()
    found.show(Evaluation(answer, NOW, NOW))
    return found


def words(line: Cell | Hung) -> str:
    return plain(line.cell if isinstance(line, Hung) else line)


def shown(view: QueryView) -> list[list[str]]:
    return [[plain(each) for each in view.cells(key, NOW)] for key in view.keys()]  # noqa: SIM118


def pods() -> QueryView:
    """Three pods of one namespace, one of them without a number."""
    values = (("a", 2.0), ("b", nan), ("c", 10.0))
    samples = [Sample({"namespace": "hub", "pod": pod}, 0, value) for pod, value in values]
    return view_of(Instant("vector", samples))


@pytest.mark.parametrize(
    ("value", "words"),
    [(3.0, "3"), (0.1 + 0.2, "0.3"), (1234567890123.0, "1.23456789012e+12"), (nan, "NaN"),
     (inf, "+Inf"), (-inf, "-Inf"), (1e-9, "1e-09")],
)  # fmt: skip
def test_a_number_as_prometheus_has_it(value: float, words: str) -> None:
    assert number(value) == words


def test_labels_that_tell_series_apart_stand_first_and_are_dropped_last() -> None:
    view = pods()
    assert [(column.title, column.rank) for column in view.columns] == [
        ("VALUE", 0), ("pod", 3), ("namespace", 4),
    ]  # fmt: skip
    assert shown(view) == [["2", "a", "hub"], ["NaN", "b", "hub"], ["10", "c", "hub"]]


def test_rows_are_ordered_and_filtered() -> None:
    view = pods()
    view.order_by(VALUE, reverse=False)
    assert [row[0] for row in shown(view)] == ["10", "2", "NaN"]
    view.order_by("pod", reverse=True)
    assert [row[1] for row in shown(view)] == ["c", "b", "a"]
    view.set_filter("c")
    assert shown(view) == [["10", "c", "hub"]]
    assert view.count == 3


def test_what_is_no_vector_is_shown_too() -> None:
    points = ((0.0, 1.0), (60.0, 3.0))
    matrix = view_of(Instant("matrix", series=[Series({"value": "x"}, points)]))
    assert [column.id for column in matrix.columns] == [
        VALUE, "samples", "from", "to", "label_value",
    ]  # fmt: skip
    assert shown(matrix)[0][:2] == ["3", "2"]
    assert shown(view_of(Instant("string", text="a  text\x1b"))) == [["a text\\x1b"]]
    assert shown(view_of(Instant("scalar", [Sample({}, 0, inf)]))) == [["+Inf"]]
    assert shown(view_of(Instant("vector"))) == []


@pytest.mark.parametrize(
    ("query", "position", "width", "lines"),
    [
        ("sum(up", 6, 0, ("sum(up", "      ^")),
        ("sum(up", None, 0, ("sum(up",)),
        ("a\nb c", 4, 0, ("a b c", "    ^")),
        ("abcdefghij", 9, 6, ("…ghij", "    ^")),
        ("abcdefghij", 5, 6, ("…defg…", "   ^")),
        ("abcdefghij", 0, 6, ("abcde…", "^")),
        ("名前 x", 3, 0, ("名前 x", "     ^")),
    ],
)
def test_the_place_of_a_fault_is_marked(
    query: str, position: int | None, width: int, lines: tuple[str, ...]
) -> None:
    assert marked(query, position, width) == lines


def test_what_is_wrong_is_said_below_its_place_and_who_says_it_is_left_out() -> None:
    what = 'Prometheus at http://127.0.0.1:9090 cannot answer: parameter "query": 1:4: parse error'
    error = HubtuiError(what, remedy="Mend it.")
    lines = [words(each) for each in fault_lines(error, "up foo", 3, 80)]
    assert lines == ["up foo", "   ^", "✗ parse error", "  Mend it."]
    assert words(next(fault_lines(error, "up foo", None, 80))) == f"✗ {what}"


def test_the_word_that_is_taken_next_is_among_those_that_are_shown() -> None:
    offers = [Offer(f"metric_{index}", "metric") for index in range(9)]
    lines = [plain(line) for line in offer_lines(offers, 8, 4)]
    assert len(lines) == 4
    assert lines[2].startswith("▸ metric_8 ")
    assert lines[3] == "  6 more: type on, or shift+tab for the next"
