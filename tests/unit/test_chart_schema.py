"""What of some values a chart's schema does not take."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hubtui.model.chart_schema import stored, unfit

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "cull": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "timeout": {"type": ["integer", "null"]},
                "enabled": {"type": "boolean"},
            },
        },
        "kind": {"enum": ["dynamic", "static"]},
        "tag": {"type": "string"},
        "share": {"type": "number"},
        "files": {"type": "object", "patternProperties": {".*": {"type": "object"}}},
        "list": {"type": "array", "items": {"type": "string"}},
        "custom": {"type": "object", "additionalProperties": True},
        "anything": {},
    },
}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"cull": {"timeout": 5, "enabled": True}, "tag": "1", "share": 1}, []),
        ({"custom": {"x": {"y": 1}}, "anything": 3, "files": {"a": {}}, "list": ["x"]}, []),
        ({"cull": {"timeout": None, "gone": None}, "tag": None}, []),
        ({"cull": {"timeout": 5.0}}, []),
        ({"cull": {"timeout": "5"}}, ["cull.timeout: got string, wanted integer or null"]),
        ({"cull": {"timeout": True}}, ["cull.timeout: got boolean, wanted integer or null"]),
        ({"cull": []}, ["cull: got array, wanted object"]),
        ({"tag": 2024}, ["tag: got integer, wanted string: put it in quotes"]),
        ({"kind": "none"}, ['kind: must be one of "dynamic", "static"']),
        ({"files": {"a": 1}, "list": ["x", 2]}, ["files.a: got integer, wanted object",
                                                 "list[1]: got integer, wanted string: put it in "
                                                 "quotes"]),
        ({"cull": {"timout": 5}}, ["cull.timout: jupyterhub has no such setting; "
                                   "did you mean cull.timeout?"]),
    ],
)  # fmt: skip
def test_slips_are_found_with_their_path(values: dict[str, Any], said: list[str]) -> None:
    assert [str(fault) for fault in unfit(values, SCHEMA, "jupyterhub")] == said


@pytest.mark.parametrize("broken", ["", "%", base64.b64encode(b"[1]").decode(), "e30x"])
def test_a_stored_schema_that_cannot_be_read_is_none(broken: str) -> None:
    assert stored(broken) is None


def test_a_stored_schema_is_read() -> None:
    assert stored(base64.b64encode(json.dumps(SCHEMA).encode()).decode()) == SCHEMA
