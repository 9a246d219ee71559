"""Where a web request goes: scheme, host and port."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_LOGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """The part of a URL that says who answers (RFC 6454)."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine."""
        return is_loopback(self.host)

    @property
    def safe(self) -> bool:
        """Whether nobody on the way can read or change what is said."""
        return self.scheme == "https" or self.loopback


def origin_of(url: str) -> Origin:
    """The origin of an absolute URL. Raises ValueError, in words, without the URL's password."""
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _PORTS or not host:
        raise ValueError("it is no https:// address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address holds no user name and no password")
    return Origin(scheme, host, parts.port or _PORTS[scheme])


def holds_login(address: str) -> bool:
    """Whether an address of any scheme names a user or a password, as `oci://me:it@host/chart`."""
    return _LOGIN.match(address) is not None


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's (RFC 6761 for `localhost`)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
