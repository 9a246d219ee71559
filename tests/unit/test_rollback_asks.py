"""What the server says beforehand of a rollback: of rights, and of each object applied dry."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.clients.gate import Call
from hubtui.errors import ApiError, DeniedError
from hubtui.model.manifest import Resource, read
from hubtui.model.plan import Level
from hubtui.model.redact import MASK, Redactor
from hubtui.services.actions import release_dry_run, release_rights
from hubtui.services.actions.release_rights import Need

CANARY = "kanarienvogel-1234"
OBJECTS = "\n---\n".join(
    f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s{number}}}" for number in range(9)
)


class Refusing:
    """An apiserver that refuses everything and repeats what it was sent; a fake of the client."""

    async def request(self, call: Call, **_: Any) -> bytes:
        words = f'{call}: Secret "{call.name}" is invalid: data.x: Invalid value: "{CANARY}"'
        raise ApiError(words, status=422)

    async def can_i(self, *_: str) -> bool:
        return False


class Facts:
    """As much of a plan's facts as the dry run asks for."""

    def __init__(self) -> None:
        items = tuple(item for item in read(OBJECTS) if isinstance(item, Resource))
        self.target = type("Side", (), {"resources": items})
        self.server_side = True
        self.redactor = Redactor(live=frozenset({CANARY}))


async def test_what_the_server_repeats_is_masked_and_all_of_it_is_in_the_document() -> None:
    client: Any = Refusing()
    facts: Any = Facts()
    check = await release_dry_run.check(client, facts, "hub")
    assert check is not None
    document = check.to_json()
    assert CANARY not in str(document)
    assert f'data.x: Invalid value: "{MASK}"' in check.evidence
    assert check.evidence.endswith("and 6 more")
    assert [each.partition(":")[0] for each in document["details"]] == [
        f"Secret/s{number}" for number in range(9)
    ]


async def test_all_missing_rights_are_in_the_document() -> None:
    client: Any = Refusing()
    wanted = [Need("patch", "secrets", "hub", f"s{n}", f"Secret/s{n}") for n in range(9)]
    check = await release_rights.check(client, wanted)
    assert check.level is Level.STOP
    assert check.evidence.endswith("Secret/s5 and 3 more")
    assert check.to_json()["details"] == [f"patch Secret/s{number}" for number in range(9)]


@pytest.mark.parametrize("guessed", [True, False])
async def test_rights_of_an_api_that_is_not_known_warn(guessed: bool) -> None:
    client: Any = Refusing()
    need = Need("patch", "things.example.org", "hub", "x", "Thing/x", guessed=guessed)
    check = await release_rights.check(client, [need])
    assert check.level is (Level.WARN if guessed else Level.STOP)
    assert check.details == ("patch Thing/x",)


async def test_reviews_that_are_refused_are_said() -> None:
    class Deaf(Refusing):
        async def can_i(self, *_: str) -> bool:
            raise DeniedError("no right to create selfsubjectaccessreviews")

    client: Any = Deaf()
    check = await release_rights.check(client, [Need("patch", "secrets", "hub", "s", "Secret/s")])
    assert check.level is Level.WARN
    assert check.evidence.startswith("cannot be asked: ")
