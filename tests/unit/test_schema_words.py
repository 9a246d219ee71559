"""What is read of helm's words about a schema, from both libraries and from real helm."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hubtui.model.chart_schema import nearest
from hubtui.model.schema_words import faults
from tests.testbed.build import unpack_helm
from tests.testbed.errors import TestbedError

OLD = """\
Error: values don't meet the specifications of the schema(s) in the following chart(s):
basehub:
- (root): Additional property cutsom is not allowed
jupyterhub:
- singleuser.image.tag: Invalid type. Expected: string, given: integer
- cull.timeout: Invalid type. Expected: [integer,null], given: string
- cull: Additional property tiemout is not allowed
- singleuser.storage.type: singleuser.storage.type must be one of the following: "dynamic", "none"
- hub.extraFiles.a: mountPath is required
"""
NEW = """\
Error: values don't meet the specifications of the schema(s) in the following chart(s):
basehub:
- at '': additional properties 'cutsom' not allowed
jupyterhub:
- at '/singleuser/image/tag': got number, want string
- at '/cull': validation failed
  - at '/cull/timeout': got string, want null or integer
  - at '/cull': additional properties 'tiemout' not allowed
- at '/singleuser/storage/type': value must be one of 'dynamic', 'none', <nil>
- at '/hub/extraFiles/a': missing property 'mountPath'
"""
PLACES = {"jupyterhub": ("jupyterhub",)}
SCHEMA = {
    "properties": {
        "cull": {"properties": {"timeout": {}, "every": {}}},
        "hub": {"properties": {"extraFiles": {"patternProperties": {".*": {"properties": {}}}}}},
        "singleuser": {"properties": {"startTimeout": {}, "image": {"properties": {"tag": {}}}}},
    }
}


def said(stderr: str) -> list[str]:
    return [str(fault) for fault in faults(stderr, {"jupyterhub": SCHEMA}, PLACES)]


def test_the_words_of_helm_3_become_paths_in_the_release_s_values() -> None:
    assert said(OLD) == [
        "cutsom: basehub has no such setting",
        "jupyterhub.singleuser.image.tag: got integer, wanted string: put it in quotes",
        "jupyterhub.cull.timeout: got string, wanted integer or null",
        "jupyterhub.cull.tiemout: jupyterhub has no such setting; "
        "did you mean jupyterhub.cull.timeout?",
        "jupyterhub.singleuser.storage.type: singleuser.storage.type must be one of the "
        'following: "dynamic", "none"',
        "jupyterhub.hub.extraFiles.a.mountPath: is required",
    ]


def test_the_words_of_helm_4_say_the_same() -> None:
    assert said(NEW) == [
        "cutsom: basehub has no such setting",
        "jupyterhub.singleuser.image.tag: got number, wanted string: put it in quotes",
        "jupyterhub.cull.timeout: got string, wanted null or integer",
        "jupyterhub.cull.tiemout: jupyterhub has no such setting; "
        "did you mean jupyterhub.cull.timeout?",
        "jupyterhub.singleuser.storage.type: value must be one of 'dynamic', 'none', null",
        "jupyterhub.hub.extraFiles.a.mountPath: is required",
    ]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (("cull", "evry"), (("cull", "every"),)),
        (("Cull",), (("cull",),)),
        (("singleuser", "timeout"), (("singleuser", "startTimeout"),)),
        (("tag",), (("singleuser", "image", "tag"),)),
        (("hub", "extraFiles", "a", "modes"), ()),
        (("entirelyOther",), ()),
        ((), ()),
    ],
)
def test_the_nearest_key_is_beside_or_elsewhere(
    path: tuple[str, ...], meant: tuple[tuple[str, ...], ...]
) -> None:
    assert nearest(SCHEMA, path) == meant


@pytest.mark.parametrize(
    "words",
    [
        "",
        'Error: UPGRADE FAILED: "hub" has no deployed releases',
        "Error: failed to parse values.yaml: error converting YAML to JSON: yaml: line 3: x",
        "- a: b",
    ],
)
def test_other_words_are_no_faults(words: str) -> None:
    assert faults(words) == ()


def chart(folder: Path) -> Path:
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\nversion: 0.1.0\n")
    (folder / "templates" / "none.yaml").write_text("")
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["needed"],
        "properties": {
            "needed": {},
            "word": {"type": "string", "pattern": "^[a-z]+$"},
            "dotted.name": {"type": "integer"},
            "with/slash": {"type": "integer"},
            "kind": {"enum": ["dynamic", "static"]},
            "either": {"oneOf": [{"type": "string"}, {"required": ["q"], "type": "object"}]},
            "few": {"type": "integer", "maximum": 5},
        },
    }
    (folder / "values.schema.json").write_text(json.dumps(schema))
    return folder


@pytest.mark.parametrize("major", [3, 4])
def test_real_helm_is_understood_and_tells_no_value(tmp_path: Path, major: int) -> None:
    try:
        helm = unpack_helm().helm(major)
    except TestbedError as error:
        pytest.skip(str(error))
    values = {
        "word": "CANARY'4711",
        "with/slash": "x",
        "kind": "dynamc",
        "either": 3,
        "few": 9,
        "it's": 1,
        "wrd": 1,
    }
    argv = [str(helm), "template", "t", str(chart(tmp_path / "tiny")), "-f", "-"]
    done = subprocess.run(argv, input=json.dumps(values), capture_output=True, text=True)
    schema = json.loads((tmp_path / "tiny" / "values.schema.json").read_text())
    found = faults(done.stderr, {"tiny": schema})
    assert done.returncode == 1
    assert "CANARY" not in " ".join(str(fault) for fault in found)
    by_path = {fault.path: fault for fault in found}
    assert by_path.keys() >= {
        *(("needed",), ("word",), ("with/slash",), ("kind",), ("either",), ("few",)),
        *(("it's",), ("wrd",)),
    }
    assert by_path[("wrd",)].meant == (("word",),)
    assert "pattern" in by_path[("word",)].wanted
    assert by_path[("it's",)].unknown
