"""What a start loads: nothing heavy before it is known what to do (design §2, style §5)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("textual", "kubernetes", "httpx", "pyhelm3", "pydantic", "aiohttp")

KUBECONFIG = """
current-context: test
clusters: [{name: test, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: test, user: {token: anyone}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
"""


def loaded(code: str, **environment: str) -> list[str]:
    """The modules that are there after some code ran in a new interpreter."""
    script = f"{code}\nimport json, sys\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", **environment},
    ).stdout
    found: list[str] = json.loads(out.splitlines()[-1])
    return found


def packages(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    "code",
    [
        "import hubtui.cli",
        "from hubtui.cli import run; assert run(['--help']) == 0",
        "from hubtui.cli import run; assert run(['--version']) == 0",
        "from hubtui.cli import run; assert run(['nonsense']) == 2",
        "from hubtui.cli import run; assert run(['diff', '--help']) == 0",
    ],
)
def test_what_asks_no_cluster_loads_nothing_heavy(code: str) -> None:
    found = packages(loaded(code))
    assert "hubtui" in found
    assert found.isdisjoint(HEAVY)


@pytest.mark.parametrize("command", ["config", "journal"])
def test_what_lies_on_this_machine_loads_neither_textual_nor_clients(
    command: str, tmp_path: Path
) -> None:
    code = f"from hubtui.cli import run; assert run(['{command}']) == 0"
    found = packages(loaded(code, HOME=str(tmp_path), HUBTUI_STATE=str(tmp_path)))
    assert found.isdisjoint(HEAVY)


def test_a_command_on_a_cluster_loads_neither_textual_nor_kubernetes(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    found = loaded(
        "from hubtui.cli import run; assert run(['pods']) == 4",
        HOME=str(tmp_path),
        HUBTUI_STATE=str(tmp_path),
        KUBECONFIG=str(tmp_path / "kubeconfig"),
    )
    assert "aiohttp" in found
    assert packages(found).isdisjoint({"kubernetes", "textual", "httpx", "pyhelm3"})


AT_TEXTUAL = """
import io, os, sys

class Terminal(io.StringIO):
    def isatty(self):
        return True

class Spy:
    def find_spec(self, name, path=None, target=None):
        if name == "textual":  # what it reads while it is imported must stand by then
            print(os.environ.get("TEXTUAL_ANIMATIONS"), os.environ.get("TEXTUAL_FPS"), file=out)
            out.flush()
            os._exit(0)

out, sys.stdin, sys.stdout = sys.stdout, Terminal(), Terminal()
sys.meta_path.insert(0, Spy())
from hubtui.cli import run
run({argv})
"""


@pytest.mark.parametrize(
    ("argv", "environment", "expected"),
    [
        (["--slow"], {}, "none 15"),
        ([], {"SSH_TTY": "/dev/pts/1"}, "none 15"),
        (["--slow"], {"TEXTUAL_FPS": "5"}, "none 5"),
        ([], {}, "None None"),
    ],
)
def test_a_slow_connection_is_told_to_textual_before_it_is_imported(
    argv: list[str], environment: dict[str, str], expected: str, tmp_path: Path
) -> None:
    home = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "HUBTUI_STATE": str(tmp_path)}
    out = subprocess.run(
        [sys.executable, "-c", AT_TEXTUAL.replace("{argv}", repr(argv))],
        capture_output=True,
        check=True,
        text=True,
        env={**home, **environment},
    ).stdout
    assert out.strip() == expected
