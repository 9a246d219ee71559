"""The real hubploy of PyPI, as its own command, and what it asks helm for.

Only its two neighbours are played: an apiserver that has every namespace, and a helm that hands
the values on to the real one, which renders.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from hubtui.clients import sops_binary
from hubtui.config import Settings
from tests.testbed.build import hubploy, unpack_helm

_HELM = """\
#!{python}
import json, subprocess, sys
words = sys.argv[1:]
if words[0] != "upgrade":
    sys.exit()
begin = words.index("--namespace")
rendered = subprocess.run(
    [{helm!r}, "template", words[begin + 2], words[begin + 3], *words[begin : begin + 2],
     *words[begin + 4 :]],
    check=True, capture_output=True, text=True,
).stdout
with open({record!r}, "w") as file:
    json.dump({{"words": words, "rendered": rendered}}, file)
"""


@dataclass(frozen=True)
class Asked:
    """What hubploy had helm do: its words, and what the real helm renders of it."""

    words: list[str]
    rendered: str

    @property
    def namespace(self) -> str:
        return self.words[self.words.index("--namespace") + 1]

    @property
    def release(self) -> str:
        return self.words[self.words.index("--namespace") + 2]

    @property
    def chart(self) -> str:
        return self.words[self.words.index("--namespace") + 3]

    @property
    def files(self) -> list[str]:
        return [
            path for flag, path in zip(self.words, self.words[1:], strict=False) if flag == "-f"
        ]


def deploy(root: Path, *words: str) -> Asked:
    """Runs `hubploy deploy` in a deployment folder whose hubploy.yaml names `kube.yaml`."""
    bin_ = root.parent / "bin"
    bin_.mkdir(exist_ok=True)
    record = root.parent / "asked.json"
    helm = bin_ / "helm"
    real = str(unpack_helm().helm(4))
    helm.write_text(_HELM.format(python=sys.executable, helm=real, record=str(record)))
    helm.chmod(0o700)
    path = f"{sops_binary.find(Settings()).parent}{os.pathsep}{os.environ['PATH']}"
    packages = str(hubploy())
    with _apiserver() as address:
        for folder in (root / "deployments").iterdir():
            _kubeconfig(folder / "secrets" / "kube.yaml", address)
        ended = subprocess.run(
            [sys.executable, "-m", "hubploy", "deploy", *words],
            cwd=root,
            env={**os.environ, "HELM_EXECUTABLE": str(helm), "PATH": path, "PYTHONPATH": packages},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    return Asked(**json.loads(record.read_text()))


def _kubeconfig(path: Path, address: str) -> None:
    path.parent.mkdir(exist_ok=True)
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "only",
        "clusters": [{"name": "only", "cluster": {"server": address}}],
        "contexts": [{"name": "only", "context": {"cluster": "only", "user": "only"}}],
        "users": [{"name": "only", "user": {}}],
    }
    path.write_text(json.dumps(config))


class _EveryNamespace(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        body = json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def _apiserver() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _EveryNamespace) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
