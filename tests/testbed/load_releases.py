"""Helm releases in bulk: Secrets whose payload decodes to that release and revision.

helm stores base64(gzip(JSON)) and the API adds another base64 (facts.md §5.1). Nearly all of a
z2jh payload is the chart, which is the same in each: it is compressed once, and only the head
(name, info, config, manifest) for each revision. The two deflate streams are joined at a full
flush, so the result is one plain gzip member, as helm writes it.
"""

from __future__ import annotations

import base64
import json
import random
import struct
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.testbed.load_objects import LOAD, NAMESPACE, Object

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_TEMPLATES = 64
"""So many templates of _TEMPLATE_BYTES make a payload as large as z2jh 4.4.0's (118 kB stored)."""
_TEMPLATE_BYTES = 2950
_FIRST = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def release_name(number: int) -> str:
    return f"class-{number:03d}"


class Releases:
    """Makes the Secrets of releases that were upgraded `revisions` times."""

    def __init__(self, revisions: int) -> None:
        self._revisions = revisions
        self._tail = _chart_tail()
        self._tail_deflated = _deflate(self._tail, zlib.Z_FINISH)

    def secret(self, number: int, revision: int) -> Object:
        """The Secret of one revision; the last one is deployed, the others superseded."""
        name = release_name(number)
        status = "deployed" if revision == self._revisions else "superseded"
        # Both are updated after they are created, so helm has replaced createdAt by modifiedAt.
        modified = _deployed_at(number, min(revision + 1, self._revisions))
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"sh.helm.release.v1.{name}.v{revision}",
                "labels": {
                    LOAD: "true",
                    "modifiedAt": str(int(modified.timestamp())),
                    "name": name,
                    "owner": "helm",
                    "status": status,
                    "version": str(revision),
                },
            },
            "type": "helm.sh/release.v1",
            "data": {"release": self._payload(number, revision, status)},
        }

    def _payload(self, number: int, revision: int, status: str) -> str:
        head = json.dumps(_head(number, revision, status))
        # ... "chart": {"metadata": {...}   +   , "templates": [...], ...}}
        opened = head.removesuffix("}}").encode()
        checksum = zlib.crc32(self._tail, zlib.crc32(opened))
        size = len(opened) + len(self._tail)
        member = (
            _GZIP_HEADER
            + _deflate(opened, zlib.Z_FULL_FLUSH)
            + self._tail_deflated
            + struct.pack("<II", checksum, size)
        )
        return base64.b64encode(base64.b64encode(member)).decode()


def _deflate(data: bytes, flush: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(flush)


def _deployed_at(number: int, revision: int) -> datetime:
    return _FIRST + timedelta(days=7 * (revision - 1), minutes=7 * number)


def _head(number: int, revision: int, status: str) -> dict[str, Any]:
    """The release in helm 4's JSON, up to the chart's metadata."""
    name = release_name(number)
    tag = f"2026.{revision:02d}"
    return {
        "name": name,
        "info": {
            "first_deployed": _deployed_at(number, 1).isoformat(),
            "last_deployed": _deployed_at(number, revision).isoformat(),
            "description": "Install complete" if revision == 1 else "Upgrade complete",
            "status": status,
            "notes": f"{name} is ready at revision {revision}.\n",
        },
        "version": revision,
        "namespace": NAMESPACE,
        "apply_method": "ssa",
        "config": {
            "jupyterhub": {
                "singleuser": {"image": {"name": f"quay.io/example/{name}", "tag": tag}},
                "hub": {"config": {"JupyterHub": {"admin_access": True}}},
            }
        },
        "manifest": _manifest(name, tag),
        "chart": {"metadata": _metadata(revision)},
    }


def _metadata(revision: int) -> dict[str, Any]:
    return {
        "name": "basehub",
        "version": f"1.{revision}.0",
        "appVersion": "6.1.1",
        "apiVersion": "v2",
        "description": "A hub for a class (test data)",
        "type": "application",
        "dependencies": [
            {
                "name": "jupyterhub",
                "version": "4.4.0",
                "repository": "https://hub.jupyter.org/helm-chart/",
                "enabled": True,
            }
        ],
    }


def _manifest(name: str, tag: str) -> str:
    return f"""---
# Source: basehub/charts/jupyterhub/templates/hub/configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}-hub
  labels:
    app: jupyterhub
    component: hub
    release: {name}
data:
  image: quay.io/example/{name}:{tag}
---
# Source: basehub/charts/jupyterhub/templates/hub/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}-hub
  labels:
    app: jupyterhub
    component: hub
    release: {name}
spec:
  replicas: 1
  selector:
    matchLabels: {{app: jupyterhub, component: hub, release: {name}}}
  template:
    metadata:
      labels: {{app: jupyterhub, component: hub, release: {name}}}
    spec:
      containers:
        - name: hub
          image: quay.io/jupyterhub/k8s-hub:4.4.0
"""


def _chart_tail() -> bytes:
    """Templates that compress as a chart's do, a values tree and the closing braces."""
    chance = random.Random(5000)
    words = [chance.randbytes(chance.randint(2, 6)).hex() for _ in range(4000)]
    templates = []
    for number in range(_TEMPLATES):
        text = "{{- define " + '"part" -}}\n'
        while len(text) < _TEMPLATE_BYTES:
            text += f"  {chance.choice(words)}: {{{{ .Values.{chance.choice(words)} }}}}\n"
        templates.append(
            {
                "name": f"charts/jupyterhub/templates/part-{number:02d}.yaml",
                "modtime": _FIRST.isoformat(),
                "data": base64.b64encode(text.encode()).decode(),
            }
        )
    values = {chance.choice(words): {"enabled": bool(i % 2), "size": i} for i in range(1200)}
    rest = {"lock": None, "templates": templates, "values": values, "schema": None, "files": []}
    return b"," + json.dumps(rest)[1:].encode() + b"}"
