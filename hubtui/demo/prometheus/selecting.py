"""What series have to be: `name{label="value",other=~"pattern"}`.

Source: Prometheus 2.42, "Querying basics"; patterns match a whole value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NAME: Final = "__name__"


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a label has to be; a label that is missing is empty."""

    label: str
    operator: str
    value: str
    pattern: re.Pattern[str] | None = None

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels fits."""
        value = labels.get(self.label, "")
        same = value == self.value if self.pattern is None else bool(self.pattern.fullmatch(value))
        return same is not self.operator.startswith("!")


@dataclass(frozen=True, slots=True)
class Selector:
    """All that has to be so of a series."""

    matchers: tuple[Matcher, ...]

    @property
    def metric(self) -> str:
        """The one name that it asks for; "" when it asks for none or several."""
        return next((m.value for m in self.matchers if m.label == NAME and m.operator == "="), "")

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether a series fits."""
        return all(matcher.takes(labels) for matcher in self.matchers)
