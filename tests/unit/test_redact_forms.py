"""A secret stays one however a template writes it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.redact import MASK, Redactor
from hubtui.model.redact_forms import Encoded, lines

FIRST, SECOND = "kanarie-7f3a", "zeisig-9c1e"
ODD = f"{FIRST}\"'<&>\\:é\n{SECOND}"
KNOWING = Redactor(sops=frozenset({("motto",)})).knowing({"motto": ODD})


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def as_go(text: str) -> str:
    """As Go's encoder of JSON, which sprig's toJson is."""
    whole = json.dumps(text, ensure_ascii=False)
    return whole.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@pytest.mark.parametrize(
    "text",
    [
        ODD,
        f'{{"motto": {json.dumps(ODD)}}}',
        f'{{"motto": {as_go(ODD)}}}',
        f"Invalid value: {ODD!r}",
        json.dumps(json.dumps({"motto": ODD}, ensure_ascii=False), ensure_ascii=False),
        yaml.safe_dump({"a": {"motto": ODD}}, default_style="|", allow_unicode=True),
        f"postgres://hub:x@db/?options={quote(ODD, safe='')}",
        "echo '" + ODD.replace("'", "'\\''") + "'",
        coded(ODD),
        f"auth: {coded(f'hub:{ODD}')}",
        f"config={coded(json.dumps({'a': 1}) + ODD + 'and more')},next",
        f"prefix/{coded(ODD)}",
        base64.urlsafe_b64encode(f"??{ODD}".encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_form(text: str) -> None:
    masked_text = KNOWING.mask_text(text)
    assert masked_text.count("\n") == text.count("\n")
    for masked in (masked_text, str(KNOWING.mask(("data", "x"), text))):
        assert MASK in masked
        assert FIRST not in masked
        assert SECOND not in masked
        assert coded(FIRST)[:12] not in masked


@given(st.binary(max_size=9), st.text(min_size=8, max_size=20), st.binary(max_size=9))
def test_a_text_is_found_in_base64_wherever_it_begins(
    before: bytes, text: str, after: bytes
) -> None:
    data = text.encode(errors="replace")
    whole = base64.b64encode(before + data + after).decode()
    assert Encoded([text]).replaced(f"a {whole} b", MASK) == f"a {MASK} b"


def test_what_is_no_secret_stays_in_base64_too() -> None:
    text = f"quay.io/jupyterhub/k8s-hub:4.4.0 {coded('nothing that is secret')}"
    assert KNOWING.mask_text(text) == text


def test_a_short_secret_in_base64_is_masked_where_it_stands_alone() -> None:
    redactor = Redactor(live=frozenset({"s3cr3t"}))
    assert redactor.mask(("data", "x"), coded("s3cr3t")) == MASK


def test_a_program_that_quotes_a_short_secret_gives_none_away() -> None:
    redactor = Redactor(live=frozenset({"s3cr3t", "true"}))
    said = "at '/pin': 's3cr3t' does not match, s3cr3ts do; it is true"
    assert redactor.mask_said(said) == said.replace("'s3cr3t'", f"'{MASK}'")


def test_lines_of_a_secret_are_secret_by_themselves() -> None:
    assert lines("first line\n  second line\nend", 8) == {"first line", "second line"}
    assert lines("only one line", 8) == frozenset()


def test_values_that_are_replaced_are_known_too() -> None:
    known = Redactor(sops=frozenset({("list", "0")})).knowing(
        {"list": ["old-value-1"], "password": "by-its-name"}, {"list": ["new-value-2"]}
    )
    said = "old-value-1 new-value-2 by-its-name"
    assert known.mask_text(said) == f"{MASK} {MASK} {MASK}"
