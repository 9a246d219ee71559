"""How helm and kubectl are pointed at a context: what hubtui starts, and what an operator types.

Both come from here, so that the command that a plan shows goes where hubtui itself would.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hubtui.clients.kubeconfig import IN_CLUSTER, Context, kubeconfig_paths
from hubtui.config import Settings

_DEFAULT_DRIVER: Final = "secret"


def kubeconfigs(settings: Settings, context: Context) -> list[Path]:
    """The kubeconfigs in force, as absolute paths; none with a pod's own credentials."""
    if context.name == IN_CLUSTER:
        return []
    return [path.absolute() for path in kubeconfig_paths(settings)]


def helm_flags(settings: Settings, context: Context) -> list[str]:
    """helm's flags for the context. Several kubeconfigs go into KUBECONFIG: the flag takes one."""
    return _flags("--kube-context", context, kubeconfigs(settings, context))


def helm_command(settings: Settings, context: Context, words: Sequence[str]) -> str:
    """A helm command for somebody's own terminal, quoted for a POSIX shell.

    `words` are its arguments but for the context's.
    """
    driver = settings.helm_driver
    variables = [] if driver == _DEFAULT_DRIVER else [f"HELM_DRIVER={driver}"]
    typed = ["helm", *words, *_typed_flags("--kube-context", settings, context)]
    return " ".join([*variables, *_several(settings, context), shlex.join(typed)])


def kubectl_command(settings: Settings, context: Context, words: Sequence[str], *last: str) -> str:
    """A kubectl command for somebody's own terminal; `last` comes after the context's flags."""
    typed = ["kubectl", *words, *_typed_flags("--context", settings, context), *last]
    return " ".join([*_several(settings, context), shlex.join(typed)])


def hubtui_command(
    settings: Settings, context: Context, namespace: str, release: str, words: Sequence[str]
) -> str:
    """A command of hubtui's own for somebody's own terminal, about this hub and no other."""
    hub = ["--namespace", namespace, *(["--release", release] if release else [])]
    typed = ["hubtui", *words, *hub, *_typed_flags("--context", settings, context)]
    return " ".join([*_several(settings, context), shlex.join(typed)])


def _flags(flag: str, context: Context, paths: Sequence[Path]) -> list[str]:
    if context.name == IN_CLUSTER:
        return []
    files = ["--kubeconfig", str(paths[0])] if len(paths) == 1 else []
    return [flag, context.name, *files]


def _typed_flags(flag: str, settings: Settings, context: Context) -> list[str]:
    """As what is started, without a kubeconfig that every terminal takes by itself."""
    paths = kubeconfigs(settings, context)
    if paths == [Path.home() / ".kube" / "config"]:
        return [flag, context.name]
    return _flags(flag, context, paths)


def _several(settings: Settings, context: Context) -> list[str]:
    paths = kubeconfigs(settings, context)
    joined = os.pathsep.join(str(path) for path in paths)
    return [f"KUBECONFIG={shlex.quote(joined)}"] if len(paths) > 1 else []
