"""A helm at work is told from all other processes by its arguments."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubtui.clients.helm_seen import at_work, works_on


@pytest.mark.parametrize(
    ("command", "is_one"),
    [
        ("helm upgrade hub ./chart", True),
        ("/usr/local/bin/helm --kube-context prod rollback hub 3", True),
        ("helm3 upgrade --install hub jupyterhub/jupyterhub -n hub --wait", True),
        ("helm upgrade hub ./chart --namespace=hub", True),
        ("helm uninstall hub", True),
        ("helm upgrade hub ./chart --namespace staging", False),
        ("helm upgrade hub ./chart -n=staging", False),
        ("helm upgrade other ./chart", False),
        ("helm history hub", False),
        ("helm status hub -n hub", False),
        ("bash -c helm upgrade hub", False),
        ("hubtui upgrade hub", False),
        ("", False),
    ],
)
def test_which_command_line_works_on_the_release(command: str, is_one: bool) -> None:
    assert works_on(command.split(" "), "hub", "hub") is is_one


def test_the_processes_of_this_machine_are_looked_through(tmp_path: Path) -> None:
    for pid, words in ((41, "helm upgrade hub x"), (7, "helm rollback hub 2"), (9, "vim hub")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cmdline").write_bytes(words.replace(" ", "\0").encode() + b"\0")
    (tmp_path / "12").mkdir()  # it has just ended
    (tmp_path / "self").mkdir()
    assert at_work("hub", "hub", tmp_path) == (7, 41)
    assert at_work("hub", "hub", tmp_path / "nowhere") == ()
    assert os.getpid() not in at_work("hub", "hub")
