"""YAML is read as helm reads it, and what is written reads as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.yaml_text import YamlError, dump, load, load_exact
from tests.helm_values import HelmValues

ODD = ["y", "N", "no", "1e3", "0o17", "0x1f", "1:30", "2001-01-01", "=", "<<", "~", "", "1_000"]
TEXTS = st.text(max_size=12) | st.sampled_from([*ODD, "a\nb\n", "\n", " a", "a ", "a: b", "# a"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(value=VALUES)
def test_what_is_written_reads_as_it_was(value: Any) -> None:
    assert load_exact(f"{dump(value)}\n") == value


@pytest.mark.parametrize("major", [3, 4])
def test_every_plain_word_is_read_as_helm_reads_it(major: int, tmp_path: Path) -> None:
    words = [*ODD, "Y", "n", "on", "Off", "oN", "yes", "null", "True", "tRUE", "0777", "0b11"]
    words += ["-1", "+1", "1.", ".5", "1.5e3", "-.5", "0.0", "1e", "0x", "08", "1__0", "-0o7"]
    text = "".join(f"k{number}: {word}\n" for number, word in enumerate(words) if word != "<<")
    path = tmp_path / "words.yaml"
    path.write_text(text)
    assert load_exact(text) == HelmValues(major, tmp_path).seen("-f", str(path))


def test_texts_are_exact_for_helm_and_harmless_for_the_screen() -> None:
    text = 'a: "x\\e[31m\\r"\n"\\u202eb": 1\n'
    assert load_exact(text) == {"a": "x\x1b[31m\r", "\u202eb": 1}
    assert load(text) == {"a": r"x\x1b[31m\x0d", r"\u202eb": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n---\nb: 2\n", "line 2: found another document"),
        ("a: 1\n\nb: \x07\n", "line 3: control characters are not allowed"),
        ("ü: ü\nb: \x07\n", "line 2: control characters are not allowed"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(YamlError, match=said):
        load(text)
