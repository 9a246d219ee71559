"""The kubeconfig of a demo: for hubtui, helm and kubectl alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

CONTEXT: Final = "demo"


def write(path: Path, port: int, token: str, namespace: str) -> None:
    """Writes it for its owner only. The token is a step of the server's path: over plain HTTP,
    which never leaves the machine here, helm and kubectl send none (client-go, clientcmd)."""
    text = f"""\
apiVersion: v1
kind: Config
current-context: {CONTEXT}
clusters:
  - name: {CONTEXT}
    cluster:
      server: http://127.0.0.1:{port}/{token}
users:
  - name: {CONTEXT}
    user: {{}}
contexts:
  - name: {CONTEXT}
    context:
      cluster: {CONTEXT}
      user: {CONTEXT}
      namespace: {namespace}
"""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
