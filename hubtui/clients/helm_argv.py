"""The positive list of helm command lines: what is not exactly on it never starts.

helm speaks to the cluster itself, so its arguments are what the gate can decide on. Unknown flags,
abbreviations, `--flag=value` spellings and repeated flags are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hubtui.errors import ReadOnlyError
from hubtui.model.origin import holds_login

VERSION: Final = ("version", "--template", "{{.Version}}")
"""Works in helm 3 and 4, and speaks to no cluster."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?")
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?[hms])+")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_VERSION = re.compile(r"[\^~<>=! ]{0,4}v?[0-9xX*][-0-9A-Za-z.+*]{0,62}")
_URL = re.compile(r"https?://[^\s@]+")
"""No user or password in it: a chart repository's login is no matter of a command line."""

DRY_RUN: Final = "--dry-run=server"
MODES: Final = frozenset({"--reset-values", "--reuse-values", "--reset-then-reuse-values"})
STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class HelmCall:
    """A helm command line that is on the list."""

    command: str
    writes: bool
    release: str = ""
    namespace: str = ""
    revision: int = 0

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"helm {self.command} {self.release}".rstrip() + where


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


def _plain(value: str) -> bool:
    return bool(value) and not value.startswith("-") and value.isprintable()


def _is(value: str) -> Callable[[str], bool]:
    return lambda given: given == value


_COMMON: Final[dict[str, Callable[[str], bool]]] = {
    "--namespace": _matches(_NAME),
    "--kubeconfig": _plain,
    "--kube-context": _plain,
    "--history-max": _matches(_NUMBER),
    "--timeout": _matches(_DURATION),
}
_SWITCHES: Final = {
    "rollback": frozenset({"--cleanup-on-fail"}),
    "upgrade": frozenset({"--cleanup-on-fail", DRY_RUN, *MODES}),
}
_OPTIONS: Final = {
    "rollback": _COMMON,
    "upgrade": {
        **_COMMON,
        "--version": _matches(_VERSION),
        "--repo": _matches(_URL),
        "--values": _is(STDIN),
        "--description": _plain,
        "-o": _is("json"),
    },
}


def parse(argv: Sequence[str]) -> HelmCall:
    """What a command line would do. Raises ReadOnlyError when it is not on the list."""
    if tuple(argv) == VERSION:
        return HelmCall("version", writes=False)
    if argv and argv[0] == "rollback":
        words, options = _split("rollback", argv[1:])
        if (
            len(words) == 2
            and _NAME.fullmatch(words[0])
            and _NUMBER.fullmatch(words[1])
            and "--namespace" in options
        ):
            return HelmCall("rollback", True, words[0], options["--namespace"], int(words[1]))
    if argv and argv[0] == "upgrade":
        words, options = _split("upgrade", argv[1:])
        if (
            len(words) == 2
            and _NAME.fullmatch(words[0])
            and _plain(words[1])
            and not holds_login(words[1])
            and "--namespace" in options
            and len(MODES & options.keys()) == 1
        ):
            writes = DRY_RUN not in options
            return HelmCall("upgrade", writes, words[0], options["--namespace"])
    raise _refused(argv)


def _split(command: str, rest: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    words: list[str] = []
    options: dict[str, str] = {}
    left = list(rest)
    while left:
        item = left.pop(0)
        if not item.startswith("-"):
            words.append(item)
        elif item in _SWITCHES[command] and item not in options:
            options[item] = ""
        elif (
            item in _OPTIONS[command]
            and item not in options
            and left
            and _OPTIONS[command][item](left[0])
        ):
            options[item] = left.pop(0)
        else:
            raise _refused((command, *rest))
    return words, options


def _refused(argv: Sequence[str]) -> ReadOnlyError:
    # An argument may hold a secret: only the sub-command is named.
    command = f"helm {argv[0]}" if argv and _NAME.fullmatch(argv[0]) else "helm"
    return ReadOnlyError(
        f"{command} with these arguments is not on the list of helm commands",
        meaning="helm was not started.",
    )
