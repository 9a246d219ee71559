"""Variables of a dashboard: what they ask, what they can be, how they stand in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.dashboard import ALL, Option, Variable, VariableKind
from hubtui.model.dashboard_variables import (
    Ask,
    VariableQuery,
    options_of,
    question_of,
    variable_of,
)
from hubtui.model.dashboard_words import (
    Chosen,
    chosen_of,
    filled,
    legend_of,
    shown,
    unknown,
    uses,
)


def variable(*options: str, **more: object) -> Variable:
    found = tuple(Option(each, each) for each in options)
    return Variable("hub", VariableKind.QUERY, options=found, **more)  # type: ignore[arg-type]


Standing = dict[str, Chosen]


def standing(
    *values: str, multi: bool = True, everything: bool = False, all_value: str = ""
) -> Standing:
    own = Variable("hub", VariableKind.QUERY, multi=multi, include_all=multi, all_value=all_value)
    return {"hub": Chosen(own, values, everything)}


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ('{a=~"$hub"}', ("x",), '{a=~"x"}'),
        ('{a=~"${hub}"}', ("x", "y"), '{a=~"(x|y)"}'),
        ('{a=~"[[hub]]"}', ("x", "y"), '{a=~"(x|y)"}'),
        ('{a=~"$hub"}', ("a.b", "c"), '{a=~"(a\\\\.b|c)"}'),
        ('{a=~"${hub:regex}"}', ("a.b",), '{a=~"a\\.b"}'),
        ("${hub:csv}", ("x", "y"), "x,y"),
        ("[[hub:pipe]]", ("x", "y"), "x|y"),
        ("${hub:glob}", ("x", "y"), "{x,y}"),
        ("${hub:json}", ("x", "y"), '["x", "y"]'),
        ("${hub:doublequote}", ('a"b',), '"a\\"b"'),
        ("${hub:percentencode}", ("a b",), "a%20b"),
        ("$hubs and $hub", ("x",), "$hubs and x"),
        ('label_replace(a, "b", "$1", "", "")', ("x",), 'label_replace(a, "b", "$1", "", "")'),
    ],
)
def test_a_query_is_filled_in(text: str, values: tuple[str, ...], expected: str) -> None:
    assert filled(text, standing(*values)) == expected


def test_all_values_are_what_the_dashboard_says_or_each_of_them() -> None:
    given_all = standing("x", "y", everything=True, all_value=".*")
    assert filled('{a=~"$hub"}', given_all) == '{a=~".*"}'
    assert filled('{a=~"$hub"}', standing("x", "y", everything=True)) == '{a=~"(x|y)"}'
    assert shown("Usage of $hub", given_all) == "Usage of All"


def test_one_value_is_quoted_where_it_is_no_pattern() -> None:
    assert filled('{a="$hub"}', standing('a"b\\c', multi=False)) == '{a="a\\"b\\\\c"}'
    assert filled('{a="$hub"}', standing("a.b", multi=False)) == '{a="a.b"}'


def test_macros_come_before_variables_and_what_is_not_known_stays() -> None:
    text = "rate(x[$__rate_interval]) + $what + $1"
    macros = {"__rate_interval": "4m"}
    assert filled(text, standing("x"), macros) == "rate(x[4m]) + $what + $1"
    assert unknown(text, standing("x"), macros) == ["what"]
    assert uses("$a ${b:csv} [[c]] $a") == ["a", "b", "c"]


@given(st.lists(st.text(max_size=8), min_size=1, max_size=3), st.text(max_size=30))
def test_no_value_and_no_text_breaks_the_filling(values: list[str], text: str) -> None:
    written = filled(f'{{a=~"$hub"}} {text}', standing(*values))
    assert written.startswith('{a=~"')


@pytest.mark.parametrize(
    ("form", "labels", "expected"),
    [
        ("{{ namespace }}: {{pod}}", {"namespace": "hub", "pod": "p"}, "hub: p"),
        ("{{a}}{{b}}", {"b": "user"}, "user"),
        ("{{a}}", {"b": "user"}, '{b="user"}'),
        ("__auto", {"pod": "p"}, "p"),
        ("__auto", {"pod": "p", "a": "b"}, '{a="b", pod="p"}'),
        ("", {"__name__": "up", "job": "hub"}, 'up{job="hub"}'),
        ("", {}, "sum(up)"),
        ("{{ $hub }}", {}, "sum(up)"),
    ],
)
def test_a_series_has_a_name(form: str, labels: dict[str, str], expected: str) -> None:
    assert legend_of(form, labels, {}, "sum(up)") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            'label_values(kube_service_labels{service="hub"}, namespace)',
            VariableQuery(Ask.LABEL_VALUES, 'kube_service_labels{service="hub"}', "namespace"),
        ),
        ("label_values(job)", VariableQuery(Ask.LABEL_VALUES, "", "job")),
        (
            "label_values(a{b=~\"x, y\"}, c)",
            VariableQuery(Ask.LABEL_VALUES, 'a{b=~"x, y"}', "c"),
        ),
        ("label_names()", VariableQuery(Ask.LABEL_NAMES)),
        ("metrics(jupyter.*)", VariableQuery(Ask.METRICS, "jupyter.*")),
        ("query_result(up == 0)", VariableQuery(Ask.RESULT, "up == 0")),
        ("up", VariableQuery(Ask.RESULT, "up")),
        ("  ", None),
    ],
)  # fmt: skip
def test_what_a_query_variable_asks(query: str, expected: VariableQuery | None) -> None:
    assert question_of(query) == expected


@pytest.mark.parametrize(
    ("values", "regex", "sort", "expected"),
    [
        (["b", "a", "b"], "", 0, ["b", "a"]),
        (["b", "a", "C"], "", 1, ["C", "a", "b"]),
        (["b", "a", "C"], "", 5, ["a", "b", "C"]),
        (["n10", "n9"], "", 3, ["n9", "n10"]),
        (["n10", "n9"], "", 4, ["n10", "n9"]),
        (["multiple", "a"], "^(?!multiple$).+", 0, ["a"]),
        (["pod-1", "other"], "/pod-(.*)/", 0, ["1"]),
        (["x=1"], "/(?<text>\\w)=(?<value>\\d)/", 0, ["1"]),
        (["a"], "/(/", 0, ["a"]),
    ],
)
def test_values_are_cut_by_a_pattern_and_sorted(
    values: list[str], regex: str, sort: int, expected: list[str]
) -> None:
    found = options_of(values, variable(regex=regex, sort=sort))
    assert [each.value for each in found] == expected


@pytest.mark.parametrize(
    ("own", "given_values", "values", "everything"),
    [
        (variable("a", "b"), (), ("a",), False),
        (variable("a", "b", current=("b",)), (), ("b",), False),
        (variable("a", "b", current=("gone",)), (), ("a",), False),
        (variable("a", "b", current=("b",)), ("a",), ("a",), False),
        (variable("a", "b", multi=True), ("a", "b"), ("a", "b"), False),
        (variable("a", "b"), ("b", "a"), ("b",), False),
        (variable("a", "b", include_all=True), (ALL,), ("a", "b"), True),
        (variable(include_all=True), (), (), True),
        (variable(), ("x",), ("x",), False),
    ],
)
def test_what_stands_for_a_variable(
    own: Variable, given_values: tuple[str, ...], values: tuple[str, ...], everything: bool
) -> None:
    found = chosen_of(own, given_values)
    assert (found.values, found.everything) == (values, everything)


def test_a_textbox_and_a_constant_are_what_is_written() -> None:
    box = variable_of({"name": "x", "type": "textbox", "query": "abc"})
    assert chosen_of(box).values == ("abc",)
    assert chosen_of(box, ("typed",)).values == ("typed",)


def test_a_query_variable_can_be_an_object_and_a_list_can_have_commas() -> None:
    own = variable_of(
        {"name": "x", "type": "query", "query": {"query": "label_names()", "refId": "A"}}
    )
    assert own.query == "label_names()"
    listed = variable_of({"name": "x", "type": "custom", "query": "a\\,b, Two : 2"})
    assert [(each.text, each.value) for each in listed.options] == [("a,b", "a,b"), ("Two", "2")]
