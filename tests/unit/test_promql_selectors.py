"""Which series a query is computed from, as tables of cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.promql_selectors import Matched, compares, selectors_of


@pytest.mark.parametrize(
    ("promql", "metrics"),
    [
        ("up", ["up"]),
        ("sum(rate(http_requests_total[5m])) by (code)", ["http_requests_total"]),
        ("sum by (node) (node_load1) / on (node) group_left (pool) kube_node_info",
         ["node_load1", "kube_node_info"]),
        ("a offset 5m and on() vector(1) == bool 1 unless b", ["a", "b"]),
        ("topk(3, x) or quantile(0.9, y) or count_values('v', z)", ["x", "y", "z"]),
        ('label_replace(m, "a", "$1", "b", "(up)") # and n', ["m"]),
        ("max_over_time(q[1d:5m] @ end()) > Inf", ["q"]),
        ('{__name__="node_load5", job="x"}', ["node_load5"]),
        ('{__name__=~"node_.+"}', [""]),
        ("time() - 3e2 * 0x1F", []),
        ("sum", ["sum"]),
        ('broken{a="x', ["broken"]),
        ("", []),
    ],
)  # fmt: skip
def test_metrics_are_told_from_functions_labels_and_words(promql: str, metrics: list[str]) -> None:
    assert [each.metric for each in selectors_of(promql)] == metrics


@pytest.mark.parametrize(
    ("promql", "told"),
    [
        ("a > 1", True), ("a == bool 1", True), ("a != b", True), ("a <= 1", True),
        ('a{b!="c", d=~"e", f="<>"}', False), ("sum(a) by (b)", False), ("a # > 1", False),
    ],
)  # fmt: skip
def test_a_comparison_is_told_from_matchers(promql: str, *, told: bool) -> None:
    assert compares(promql) is told


def test_a_selector_keeps_its_matchers_and_how_it_is_written() -> None:
    (found,) = selectors_of('rate(a:b { x = "1\\"2", y!~`p.*`, z="" }[5m] offset 1h)')
    assert found.written == 'a:b { x = "1\\"2", y!~`p.*`, z="" }'
    assert found.matchers == (
        Matched("x", "=", '1"2'), Matched("y", "!~", "p.*"), Matched("z", "=", "")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "value", "needs"),
    [
        ("=", "x", True), ("=", "", False), ("!=", "x", False), ("!=", "", True),
        ("=~", ".*", False), ("=~", "a|b", True), ("!~", "a", False), ("!~", ".*", True),
        ("=~", "(", False),
    ],
)  # fmt: skip
def test_a_label_is_needed_where_no_series_without_it_can_match(
    operator: str, value: str, *, needs: bool
) -> None:
    assert Matched("x", operator, value).needs_label is needs


@given(st.text(alphabet="ab{}()[]\"'`=~!,#\\ 1", max_size=40))
def test_whatever_is_written_gives_selectors_or_none(promql: str) -> None:
    for each in selectors_of(promql):
        assert each.written in promql
