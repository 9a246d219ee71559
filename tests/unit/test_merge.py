"""Values merge as helm merges them: each case is put to real helm too, as files and as ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtui.clients import value_files
from hubtui.model.merge import merged
from hubtui.model.values_json import encoded
from tests.helm_values import HelmValues

DEFAULTS = {"a": {"b": 1, "c": {"d": 2}}, "b": [1, 2], "c": "text", "d": {"a": None}}

KEYS = st.sampled_from(["a", "b", "c", "d"]) | st.text(min_size=1, max_size=3)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["0123", "1e3", "yes", "null", "1:30", "2001-01-01", "\x7f", "\ufeff", "é😀"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=4)


@pytest.fixture(params=[3, 4], ids=["helm 3", "helm 4"])
def helm(request: pytest.FixtureRequest, tmp_path: Path) -> HelmValues:
    return HelmValues(request.param, tmp_path, DEFAULTS)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(documents=DOCUMENTS)
def test_one_document_is_for_helm_what_the_files_are(
    documents: list[dict[str, Any]], helm: HelmValues
) -> None:
    paths = []
    for number, document in enumerate(documents):
        paths.append(helm.chart.parent / f"{number}.yaml")
        paths[-1].write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    ours = encoded(merged(*(value_files.document(path) for path in paths)))
    flags = [flag for path in paths for flag in ("-f", str(path))]
    assert helm.seen("-f", "-", stdin=ours) == helm.seen(*flags)


@pytest.mark.parametrize(
    ("documents", "together"),
    [
        ([{"a": {"b": 1}}, {"a": {"c": 2}}], {"a": {"b": 1, "c": 2}}),
        ([{"a": [1, 2, 3]}, {"a": [4]}], {"a": [4]}),
        ([{"a": {"b": 1}}, {"a": None}], {"a": None}),
        ([{"a": {"b": 1}}, {"a": None}, {"a": {"c": 2}}], {"a": {"c": 2}}),
        ([{"a": {"b": 1}}, {"a": 5}], {"a": 5}),
        ([{"a": 5}, {"a": {"b": 1}}], {"a": {"b": 1}}),
        ([{"a": {"b": 1}}, {"a": {}}], {"a": {"b": 1}}),
        ([], {}),
    ],
    ids=["maps", "lists", "null", "after-null", "text-over-map", "map-over-text", "empty", "none"],
)
def test_maps_merge_and_everything_else_replaces(
    documents: list[dict[str, Any]], together: dict[str, Any]
) -> None:
    assert merged(*documents) == together


def test_a_null_deletes_the_chart_s_default_for_helm(helm: HelmValues) -> None:
    ours = encoded(merged({"a": {"b": 5}}, {"a": {"c": None}}))
    assert helm.seen("-f", "-", stdin=ours)["a"] == {"b": 5}


def test_what_is_merged_later_changes_no_document() -> None:
    first, second = {"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}
    merged(first, second, {"a": {"b": {"e": 3}}})
    assert first == {"a": {"b": {"c": 1}}}
    assert second == {"a": {"b": {"d": 2}}}


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encoded({"a": float("inf")})
