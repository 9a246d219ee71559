"""Our widgets are Textual's too: a name that has a meaning there must not get another one here.

A screen that kept its own work in `_task`, which is Textual's name for the loop that serves the
screen, ended that loop when it ended its work.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.app import App
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from hubtui import tui

FOLDER = Path(tui.__file__).parent
PLAIN = {"Command", "Connecting", "Header", "Viewport", "Sort", "Look", "Palette"}
"""Classes of the room that are no widgets."""


MEANT = {"_fatal_error"}
"""What is replaced on purpose."""


def private_names() -> set[str]:
    """Textual's own private names, of classes and of their instances."""
    bases: tuple[object, ...] = (Widget(), Screen(), ModalScreen(), App())
    return {
        name
        for base in bases
        for name in {*dir(type(base)), *vars(base)}
        if name.startswith("_") and not name.startswith("__")
    }


def assigned(node: ast.ClassDef) -> Iterator[str]:
    """Names that a class gives to its methods and to attributes."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            yield inner.name
        elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
            yield inner.attr


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name not in PLAIN:
                yield f"{path.stem}.{node.name}", node


@pytest.mark.parametrize(("name", "node"), classes(), ids=lambda v: v if isinstance(v, str) else "")
def test_no_private_name_of_textual_is_used_for_something_else(
    name: str, node: ast.ClassDef
) -> None:
    ours = {word for word in assigned(node) if word.startswith("_")} - MEANT
    assert ours & private_names() == set()


def test_the_look_would_find_one() -> None:
    (node,) = ast.parse("class Log:\n    def on_mount(self): self._task = 1").body
    assert isinstance(node, ast.ClassDef)
    assert set(assigned(node)) & private_names() == {"_task"}
