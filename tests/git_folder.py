"""A real git repository in a test's folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_WHO = ("-c", "user.name=Ada Operator", "-c", "user.email=ada@hub.example")
_QUIET = ("-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always")


class GitFolder:
    """A work tree on branch `main`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *words: str, fails: bool = False) -> str:
        """Runs git as nobody in particular; `fails` where that is what is wanted."""
        ended = subprocess.run(
            ["git", *_WHO, *_QUIET, *words],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
        )
        assert bool(ended.returncode) is fails, ended.stderr
        return ended.stdout.strip()

    def write(self, name: str, text: str) -> Path:
        """A file of the work tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def commit(self, subject: str) -> str:
        """Commits everything there is; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")
