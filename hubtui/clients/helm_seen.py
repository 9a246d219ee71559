"""Which helm is seen at work from here: among the processes of this machine, whoever started them.

Source: proc(5), /proc/PID/cmdline. One that runs elsewhere, in a container's own process namespace
or hidden by `hidepid` cannot be seen, so what is not found here may be there all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Final

from hubtui.clients.detached import start_ticks

_WRITES: Final = frozenset({"install", "upgrade", "rollback", "uninstall"})
_NAMESPACE: Final = ("-n", "--namespace")


def at_work(release: str, namespace: str, proc: Path = Path("/proc")) -> tuple[int, ...]:
    """The pids of the helms that write to a release of this name, as far as their arguments tell:
    of which cluster they do not."""
    found = []
    for folder in proc.glob("[0-9]*"):
        try:
            argv = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if works_on(argv, release, namespace):
            found.append(int(folder.name))
    return tuple(sorted(pid for pid in found if proc != Path("/proc") or start_ticks(pid)))


def works_on(argv: Sequence[str], release: str, namespace: str) -> bool:
    """Whether a command line is of a helm that writes to the release."""
    if not PurePath(argv[0] if argv else "").name.startswith("helm"):
        return False
    words = argv[1:]
    named = _value(words)
    return not _WRITES.isdisjoint(words) and release in words and named in ("", namespace)


def _value(words: Sequence[str]) -> str:
    """The namespace that is given; "" when it is the context's own."""
    for index, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag in _NAMESPACE:
            return value if equals else next(iter(words[index + 1 :]), "")
    return ""
