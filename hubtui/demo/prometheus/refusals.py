"""What a query is refused with, in the form of Prometheus' HTTP API."""

from __future__ import annotations

from typing import Final

_CODES: Final = {"bad_data": 400, "not_found": 404, "execution": 422}


class QueryRefusedError(Exception):
    """A query that is not answered: Prometheus' `kind` of error, and a message for people."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message

    @property
    def code(self) -> int:
        """The HTTP status that goes with it."""
        return _CODES[self.kind]


def bad(parameter: str, words: str) -> QueryRefusedError:
    """400: a parameter that cannot be read."""
    return QueryRefusedError("bad_data", f'invalid parameter "{parameter}": {words}')


def beyond(what: str) -> QueryRefusedError:
    """422: PromQL that a real Prometheus would answer."""
    words = f"the demo's small Prometheus has no {what}"
    return QueryRefusedError("execution", words)
