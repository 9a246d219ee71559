"""What the tests of the app share: folders of their own, and settings for a prepared session."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from hubtui.config import Settings
from tests.tui import prepared
from tests.tui.prepared import PreparedApp
from tests.tui.upgrade_choices import Asked, told
from tests.tui.world import World


@pytest.fixture(autouse=True)
def own_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_helm_at_work: None
) -> Iterator[None]:
    """Nothing of this machine's settings, journal, locale, time zone or helms reaches a test."""
    for name in [name for name in os.environ if name.startswith("HUBTUI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HUBTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Make(Protocol):
    """Makes an app on a fake session; settings as keywords."""

    def __call__(self, known: World | None = None, **settings: Any) -> PreparedApp: ...


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    def call(known: World | None = None, **settings: Any) -> PreparedApp:
        return PreparedApp(prepared.session(prepared.settings(tmp_path, **settings), known))

    yield call
    prepared.let_helm_end(tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for a session that a test makes by itself."""
    return prepared.settings(tmp_path)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A deployment folder and a chart repository are told, not read."""
    return told(monkeypatch)
