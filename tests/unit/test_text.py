"""Text from outside is neither markup nor terminal codes."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model import text

HARMFUL = "\x00\x07\x08\x0c\r\x1b\x7f\x9b\u061c\u200b\u202e\u2028\u2066\ufeff"


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]52;c;ZXZpbA==\x07", "\\x1b]52;c;ZXZpbA==\\x07"),
        ("gpj.\u202egnp", "gpj.\\u202egnp"),
        ("carriage\rreturn", "carriage\\x0dreturn"),
        ("ümläut … ● 漢字 🎓", "ümläut … ● 漢字 🎓"),
    ],
)
def test_safe_shows_what_would_act(given_text: str, shown: str) -> None:
    assert text.safe(given_text) == shown


def test_one_line_folds_white_space() -> None:
    assert text.one_line(" a\n\n b\tc ") == "a b c"


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(HARMFUL)))
def test_a_json_document_is_as_safe_as_its_text(value: str) -> None:
    for document in (json.dumps({"k": value}), json.dumps({"k": value}, ensure_ascii=False)):
        decoded = msgspec.json.decode(text.safe_json(document.encode()))
        assert decoded == {"k": text.safe(value)}


@pytest.mark.parametrize("broken", [rb'"\u"', rb'"\u12"', rb'"\uxyzw"', b'"\\'])
def test_what_is_no_json_is_left_to_the_decoder(broken: bytes) -> None:
    assert text.safe_json(broken) == broken


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(HARMFUL)))
def test_safe_text_holds_no_control_character_and_stays(value: str) -> None:
    shown = text.safe(value)
    assert not any((ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 for c in shown)
    assert text.safe(shown) == shown
