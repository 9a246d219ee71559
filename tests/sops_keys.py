"""Keys made when a test runs, and files that the real sops encrypts for them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hubtui.clients import sops_binary
from hubtui.config import Settings

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


@dataclass(frozen=True)
class AgeKey:
    """A key of age: X25519, both halves in Bech32 (the age specification, C2SP.org/age)."""

    identity: str
    recipient: str

    @classmethod
    def generate(cls) -> AgeKey:
        key = X25519PrivateKey.generate()
        secret, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
        return cls(_bech32("age-secret-key-", secret).upper(), _bech32("age", public))

    def written(self, path: Path) -> Path:
        """The file that SOPS_AGE_KEY_FILE names."""
        path.write_text(f"{self.identity}\n")
        path.chmod(0o600)
        return path


def encrypted(path: Path, values: Any, *keys: AgeKey) -> Path:
    """A file that sops encrypted for the keys. The plain values are never on the disk."""
    return encrypted_by(path, values, ["--age", ",".join(key.recipient for key in keys)])


def encrypted_by(path: Path, values: Any, options: Sequence[str]) -> Path:
    """The same with sops's own options for who can open it."""
    kinds = ["--input-type", "yaml", "--output-type", "yaml", "--filename-override", str(path)]
    binary = str(sops_binary.find(Settings()))
    ended = subprocess.run(
        [binary, "--encrypt", *kinds, *options, "/dev/stdin"],
        input=yaml.safe_dump(values).encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "SOPS_CONFIG": os.devnull},
    )
    assert ended.returncode == 0, ended.stderr.decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(ended.stdout)
    return path


def _bech32(prefix: str, data: bytes) -> str:
    """BIP 173: five bits a letter, and six letters that check the whole."""
    count = (len(data) * 8 + 4) // 5
    number = int.from_bytes(data, "big") << (count * 5 - len(data) * 8)
    words = [number >> 5 * (count - 1 - place) & 31 for place in range(count)]
    spread = [ord(one) >> 5 for one in prefix] + [0] + [ord(one) & 31 for one in prefix]
    check = _checksum([*spread, *words, 0, 0, 0, 0, 0, 0]) ^ 1
    words += [check >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{prefix}1{''.join(_LETTERS[word] for word in words)}"


def _checksum(words: Sequence[int]) -> int:
    check = 1
    for word in words:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word
        for place, generator in enumerate(_GENERATORS):
            check ^= generator if top >> place & 1 else 0
    return check
