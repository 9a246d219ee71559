"""Which names stand for secrets, and which only speak of them.

`clientSecret` holds one; `secretName`, `token_url`, `passwordKey` and `checksum/secret` do not.
When in doubt a name counts as secret: a masked harmless value costs a look, the other way round
costs a password.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_SECRET_WORDS = frozenset(
    (
        *("password", "passwords", "passwd", "passphrase", "passphrases", "pwd", "pass"),
        *("secret", "secrets", "token", "tokens", "credential", "credentials", "creds"),
        *("apikey", "apikeys", "authtoken", "accesskey", "secretkey", "privatekey", "keytab"),
        *("dockerconfigjson", "dockercfg", "htpasswd", "kubeconfig", "webhook", "consumers"),
    )
)
_SECRET_ENDINGS = frozenset(("auth", "authorization", "cookie", "cookies", "pem", "dsn"))
_KEY_OF = frozenset(
    (
        *("api", "access", "secret", "private", "encryption", "signing", "ssh", "account"),
        *("master", "session", "crypt", "keeper", "license", "tls", "deploy", "hmac", "aes"),
        *("storage", "server", "client", "rsa", "shared", "state", "jwt", "admin", "root"),
    )
)
_SPEAKS_OF = frozenset(
    (
        *("name", "names", "ref", "refs", "path", "paths", "file", "files", "dir", "class"),
        *("type", "types", "namespace", "namespaces", "enabled", "enable", "expiry", "expires"),
        *("ttl", "lifetime", "timeout", "age", "seconds", "minutes", "hours", "days", "scope"),
        *("scopes", "count", "length", "size", "policy", "policies", "version", "mount", "mounts"),
        *("method", "header", "headers", "prefix", "mode", "url", "uri", "endpoint", "params"),
        *("claim", "field", "fields", "options", "optional", "audience", "audiences", "expiration"),
        *("interval", "refresh", "rotation", "min", "max", "limit", "kind", "group", "resource"),
        *("sync", "image", "tag", "resources"),
    )
)
_HARMLESS_INSIDE = frozenset(
    (
        *("name", "key", "crt", "cert", "namespace", "optional", "items", "path", "mode"),
        *("registry", "username", "email", "create", "enabled", "labels", "annotations", "kind"),
        *("metadata", "type", "group", "audience", "driver"),
    )
)
"""Names that hold no secret inside a mapping such as `secretKeyRef`, `secret` of a volume or
`imagePullSecret`."""

_REFERENCES = frozenset(
    ("imagePullSecrets", "pullSecrets", "existingSecret", "automountServiceAccountToken")
)


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of `clientSecret`, `client_secret`, `CLIENT-SECRET`, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a value under this name is a secret."""
    found = words(name)
    if not found or name in _REFERENCES or name.startswith("checksum"):
        return False
    # A dotted name, such as a Secret's key `hub.config.CryptKeeper.keys`, means its last part.
    last = found[-1]
    if last in _SPEAKS_OF:
        return False
    if last in ("key", "keys"):
        return len(found) > 1 and not _KEY_OF.isdisjoint(found[:-1])
    return last in _SECRET_ENDINGS or not _SECRET_WORDS.isdisjoint(found)


def path_is_secret(path: Sequence[str]) -> bool:
    """Whether the value at a path of names is a secret.

    A list's item stands in the path as its index, but the value of `{name: X_TOKEN, value: …}`
    under that name. What a secret mapping holds is secret, apart from names that only refer.
    """
    names = [name for name in path if not name.isdigit()]
    if not names or any(name.startswith("checksum") for name in names):
        return False
    last = names[-1]
    if is_secret(last) or (last in ("key", "keys") and _of_keys(names)):
        return True
    if last in _HARMLESS_INSIDE or (words(last) and words(last)[-1] in _SPEAKS_OF):
        return False
    inside = names[:-1]
    if last == "value" and inside and is_secret(inside[-1]):
        return True
    return any(is_secret(name) and name not in _REFERENCES for name in inside)


def _of_keys(names: Sequence[str]) -> bool:
    """CryptKeeper's `keys`: secret by the class that they belong to."""
    return len(names) > 1 and not {"crypt", "encryption", "ssh"}.isdisjoint(words(names[-2]))
