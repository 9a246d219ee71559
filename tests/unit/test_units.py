"""Numbers in Grafana's units."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.model.text import one_line
from hubtui.model.units import _FORMS, is_known, text_of


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "expected"),
    [
        (None, "bytes", None, "?"),
        (float("nan"), "", None, "?"),
        (float("inf"), "s", None, "∞"),
        (0.0, "", None, "0"),
        (1234.5, "", None, "1,234"),
        (0.001234, "", None, "0.00123"),
        (1e-9, "", None, "1.0e-09"),
        (12.345, "none", 1, "12.3"),
        (1_500_000.0, "short", None, "1.5M"),
        (-2500.0, "short", None, "-2.5k"),
        (0.123, "percentunit", None, "12%"),
        (0.0123, "percentunit", None, "1.2%"),
        (99.9, "percent", 1, "99.9%"),
        (1.5 * 2**30, "bytes", None, "1.5G"),
        (1e9, "decbytes", None, "1GB"),
        (2.0**20, "binBps", None, "1M/s"),
        (0.24, "s", None, "240 ms"),
        (0.0, "s", None, "0 s"),
        (5400.0, "s", None, "1 h 30 m"),
        (-90.0, "s", None, "-1 m 30 s"),
        (90.0, "m", None, "1 h 30 m"),
        (250.0, "ms", None, "250 ms"),
        (3.21, "reqps", None, "3.21 req/s"),
        (21.0, "celsius", None, "21 °C"),
        (1.0, "bool_yes_no", None, "yes"),
        (5.0, "suffix: pods", None, "5 pods"),
        (5.0, "currency:CHF", None, "CHF5"),
        (5.0, "furlongs", None, "5 furlongs"),
    ],
)
def test_a_number_is_said_shortly(
    value: float | None, unit: str, decimals: int | None, expected: str
) -> None:
    assert text_of(value, unit, decimals) == expected


def test_a_moment_is_told_by_the_clock_of_this_machine() -> None:
    at = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
    clock = f"{at.astimezone():%Y-%m-%d %H:%M}"
    assert text_of(at.timestamp() * 1000, "dateTimeAsIso") == clock
    assert text_of(1e30, "dateTimeAsIso") == text_of(1e30)


def test_units_that_have_no_form_here_are_known_by_that() -> None:
    assert is_known("percentunit")
    assert is_known("suffix:x")
    assert not is_known("furlongs")


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(sorted(_FORMS)) | st.text(max_size=12),
    st.none() | st.integers(-3, 40),
)
def test_any_number_has_one_line_in_any_unit(value: float, unit: str, decimals: int | None) -> None:
    found = text_of(value, unit, decimals)
    assert found
    assert found == one_line(found)
