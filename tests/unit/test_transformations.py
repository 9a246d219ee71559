"""Answers as tables, and the common transformations of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.dashboard import Transformation
from hubtui.model.frames import (
    REDUCERS,
    TITLES,
    Field,
    Frame,
    Value,
    frame_of_samples,
    frame_of_series,
    reduced,
)
from hubtui.model.prometheus import Sample, Series
from hubtui.model.transformations import transformed

NAN = float("nan")


def samples(ref: str, **values: float) -> Frame:
    """The answer to one of several instant queries, by pod."""
    found = [Sample({"pod": pod}, 5.0, value) for pod, value in values.items()]
    return frame_of_samples(found, ref, several=True)


def lines(**points: list[float]) -> list[Frame]:
    """A table for each line, named and labelled."""
    return [
        frame_of_series(Series({"pod": name}, tuple(enumerate(values))), name, "A")
        for name, values in points.items()
    ]


def step(id_: str, **options: Any) -> Transformation:
    return Transformation(id_, options)


def cells(frame: Frame) -> dict[str, list[Value]]:
    return {each.name: list(each.values) for each in frame.fields}


def after(frames: list[Frame], *steps: Transformation) -> list[dict[str, list[Value]]]:
    found, notes = transformed(frames, steps)
    assert notes == []
    return [cells(each) for each in found]


def test_the_table_of_home_directories() -> None:
    """Joined by the directory, times hidden, columns named (facts §8.3)."""
    join = step("joinByField", byField="pod", mode="outer")
    organize = step(
        "organize",
        excludeByName={"Time 1": True, "Time 2": True},
        indexByName={"pod": 0, "Value #B": 1, "Value #A": 2},
        renameByName={"Value #A": "Size", "Value #B": "Files"},
    )
    frames = [samples("A", ana=3.0, ben=1.0), samples("B", ben=7.0, cleo=9.0)]
    assert after(frames, join, organize) == [
        {
            "pod": ["ana", "ben", "cleo"],
            "Files": [None, 7.0, 9.0],
            "Size": [3.0, 1.0, None],
        }
    ]


def test_an_inner_join_keeps_what_all_have() -> None:
    frames = [samples("A", ana=3.0, ben=1.0), samples("B", ben=7.0)]
    (found,) = after(frames, step("joinByField", byField="pod", mode="inner"))
    assert found["pod"] == ["ben"]


def test_tables_are_merged_by_what_they_share() -> None:
    (found,) = after([samples("A", ana=3.0, ben=1.0), samples("B", ben=7.0)], step("merge"))
    assert (found["pod"], found["Value #A"], found["Value #B"]) == (
        ["ana", "ben"], [3.0, 1.0], [None, 7.0],
    )  # fmt: skip


def test_series_are_reduced_to_a_row_each() -> None:
    (found,) = after(lines(ana=[1, 5, 3], ben=[2, 2, 2]), step("reduce", reducers=["max", "last"]))
    assert found == {"Field": ["ana", "ben"], "Max": [5.0, 2.0], "Last": [3.0, 2.0]}
    (labelled,) = after(lines(ana=[1]), step("reduce", reducers=["sum"], labelsToFields=True))
    assert labelled["pod"] == ["ana"]


def test_rows_are_sorted_and_cut() -> None:
    frames = [samples("A", ana=2.0, ben=9.0, cleo=5.0)]
    by_value = step("sortBy", sort=[{"field": "Value #A", "desc": True}])
    (found,) = after(frames, by_value, step("limit", limitField=2))
    assert found["pod"] == ["ben", "cleo"]


def test_fields_are_kept_by_name_and_queries_by_letter() -> None:
    frames = [samples("A", ana=1.0), samples("B", ana=2.0)]
    only = step("filterFieldsByName", include={"names": ["pod"], "pattern": "/^Value/"})
    assert list(after(frames, only)[0]) == ["pod", "Value #A"]
    none = step("filterFieldsByName", exclude={"names": ["Time"]})
    assert "Time" not in after(frames, none)[0]
    assert len(after(frames, step("filterByRefId", include="B"))) == 1


def test_labels_become_columns() -> None:
    (found,) = after(lines(ana=[1], ben=[2]), step("labelsToFields"))
    assert (found["pod"], found["Value"]) == (["ana", "ben"], [1, 2])


def test_fields_are_renamed_by_a_pattern() -> None:
    (found,) = after(
        [samples("A", ana=1.0)], step("renameByRegex", regex="Value #(.)", renamePattern="Q$1")
    )
    assert "QA" in found


def test_rows_are_grouped() -> None:
    frame = Frame("x", (Field("node", ("a", "b", "a")), Field("Value", (1.0, 2.0, 3.0))))
    fields = {"node": {"operation": "groupby"}, "Value": {"aggregations": ["sum", "max"]}}
    (found,) = after([frame], step("groupBy", fields=fields))
    assert found == {"node": ["a", "b"], "Value (sum)": [4.0, 2.0], "Value (max)": [3.0, 2.0]}


def binary(left: object, sign: str, right: object) -> dict[str, Any]:
    """The options of a calculation with two sides, written in the old or in the new way."""
    return {"mode": "binary", "binary": {"left": left, "operator": sign, "right": right}}


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        (binary("a", "/", "b"), "a / b", [0.5, None]),
        (binary("a", "*", "10"), "a * 10", [10.0, 30.0]),
        (binary({"matcher": {"options": "a"}}, "+", {"fixed": "1"}), "a + 1", [2.0, 4.0]),
        ({"mode": "reduceRow", "reduce": {"reducer": "sum"}}, "Total", [3.0, 3.0]),
        ({"reduce": {"reducer": "max", "include": ["a"]}, "alias": "top"}, "top", [1.0, 3.0]),
    ],
)
def test_a_field_is_calculated(options: dict[str, Any], name: str, expected: list[Value]) -> None:
    frame = Frame("x", (Field("a", (1.0, 3.0)), Field("b", (2.0, None))))
    (found,) = after([frame], Transformation("calculateField", options))
    assert found[name] == expected


def test_one_that_is_not_known_is_left_out_and_told() -> None:
    found, notes = transformed([samples("A", ana=1.0)], [step("sparkles"), step("limit")])
    assert notes == ["the transformation 'sparkles' is left out"]
    assert found[0].length == 1


@pytest.mark.parametrize(
    ("step_", "words"),
    [
        (Transformation("calculateField", {"mode": "unary"}), "with the mode 'unary'"),
        (
            Transformation("calculateField", {"mode": "binary", "binary": {"operator": "**"}}),
            "with '**'",
        ),
        (Transformation("reduce", {"reducers": ["p99"]}), "with 'p99'"),
        (Transformation("limit", {"limitField": 1}, filtered=True), "of some queries only"),
        (
            Transformation("convertFieldType", {"conversions": [{"destinationType": "enum"}]}),
            "to 'enum'",
        ),
    ],
)
def test_what_one_does_not_do_here_is_left_out_and_told(step_: Transformation, words: str) -> None:
    before = [samples("A", ana=1.0, ben=2.0)]
    found, notes = transformed(before, [step_])
    assert found == before
    assert notes == [f"the transformation {step_.id!r} {words} is left out"]


IDS = (
    "organize", "joinByField", "seriesToColumns", "merge", "reduce", "filterFieldsByName",
    "filterByRefId", "sortBy", "limit", "labelsToFields", "renameByRegex", "groupBy",
    "calculateField", "convertFieldType", "prepareTimeSeries",
)  # fmt: skip
ODD: list[Any] = [None, 4, "x", [], [None], {}, {"sort": [None]}, {"fields": {"pod": 3}}, {
    "include": "(", "regex": "(", "excludeByName": [], "indexByName": {"pod": "x"},
    "reducers": [3], "byField": 7, "binary": "x", "limitField": -3, "sort": [{"field": None}],
}]  # fmt: skip


@pytest.mark.parametrize("id_", IDS)
def test_options_of_any_kind_do_no_harm(id_: str) -> None:
    for options in ODD:
        for frames in (
            [],
            [samples("A", ana=1.0)],
            lines(ana=[1.0], ben=[NAN]),
            [Frame("empty", ())],
        ):
            found, _ = transformed(frames, [Transformation(id_, options)])
            assert all(len({len(f.values) for f in frame.fields}) <= 1 for frame in found)


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [
        ("lastNotNull", 4.0), ("last", NAN), ("firstNotNull", 2.0), ("min", 2.0), ("max", 6.0),
        ("mean", 4.0), ("sum", 12.0), ("count", 4.0), ("range", 4.0), ("diff", 2.0),
        ("delta", 8.0), ("median", 4.0), ("nobody knows it", 4.0),
    ],
)  # fmt: skip
def test_a_line_is_reduced_to_a_number(reducer: str, expected: float) -> None:
    found = reduced([(0, 2.0), (1, 6.0), (2, 4.0), (3, NAN)], reducer)
    assert found == pytest.approx(expected, nan_ok=True)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=6))
def test_any_numbers_are_reduced(values: list[float]) -> None:
    assert REDUCERS.keys() == TITLES.keys()
    for reducer in REDUCERS:
        found = reduced(list(enumerate(values)), reducer)
        assert found is None or isinstance(found, float | int)
