"""A tiny chart that tells which values helm gives a chart: the real helm, and no cluster."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.testbed.build import unpack_helm

_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: seen}
data:
  values: {{ toJson .Values | b64enc }}
"""


class RefusedByHelmError(Exception):
    """helm does not take what it was given."""


class HelmValues:
    """helm of one major version, with a chart in a folder; `defaults` are the chart's values."""

    def __init__(self, major: int, folder: Path, defaults: dict[str, Any] | None = None) -> None:
        self._helm = unpack_helm().helm(major)
        self.chart = folder / f"seen-{major}"
        (self.chart / "templates").mkdir(parents=True)
        (self.chart / "Chart.yaml").write_text("{apiVersion: v2, name: seen, version: 1.0.0}")
        (self.chart / "values.yaml").write_text(yaml.safe_dump(defaults or {}))
        (self.chart / "templates" / "seen.yaml").write_text(_TEMPLATE)

    def seen(self, *arguments: str, stdin: bytes = b"") -> dict[str, Any]:
        """The chart's .Values, for these arguments of helm. Raises RefusedByHelmError."""
        ended = subprocess.run(
            [str(self._helm), "template", "seen", str(self.chart), *arguments],
            env={**os.environ, "GOGC": "off"},  # it ends before there is garbage worth collecting
            input=stdin,
            capture_output=True,
            check=False,
        )
        if ended.returncode:
            raise RefusedByHelmError(ended.stderr.decode())
        document = yaml.safe_load(ended.stdout)
        found: dict[str, Any] = json.loads(base64.b64decode(document["data"]["values"]))
        return found
