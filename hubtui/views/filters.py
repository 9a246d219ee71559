"""The filter line's language: words that must all occur; `role: node: user: status:` and the others
of FIELDS look at one thing, a leading `-` excludes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hubtui.model.text import one_line

FIELDS = frozenset(
    {
        *("role", "node", "user", "status", "state", "profile", "server", "pool", "zone", "type"),
        *("claim", "phase", "class", "disk", "group", "source"),
    }
)
"""What a word may look at; a row that has it not does not match."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter: terms of (field, text, excluded); an empty field means any."""

    terms: tuple[tuple[str, str, bool], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Reads the filter line; whatever is typed is a filter, so nothing is refused."""
        terms = []
        for word in one_line(text).lower().split():
            excluded = word.startswith("-") and len(word) > 1
            bare = word[1:] if excluded else word
            field, colon, value = bare.partition(":")
            if colon and value and field in FIELDS:
                terms.append((field, value, excluded))
            elif bare and not (colon and not value):
                terms.append(("", bare, excluded))
        return cls(tuple(terms))

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __str__(self) -> str:
        return " ".join(
            f"{'-' if excluded else ''}{f'{field}:' if field else ''}{text}"
            for field, text, excluded in self.terms
        )

    def matches(self, words: Mapping[str, str]) -> bool:
        """Whether all terms hold for a row's words."""
        return all(
            (text in words.get(field, "").lower()) is not excluded
            for field, text, excluded in self.terms
        )
