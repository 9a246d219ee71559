"""--set and --set-string: every text is put to real helm as well, of both majors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtui.errors import UsageError
from hubtui.model.strvals import assigned
from tests.helm_values import HelmValues, RefusedByHelmError

THERE = {"a": {"b": [1, {"c": "x"}], "d": None}, "l": [[1], 2, {"k": "v"}], "s": "t"}

TAKEN = [
    "hub.db.type=postgres",
    "x=1,y=true,z=NULL",
    "x=0,y=0123,z=-5,w=+5,v=1.5,u=00,t=-007",
    "x=9223372036854775807,y=9223372036854775808,z=-9223372036854775808",
    "x=",
    "x=,y=",
    "x={a,1,true}",
    "x={}",
    "x={a},y={b}",
    "x={a}y=b",
    "x={a\\,b,c\\}d}",
    "a.b[0]=5",
    "a.b[1].c=y",
    "a.b[1].d=y",
    "a.b[3]=last",
    "l[0][0]=9",
    "l[0][2]=9",
    "l[1].k=map",
    "l[2].k=w",
    "new[1].name=x,new[0].name=y",
    "new[0]",
    "new[0].x=",
    "l[2].k=",
    "a.d=5",
    "a=null",
    "n.=",
    "x.",
    ".x=1",
    "nodeSelector.kubernetes\\.io/role=master",
    "x=a\\,b",
    "x=a=b",
    "x=a.b[0]",
    "x=é😀",
    "x = spaces , y=2",
    "x=\\",
    "x=falſe",
    "",
]
REFUSED = [
    "x",
    "x=1,y",
    "x,y=1",
    "x=1,,y=2",
    ",",
    "x={a",
    "x[a]=1",
    "x[-1]=1",
    "x[0]y=1",
    "x[65537]=1",
    "x[99999999999999999999]=1",
    "s.x=1",
    "s[0]=1",
    "a[0]=1",
    "a.d.e=1",
    "a.d[0]=1",
    "l[1][0]=1",
    "x.=1",
    ".".join("abcdefghijklmnopqrstuvwxyzabcdefgh") + "=1",
]


@pytest.fixture(params=[3, 4], ids=["helm 3", "helm 4"])
def helm(request: pytest.FixtureRequest, tmp_path: Path) -> HelmValues:
    return HelmValues(request.param, tmp_path)


def by_helm(helm: HelmValues, text: str, strings: bool) -> dict[str, Any] | None:
    """What helm makes of it; None when it refuses."""
    there = helm.chart.parent / "there.yaml"
    there.write_text(yaml.safe_dump(THERE))
    try:
        return helm.seen("-f", str(there), "--set-string" if strings else "--set", text)
    except RefusedByHelmError:
        return None


def by_us(text: str, strings: bool) -> dict[str, Any] | None:
    try:
        return assigned(THERE, text, strings)
    except UsageError:
        return None


@pytest.mark.parametrize("text", TAKEN)
def test_what_helm_takes_is_taken_alike(helm: HelmValues, text: str) -> None:
    assert by_us(text, strings=False) == by_helm(helm, text, strings=False) is not None


@pytest.mark.parametrize("text", ["x=1,y=true,z=null", "x={1,true}", "tag=2024", "x[0].y=0"])
def test_set_string_makes_texts_of_all_values(helm: HelmValues, text: str) -> None:
    assert by_us(text, strings=True) == by_helm(helm, text, strings=True) is not None


@pytest.mark.parametrize("text", REFUSED)
def test_what_helm_refuses_is_refused(helm: HelmValues, text: str) -> None:
    assert by_helm(helm, text, strings=False) is None
    assert by_us(text, strings=False) is None


PIECES = st.lists(
    st.sampled_from([*"abls=.,[]{}\\01-", "a.b", "[0]", "l[2]", "=x", ".k", "true", "é"]),
    min_size=1,
    max_size=9,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=PIECES, strings=st.booleans())
def test_any_text_is_read_as_helm_3_reads_it(
    pieces: list[str], strings: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "".join(pieces)
    helm = HelmValues(3, tmp_path_factory.mktemp("any"))
    assert by_us(text, strings) == by_helm(helm, text, strings)


def test_an_open_bracket_is_refused_where_helm_4_forgets_the_rest(tmp_path: Path) -> None:
    assert by_helm(HelmValues(4, tmp_path), "hub.list[0=x", strings=False) == THERE
    with pytest.raises(UsageError, match="index is no number in brackets"):
        assigned(THERE, "hub.list[0=x", strings=False)


def test_the_document_that_was_there_stays() -> None:
    assigned(THERE, "a.b[1].c=other,l[0][0]=7", strings=False)
    assert THERE["a"] == {"b": [1, {"c": "x"}], "d": None}
    assert THERE["l"] == [[1], 2, {"k": "v"}]


def test_an_error_names_the_key_and_not_the_value() -> None:
    with pytest.raises(UsageError) as caught:
        assigned({}, "hub.password=canary-7f3,rest-of-canary", strings=False)
    assert "hub.password=…" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_no_depth_of_brackets_breaks_the_reading() -> None:
    with pytest.raises(UsageError, match="nested too deeply"):
        assigned({}, "x" + "[0]" * 5000 + "=1", strings=False)
