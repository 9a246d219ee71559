"""The text of a metrics page, parsed as far as it is wanted: a page may have megabytes."""

from __future__ import annotations

import re

from hubtui.errors import DecodeError
from hubtui.model.compute_quota import Sample
from hubtui.model.text import one_line, safe


def samples(text: str, names: re.Pattern[str], holding: str = "") -> list[Sample]:
    """The samples whose name begins with a match; `holding`: only lines with these words.

    Raises DecodeError.
    """
    wanted = [line for line in text.split("\n") if holding in line and names.match(line)]
    if not wanted:
        return []
    from prometheus_client.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(safe("\n".join(wanted) + "\n")))
    except ValueError as error:
        raise DecodeError(f"The hub's metrics cannot be read: {one_line(str(error))}") from error
    return [Sample(s.name, s.labels, s.value) for family in families for s in family.samples]


def label(name: str, value: str) -> str:
    """A label as a line has it."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{name}="{escaped}"'
