"""Quantities are numbers, however they are written."""

from __future__ import annotations

from decimal import Decimal

import pytest

from hubtui.model import quantity


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("500m", "0.5"),
        ("1Gi", str(2**30)),
        ("1G", "1000000000"),
        ("1e3", "1000"),
        ("1E", str(10**18)),
        ("-2Ki", "-2048"),
        (".5", "0.5"),
        (3, "3"),
        (0.25, "0.25"),
        ("100n", "1e-7"),
    ],
)
def test_a_quantity_is_read_exactly(written: str | float, number: str) -> None:
    assert quantity.parse(written) == Decimal(number)


@pytest.mark.parametrize("written", ["", "1 Gi", "Gi", "1gi", "1e", "1Gi2", "ten", "1" * 50])
def test_what_is_no_quantity_is_told(written: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantity.parse(written)


def test_two_ways_to_write_a_quantity_are_the_same() -> None:
    assert quantity.same("1Gi", "1024Mi")
    assert quantity.same("500m", 0.5)
    assert not quantity.same("1G", "1Gi")
    assert not quantity.same("abc", "abc")
    assert not quantity.same(True, 1)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0"),
        (1023, "1K"),
        (512 * 2**10, "512K"),
        (1_700_000_000, "1.6G"),
        (121 * 2**30, "121G"),
        (1000 * 2**20, "1G"),
        (-(2**31), "-2G"),
    ],
)
def test_sizes_are_short(size: int, shown: str) -> None:
    assert quantity.short_size(size) == shown


@pytest.mark.parametrize(
    ("cores", "shown"),
    [("250m", "0.25"), ("1500m", "1.5"), ("64", "64"), ("0", "0"), ("100", "100")],
)
def test_cores_are_short(cores: str, shown: str) -> None:
    assert quantity.short_cores(quantity.parse(cores)) == shown
