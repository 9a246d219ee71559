"""Chance that can be repeated: each thing has dice of its own, whatever happens around it."""

from __future__ import annotations

import random
from typing import Final

# What Kubernetes puts into generated names: no vowels, no 0, 1, 3.
_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


class Chance:
    """The dice of one demo."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._counts: dict[str, int] = {}

    def of(self, *what: object) -> random.Random:
        """Dice that depend on the seed and on `what` they are for alone."""
        return random.Random(f"{self.seed}/{'/'.join(map(str, what))}")  # noqa: S311

    def suffix(self, *what: object, length: int = 5) -> str:
        """The next generated ending of a name, as the apiserver makes them."""
        name = "/".join(map(str, what))
        number = self.count(name)
        return "".join(self.of("suffix", name, number).choices(_LETTERS, k=length))

    def count(self, *what: object) -> int:
        """How often this was asked for the same: 1 at first."""
        name = "/".join(map(str, what))
        self._counts[name] = number = self._counts.get(name, 0) + 1
        return number
