"""Certificates for tests, made in a moment."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Made(NamedTuple):
    """A certificate and its key, and the files with them."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    cert_file: Path
    key_file: Path

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()


def make(folder: Path, name: str, issuer: Made | None = None, ca: bool = False, days: int = 30) -> Made:
    """Make a certificate for C{localhost} and this machine's address, and write C{NAME.pem} and C{NAME.key}.

    @param issuer: who signs it; itself, when left out.
    @param days: how long it is good; it has expired when that is negative.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=100))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(here, critical=False)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    made = Made(certificate, key, folder / f"{name}.pem", folder / f"{name}.key")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # As programs that renew certificates do it: never half a file.
    for path, data in ((made.key_file, pem), (made.cert_file, certificate.public_bytes(Encoding.PEM))):
        new = path.with_name(path.name + ".new")
        new.write_bytes(data)
        new.replace(path)
    return made


def client_context(shown: Made | None = None) -> ssl.SSLContext:
    """How a client connects that does not ask whom it talks to.

    @param shown: the certificate that it shows.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if shown is not None:
        context.load_cert_chain(shown.cert_file, shown.key_file)
    return context
