"""One tree of errors: what happened, what it means, what to do.

HubtuiError                 exit 1
├── UsageError              exit 2   the command line
├── ConfigError             exit 2   a setting, a kubeconfig, an environment variable
├── RefusedError            exit 3   nothing was written, on purpose
│   ├── ReadOnlyError                read-only mode, or no token for this write
│   ├── CheckStopsError              a check of the plan says stop
│   ├── NotConfirmedError            the typed name is not the one asked for
│   └── ChangedSinceError            the plan rests on something that has changed
├── UnreachableError        exit 4   no answer from a server
├── ApiError                         a server answered with an error
│   ├── DeniedError                  401 or 403
│   ├── NotFoundError                404
│   ├── GoneError                    410: the watch is too old
│   └── LimitedError                 429, or a 403 that means it: too many requests
├── DecodeError                      an answer that cannot be understood
│   └── TooLargeError                it has more bytes than are read
└── ToolError                        helm, sops or another program failed or is missing
"""

from __future__ import annotations

from typing import ClassVar


class HubtuiError(Exception):
    """Something an operator is told about.

    `what` says what happened, `meaning` what follows from it, `remedy` what to do.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, meaning: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.meaning = meaning
        self.remedy = remedy

    def __str__(self) -> str:
        return " ".join(_sentence(part) for part in (self.what, self.meaning, self.remedy) if part)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "?", ":")) else f"{text}."


class UsageError(HubtuiError):
    """The command line cannot be understood."""

    exit_code = 2


class ConfigError(HubtuiError):
    """A setting, a kubeconfig or an environment variable cannot be used."""

    exit_code = 2


class RefusedError(HubtuiError):
    """Nothing was written, on purpose."""

    exit_code = 3


class ReadOnlyError(RefusedError):
    """Read-only mode, or a write without a token for it."""


class CheckStopsError(RefusedError):
    """A check of the plan says stop and was not overridden."""


class NotConfirmedError(RefusedError):
    """The name that was typed is not the one that was asked for."""


class ChangedSinceError(RefusedError):
    """What the plan rests on has changed since it was shown."""


class UnreachableError(HubtuiError):
    """A server does not answer."""

    exit_code = 4


class ApiError(HubtuiError):
    """A server answered with an error; `status` is the HTTP status."""

    def __init__(self, what: str, *, status: int, meaning: str = "", remedy: str = "") -> None:
        super().__init__(what, meaning=meaning, remedy=remedy)
        self.status = status


class DeniedError(ApiError):
    """401 or 403; `verb` and `resource` name the missing right where they are known."""

    def __init__(
        self, what: str, *, status: int = 403, verb: str = "", resource: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, status=status, remedy=remedy)
        self.verb = verb
        self.resource = resource


class NotFoundError(ApiError):
    """404: there is no such object, or no such API."""


class GoneError(ApiError):
    """410: the resource version is too old, list again."""


class LimitedError(ApiError):
    """Too many requests; `wait` is after how many seconds the server answers again, None where it
    does not say."""

    def __init__(self, what: str, *, status: int, wait: float | None, remedy: str = "") -> None:
        super().__init__(what, status=status, remedy=remedy)
        self.wait = wait


class DecodeError(HubtuiError):
    """An answer or a stored payload that cannot be understood."""


class TooLargeError(DecodeError):
    """An answer that has more bytes than are read at most."""


class ToolError(HubtuiError):
    """A program that hubtui starts failed or is missing; `output` holds its own words."""

    def __init__(self, what: str, *, output: str = "", meaning: str = "", remedy: str = "") -> None:
        super().__init__(what, meaning=meaning, remedy=remedy)
        self.output = output
