"""A Prometheus at its address: what stands between is ours, Prometheus is the real one."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from hubtui.clients import prometheus as prometheus_client
from hubtui.clients.prometheus_answers import QueryError, RefusedError
from hubtui.errors import (
    ApiError,
    ConfigError,
    DecodeError,
    DeniedError,
    ReadOnlyError,
    UnreachableError,
)
from hubtui.services.prometheus import VARIABLE
from tests.cluster.readers import link_of
from tests.testbed import Testbed
from tests.testbed import prometheus as started
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.pki import Authority
from tests.testbed.prometheus import Prometheus
from tests.testbed.site import free_port

PASSWORD = "of-the-tests"
HASHED = "$2b$04$A0g1iQN4d9C74hypycTy.eyYoq75xsibRZWbOt4n84sF0rrejNR1u"


async def test_an_authority_of_ones_own_is_trusted_when_it_is_named(
    testbed: Testbed, between: FaultProxy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, "a-token")
    async with link_of(testbed.kubeconfig, between.url) as link:
        with pytest.raises(UnreachableError, match="a certificate that is not trusted"):
            await link.open()
    async with link_of(testbed.kubeconfig, between.url, ca_file=str(between.ca_file)) as link:
        assert (await (await link.open()).query("vector(3)"))[0].value == 3.0
        assert link.where == f"Prometheus at {between.url}"
    async with link_of(testbed.kubeconfig, between.url, ca_file=str(tmp_path / "no")) as link:
        with pytest.raises(ConfigError, match=r"certificates of .*/no cannot be read"):
            await link.open()


async def test_one_that_wants_a_certificate_is_shown_it(testbed: Testbed, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    certificate, key = authority.client("hubtui")
    locked = tmp_path / "locked.key"
    locked.write_bytes(_with_password(key))
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    trusted = {"ca_file": str(authority.certificate_file)}
    ways = [
        {"certificate_file": str(certificate), "key_file": str(key)},
        {"certificate_file": str(both)},
    ]
    wrong = [{"key_file": str(locked)}, {"key_file": str(tmp_path / "no")}, {}]
    with guarded(tmp_path, authority) as url:
        async with link_of(testbed.kubeconfig, url, **trusted) as link:
            with pytest.raises(UnreachableError, match="wants a certificate of ours"):
                await link.open()
        for way in ways:
            async with link_of(testbed.kubeconfig, url, **trusted, **way) as link:
                assert (await (await link.open()).query("vector(3)"))[0].value == 3.0
        for way in wrong:
            given = {**trusted, "certificate_file": str(certificate), **way}
            async with link_of(testbed.kubeconfig, url, **given) as link:
                with pytest.raises(ConfigError, match=r"hubtui\.crt.* cannot be used"):
                    await link.open()


def _with_password(key: Path) -> bytes:
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    return loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(PASSWORD.encode()),
    )


async def test_a_token_is_not_sent_in_the_clear(
    testbed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "a-token")
    async with link_of(testbed.kubeconfig, "http://prometheus.example.org") as link:
        with pytest.raises(ReadOnlyError, match="in the clear"):
            await link.open()


async def test_a_password_is_asked_for_and_taken_anew_when_it_changes(
    testbed: Testbed, prometheus: Prometheus, tmp_path: Path
) -> None:
    with guarded(tmp_path) as url:
        file = tmp_path / "password"
        file.write_text("another")
        given = {"username": "hubtui", "token_file": str(file)}
        async with link_of(testbed.kubeconfig, url, **given) as link:
            with pytest.raises(RefusedError, match="does not accept the credentials") as refused:
                await link.open()
            assert "metrics.token_file" in refused.value.remedy
            assert "another" not in str(refused.value)
            file.write_text(PASSWORD)
            link.retry()
            assert await (await link.open()).query("vector(1)")
        async with link_of(testbed.kubeconfig, url, username="hubtui") as link:
            with pytest.raises(ConfigError, match=r"no password for metrics\.username hubtui"):
                await link.open()
        async with link_of(testbed.kubeconfig, url) as link:
            with pytest.raises(RefusedError):
                await link.open()


@contextmanager
def guarded(folder: Path, authority: Authority | None = None) -> Iterator[str]:
    """A real Prometheus that wants a password, or a certificate of an authority."""
    web = folder / "web.yml"
    scheme, wants = "http", f"basic_auth_users: {{hubtui: {HASHED}}}"
    if authority is not None:
        certificate, key = authority.server("prometheus", ())
        own = {"cert_file": str(certificate), "key_file": str(key)}
        own |= {"client_auth_type": "RequireAndVerifyClientCert"}
        own |= {"client_ca_file": str(authority.certificate_file)}
        scheme, wants = "https", json.dumps({"tls_server_config": own})
    web.write_text(wants)
    port = free_port()
    part = started.part(folder, port)
    wanted = replace(part, argv=(*part.argv, f"--web.config.file={web}"))
    with started.running(wanted, lambda: _listens(port)):
        yield f"{scheme}://127.0.0.1:{port}"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_a_slow_one_blocks_nothing_and_is_asked_again_after_a_rest(
    testbed: Testbed, between: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with link_of(testbed.kubeconfig, between.url, ca_file=str(between.ca_file)) as link:
        client = await link.open()
        slow = between.hang(Match(r"/query$"))
        monkeypatch.setattr(prometheus_client, "TIMEOUT", 0.2)
        with pytest.raises(UnreachableError, match=r"does not answer within 0\.2 s"):
            await client.query("up")
        slow.clear()
        monkeypatch.undo()
        sent = len(between.requests)
        with pytest.raises(UnreachableError):
            await client.query("up")
        assert (len(between.requests), "within 0.2 s" in link.missing) == (sent, True)
        assert await link.open() is client
        link.retry()
        assert await (await link.open()).query("vector(1)")
        assert link.missing == ""


async def test_one_that_is_down_is_told_and_comes_back(testbed: Testbed, tmp_path: Path) -> None:
    own = Prometheus(tmp_path, free_port())
    part = started.part(tmp_path, own.port)
    async with link_of(testbed.kubeconfig, own.url) as link:
        with started.running(part, own.ready):
            client = await link.open()
        with pytest.raises(UnreachableError, match=f"{own.url} does not answer"):
            await client.query("up")
        assert "does not answer" in link.missing
        link.retry()
        with pytest.raises(UnreachableError):
            await link.open()
        with started.running(part, own.ready):
            with pytest.raises(UnreachableError):
                await link.open()  # that it was down is remembered
            link.retry()
            assert await (await link.open()).query("vector(1)")


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("rate(up)", 400, "1:6: parse error: expected type range vector"),
        ('label_replace(vector(1), "no-label", "", "", "")', 422, "invalid destination label"),
    ],
)
async def test_what_prometheus_says_of_a_query_is_told(
    testbed: Testbed, prometheus: Prometheus, query: str, status: int, words: str
) -> None:
    async with link_of(testbed.kubeconfig) as link:
        with pytest.raises(QueryError, match=words) as refused:
            await (await link.open()).query(query)
        assert refused.value.status == status


PAGE = b"<!DOCTYPE html><title>Log in</title>"


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (200, PAGE, DecodeError, "answers with a page of HTML"),
        (200, b" " * (50 << 20), DecodeError, "more than 16,777,216 bytes"),
        (302, PAGE, ApiError, "perhaps to a login"),
        (403, PAGE, DeniedError, "does not let these credentials ask"),
        (502, PAGE, UnreachableError, "is not up: HTTP 502"),
    ],
    ids=["page", "50 MB", "redirect", "forbidden", "gateway"],
)
async def test_what_stands_before_it_is_told_from_prometheus(
    testbed: Testbed,
    between: FaultProxy,
    status: int,
    body: bytes,
    error: type[Exception],
    words: str,
) -> None:
    async with link_of(testbed.kubeconfig, between.url, ca_file=str(between.ca_file)) as link:
        client = await link.open()
        between.answer(Match(r"/query$"), status, body=body, headers={"Location": "/login"})
        with pytest.raises(error, match=words):
            await client.query("up")


@pytest.mark.parametrize("broken_json", [True, False], ids=["ends too early", "connection breaks"])
async def test_an_answer_that_is_cut_is_none(
    testbed: Testbed, between: FaultProxy, broken_json: bool
) -> None:
    async with link_of(testbed.kubeconfig, between.url, ca_file=str(between.ca_file)) as link:
        client = await link.open()
        between.truncate_list(Match(r"/query$"), broken_json=broken_json)
        with pytest.raises((DecodeError, UnreachableError)):
            await client.query('label_replace(vector(1), "a", "b", "", "")')
