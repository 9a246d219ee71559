"""Values as they are shown for editing, and what an edit makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.overlay import changes, paths, read, shown, text_of
from hubtui.model.redact import Redactor
from hubtui.model.yaml_text import YamlError

CANARY = "canary-4711-secret"
CONFIG = {
    "hub": {
        "config": {"GitHubOAuthenticator": {"client_id": "ours", "client_secret": CANARY}},
        "extraConfig": {"10-own": f"c.Thing.where = 'https://me:{CANARY}@example.org'\n"},
        "extraEnv": [{"name": "MODE", "value": "x"}, {"name": "API_TOKEN", "value": CANARY}],
        "cookieSecret": CANARY,
    },
    "singleuser": {"memory": {"limit": "1G"}, "extraEnv": {}},
    "proxy": {"secretToken": CANARY},
}


def test_an_editor_sees_no_secret_and_is_told_what_is_missing() -> None:
    found = shown(CONFIG, Redactor(live=frozenset((CANARY,))))
    text = text_of(found, ["Values of release hub", ""])
    assert CANARY not in text
    assert found.values == {
        "hub": {"config": {"GitHubOAuthenticator": {"client_id": "ours"}}},
        "singleuser": {"memory": {"limit": "1G"}, "extraEnv": {}},
    }
    for path in (
        "hub.config.GitHubOAuthenticator.client_secret",
        "hub.extraConfig.10-own",
        "hub.extraEnv",
        "proxy.secretToken",
    ):
        assert f"#   {path}\n" in text
    assert text.startswith("# Values of release hub\n#\n#\n# Secrets are left out")


def test_paths_that_are_secret_for_another_reason_are_left_out_too() -> None:
    found = shown({"a": {"plain": 1, "x": 2}}, Redactor(), [("a", "plain")])
    assert (found.values, found.left_out) == ({"a": {"x": 2}}, (("a", "plain"),))


def test_what_is_shown_and_left_alone_changes_nothing() -> None:
    found = shown(CONFIG, Redactor())
    assert changes(found.values, read(text_of(found, ["one", "two"]))) == {}


@pytest.mark.parametrize(
    ("before", "after", "overlay"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": {"b": 1, "c": 1}}, {"a": {"c": 1}}, {"a": {"b": None}}),
        ({"a": 1}, {}, {"a": None}),
        ({}, {"a": {"b": None}}, {"a": {"b": None}}),
        ({"a": [1, 2]}, {"a": [1]}, {"a": [1]}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": {"b": 1}}, {"a": "x"}, {"a": "x"}),
        ({"a": {}}, {"a": {}}, {}),
    ],
)
def test_only_what_changed_goes_over_the_values(
    before: dict[str, Any], after: dict[str, Any], overlay: dict[str, Any]
) -> None:
    assert changes(before, after) == overlay


@pytest.mark.parametrize(
    ("after", "overlay"),
    [
        ({}, {"config": {"OAuth": {"id": None}}}),
        ({"config": {}}, {"config": {"OAuth": {"id": None}}}),
        ({"config": {"OAuth": {}}}, {"config": {"OAuth": {"id": None}}}),
        ({"config": {"OAuth": {"id": 2}}}, {"config": {"OAuth": {"id": 2}}}),
    ],
)
def test_a_secret_that_was_not_shown_stays_when_all_around_it_is_taken_away(
    after: dict[str, Any], overlay: dict[str, Any]
) -> None:
    before = {"config": {"OAuth": {"id": 1}}}
    assert changes(before, after, [("config", "OAuth", "secret")]) == overlay


def test_the_paths_of_an_overlay_are_named() -> None:
    assert list(paths({"a": {"b": None, "c": {}}, "d": [1]})) == [("a", "b"), ("a", "c"), ("d",)]


def test_what_is_no_yaml_has_a_line() -> None:
    with pytest.raises(YamlError) as error:
        read("a: 1\nb: [\n")
    assert error.value.line > 1
    with pytest.raises(YamlError, match="no mapping"):
        read("- a\n")
    assert read("# nothing but this\n") == {}


_leaf = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["x", "y"])
_values = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        _leaf | st.lists(_leaf, max_size=2),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=3,
)


@given(_values, _values)
def test_an_overlay_over_the_old_values_is_the_new_ones(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    def without_nulls(values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        return {k: without_nulls(v) for k, v in values.items() if v is not None}

    def over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
        result = dict(below)
        for key, value in above.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = over(result[key], value) if both else value
        return result

    overlay = changes(before, after)
    assert without_nulls(over(before, overlay)) == without_nulls(after)
