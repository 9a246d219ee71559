"""An object as YAML: no secret, no managedFields, nothing that a terminal would obey."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.errors import DecodeError
from hubtui.model.redact import MASK, Redactor
from hubtui.model.yaml_text import load
from hubtui.services.objects import yaml_lines
from hubtui.views.cells import Tone, plain
from hubtui.views.yaml import yaml_cell

SECRET = "a-token-that-nobody-may-see"

POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {
        "name": "jupyter-ana",
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": f'{{"x":"{SECRET}"}}',
            "note": "kept",
        },
        "managedFields": [{"manager": "kubespawner"}, {"manager": "kubelet"}, {}],
    },
    "spec": {
        "containers": [
            {
                "name": "notebook",
                "env": [
                    {"name": "JUPYTERHUB_API_TOKEN", "value": SECRET},
                    {"name": "PLAIN", "value": "https://hub.example"},
                    {"name": "HIDDEN", "value": "the live one: from-a-live-secret"},
                ],
            }
        ]
    },
}


def test_secrets_are_masked_and_the_rest_stays() -> None:
    text = "\n".join(yaml_lines(POD, Redactor(live=frozenset({"from-a-live-secret"}))))
    assert SECRET not in text
    assert "from-a-live-secret" not in text
    env = load(text)["spec"]["containers"][0]["env"]
    assert env[0] == {"name": "JUPYTERHUB_API_TOKEN", "value": MASK}
    assert env[1]["value"] == "https://hub.example"
    assert load(text)["metadata"]["annotations"]["note"] == "kept"


def test_managed_fields_are_folded_into_a_remark() -> None:
    first, *rest = yaml_lines(POD, Redactor())
    assert first == "# managedFields of kubespawner, kubelet, ? are left out"
    assert not any("managedFields" in line for line in rest)
    bare = yaml_lines({"kind": "Pod", "metadata": {"name": "x"}}, Redactor())
    assert bare[0] == "kind: Pod"


def test_an_answer_that_is_no_object_is_an_error() -> None:
    with pytest.raises(DecodeError):
        yaml_lines({"kind": "Pod"}, Redactor())


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("metadata:", "metadata:"),
        ("  name: x", "  name:"),
        ("  - name: x", "  - name:"),
        ("plain words", ""),
        ("", ""),
        ("# a remark", ""),
    ],
)
def test_keys_are_set_back_and_nothing_is_lost(line: str, key: str) -> None:
    cell = yaml_cell(line)
    assert plain(cell) == line
    muted = "".join(text for text, tone in cell if tone is Tone.MUTED)
    assert muted == (line if line.startswith("#") else key)


def test_a_mask_is_seen() -> None:
    assert yaml_cell(f"  value: {MASK}")[1][1] is Tone.SOON
