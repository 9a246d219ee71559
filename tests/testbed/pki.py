"""A certificate authority of the testbed's own, and what it signs."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=30)


_SIGNS = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """Signs servers and clients; lives in the testbed's folder as ca.crt and ca.key."""

    def __init__(self, folder: Path) -> None:
        """Loads the authority of a folder, or makes it."""
        self.folder = folder
        self.certificate_file = folder / "ca.crt"
        folder.mkdir(parents=True, exist_ok=True)
        key_file = folder / "ca.key"
        if not key_file.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = _name("testbed-ca")
            builder = (
                _builder(name, name, key.public_key(), key.public_key())
                .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                .add_extension(_SIGNS, critical=True)
            )
            _write(key_file, _pem(key))
            _write(self.certificate_file, _signed(builder, key))
        loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is an EC key")
        self._key = loaded
        self._subject = x509.load_pem_x509_certificate(self.certificate_file.read_bytes()).subject

    def server(self, name: str, hosts: tuple[str, ...]) -> tuple[Path, Path]:
        """Certificate and key files for a server that answers on these names and on loopback."""
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in ("localhost", *hosts)]
        names.append(x509.IPAddress(ip_address("127.0.0.1")))
        alternatives = x509.SubjectAlternativeName(names)
        return self._issue(name, _name(name), alternatives, Usage.SERVER_AUTH)

    def client(self, user: str, *groups: str) -> tuple[Path, Path]:
        """Certificate and key files by which the apiserver knows a user and the user's groups."""
        return self._issue(f"client-{user}", _name(user, *groups), None, Usage.CLIENT_AUTH)

    def _issue(
        self,
        stem: str,
        subject: x509.Name,
        names: x509.SubjectAlternativeName | None,
        usage: x509.ObjectIdentifier,
    ) -> tuple[Path, Path]:
        certificate, key_file = self.folder / f"{stem}.crt", self.folder / f"{stem}.key"
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(
            subject, self._subject, key.public_key(), self._key.public_key()
        ).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        _write(key_file, _pem(key))
        _write(certificate, _signed(builder, self._key))
        return certificate, key_file


def service_account_key(path: Path) -> Path:
    """The RSA key that signs and checks the tokens of service accounts."""
    if not path.exists():
        _write(path, _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    return path


def _name(common: str, *groups: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
        # Python 3.13 takes no certificate without these two.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
        )
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _write(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data)
