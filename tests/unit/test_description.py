"""What a revision's description may show."""

from __future__ import annotations

import json
from typing import Any

from hubtui.model.description import described
from hubtui.model.redact import MASK, Redactor
from hubtui.model.release import Payload, decode_payload
from tests.releases import packed, release

CANARY = "kanarienvogel-7f3a"


def revision(status: str, description: str, config: Any) -> Payload:
    document = release(3, config, manifest="")
    document["info"] = {**document["info"], "status": status, "description": description}
    return decode_payload(packed(document))


def test_a_failed_one_repeats_no_value_that_the_server_refused() -> None:
    said = f'ConfigMap "x" is invalid: metadata.labels: Invalid value: {json.dumps(CANARY)}: no'
    found = described(revision("failed", said, {"motto": CANARY}), Redactor())
    assert found == said.replace(CANARY, MASK)


def test_others_are_shown_without_what_is_secret() -> None:
    config = {"motto": "harmless-word", "password": CANARY, "sealed": "from-a-sops-file"}
    payload = revision("deployed", f"harmless-word {CANARY} from-a-sops-file", config)
    sealed = Redactor(sops=frozenset({("sealed",)}))
    assert described(payload, sealed) == f"harmless-word {MASK} {MASK}"
    assert described(revision("deployed", "", config), sealed) == ""
