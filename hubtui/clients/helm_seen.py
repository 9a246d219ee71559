"""Which helm is seen at work from here: among the processes of this machine, whoever started them.

Source: proc(5), /proc/PID/cmdline. One that runs elsewhere, in a container's own process namespace
or hidden by `hidepid` cannot be seen, so what is not found here may be there all the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from hubtui.clients.detached import start_ticks
from hubtui.clients.kubeconfig import Server, authorities, server_in
from hubtui.errors import ConfigError

_WRITES: Final = frozenset({"install", "upgrade", "rollback", "uninstall"})
_NAMESPACE: Final = ("-n", "--namespace")
_ASKED: Final = ("HOME", "KUBECONFIG", "HELM_KUBECONTEXT", "HELM_KUBEAPISERVER", "HELM_KUBECAFILE")
"""What is read of another process' environment, and not kept (helm's documentation,
"Environment variables")."""
_MOUNTS: Final = Path("ns", "mnt")


@dataclass(frozen=True, slots=True)
class Helms:
    """The pids of the helms that write to a release of a name: `here` on the server that is meant
    or on one that cannot be told, `elsewhere` on another server."""

    here: tuple[int, ...] = ()
    elsewhere: tuple[int, ...] = ()


def at_work(
    release: str, namespace: str, server: Server | None, proc: Path = Path("/proc")
) -> Helms:
    """The helms that write to a release of this name, as far as their arguments, and what the same
    user may see of their environment, tell. `server` is None when it is not known."""
    here: list[int] = []
    elsewhere: list[int] = []
    for folder in proc.glob("[0-9]*"):
        try:
            argv = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if works_on(argv, release, namespace):
            theirs = _server(folder, argv[1:])
            another = server is not None and theirs is not None and theirs.is_another(server)
            (elsewhere if another else here).append(int(folder.name))
    return Helms(_running(here, proc), _running(elsewhere, proc))


def _running(pids: Sequence[int], proc: Path) -> tuple[int, ...]:
    return tuple(sorted(pid for pid in pids if proc != Path("/proc") or start_ticks(pid)))


def works_on(argv: Sequence[str], release: str, namespace: str) -> bool:
    """Whether a command line is of a helm that writes to the release."""
    if not PurePath(argv[0] if argv else "").name.startswith("helm"):
        return False
    words = argv[1:]
    named = _value(words, *_NAMESPACE)
    return not _WRITES.isdisjoint(words) and release in words and named in ("", namespace)


def _value(words: Sequence[str], *flags: str) -> str:
    """What is given with one of the flags; "" when it is not."""
    for index, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag in flags:
            return value if equals else next(iter(words[index + 1 :]), "")
    return ""


def _server(folder: Path, words: Sequence[str]) -> Server | None:
    """The server that a helm speaks to; None when it cannot be told, as for another user's, or in
    a container, where the same path is another file."""
    try:
        if (folder / _MOUNTS).readlink() != (Path("/proc/self") / _MOUNTS).readlink():
            return None
        given = _environment((folder / "environ").read_bytes())
        here = (folder / "cwd").readlink()
        url = _value(words, "--kube-apiserver") or given.get("HELM_KUBEAPISERVER", "")
        file = _value(words, "--kube-ca-file") or given.get("HELM_KUBECAFILE", "")
        trusted = authorities((here / file).read_bytes()) if file else frozenset[str]()
        if url and file:
            return Server(url.rstrip("/"), trusted)
        context = _value(words, "--kube-context") or given.get("HELM_KUBECONTEXT", "")
        found = server_in(_kubeconfigs(_value(words, "--kubeconfig"), given, here), context)
        return Server(url.rstrip("/") or found.url, trusted or found.authorities)
    except (ConfigError, ValueError, OSError):
        return None


def _environment(content: bytes) -> Mapping[str, str]:
    pairs = (entry.partition("=") for entry in os.fsdecode(content).split("\0"))
    return {name: value for name, _, value in pairs if name in _ASKED}


def _kubeconfigs(flag: str, given: Mapping[str, str], here: Path) -> list[Path]:
    """The files that a helm looks at, in its order: flag, KUBECONFIG, ~/.kube/config."""
    if flag:
        return [here / flag]
    named = [here / part for part in given.get("KUBECONFIG", "").split(os.pathsep) if part]
    if named or not given.get("HOME"):
        return named
    return [Path(given["HOME"]) / ".kube" / "config"]
