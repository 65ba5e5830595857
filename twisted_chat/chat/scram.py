"""SCRAM-SHA-256, the server's side: proving to know a password without sending it. RFC 5802 and RFC 7677.

What is stored lets nobody log in, but passwords can be tried against it. So that must be slow: see L{ITERATIONS}.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from hashlib import pbkdf2_hmac, sha256
from typing import NamedTuple
from unicodedata import normalize

# RFC 7677 asks for at least 4096. A graphics card does that millions of times a second: whoever has stolen the database
# would try passwords here, and not against the Argon2id hash beside it. OWASP's number for PBKDF2-HMAC-SHA256 is nearer
# to that. It costs some 0.2 s: a client at every login, us once for every new password.
ITERATIONS = 600_000
SALT_LEN = 16
_METHOD = "SCRAM-SHA-256"


class Verifier(NamedTuple):
    """What is stored of a password. RFC 5802, section 3."""

    iterations: int
    salt: bytes
    stored_key: bytes
    server_key: bytes

    def record(self) -> str:
        """As it is kept, in the form of RFC 5803."""
        parts = (b64encode(part).decode() for part in (self.salt, self.stored_key, self.server_key))
        salt, stored, server = parts
        return f"{_METHOD}${self.iterations}:{salt}${stored}:{server}"


def from_record(text: str) -> Verifier | None:
    """What was kept; C{None} where nothing was."""
    if not text:
        return None
    _, head, keys = text.split("$")
    iterations, _, salt = head.partition(":")
    stored, _, server = keys.partition(":")
    return Verifier(int(iterations), b64decode(salt), b64decode(stored), b64decode(server))


def make(password: str, salt: bytes, iterations: int = ITERATIONS) -> Verifier:
    """What is to be stored of a password. Takes its time: not for the reactor's thread.

    @param salt: random, of L{SALT_LEN} bytes.
    """
    salted = pbkdf2_hmac("sha256", prepare(password), salt, iterations)
    return Verifier(iterations, salt, sha256(_hmac(salted, b"Client Key")).digest(), _hmac(salted, b"Server Key"))


def prepare(password: str) -> bytes:
    """A password as clients prepare it. Of SASLprep (RFC 4013) this is what changes passwords that people have: the
    normal form KC; what it forbids nobody has typed."""
    return normalize("NFKC", password).encode()


def pretend(secret: bytes, key: str) -> Verifier:
    """A verifier for a name that has none, always the same, so that names with and without one look alike. No password
    is right.

    @param secret: known to the server only.
    @param key: of the name.
    """
    salt, stored, server = (_hmac(secret, f"{what} {key}".encode()) for what in ("salt", "stored", "server"))
    return Verifier(ITERATIONS, salt[:SALT_LEN], stored, server)


class First(NamedTuple):
    """The client's first message. RFC 5802, section 7.

    @ivar header: what it says of channel binding.
    @ivar bare: the rest.
    @ivar authzid: as whom it wants to be logged in; empty for the same.
    """

    header: str
    bare: str
    authzid: str
    username: str
    nonce: str


def read_first(data: bytes) -> First:
    """
    @raise ValueError: it is none, or it asks for what there is not (channel binding, extensions).
    """
    text = data.decode()
    binding, authzid, bare = text.split(",", 2)
    name, nonce = bare.split(",", 2)[:2]
    if binding not in ("n", "y") or authzid[:2] not in ("", "a=") or name[:2] != "n=" or nonce[:2] != "r=":
        raise ValueError("not SCRAM")
    if not nonce[2:].isprintable() or not 1 <= len(nonce[2:]) <= 128:
        raise ValueError("not a nonce")
    return First(f"{binding},{authzid},", bare, _unescape(authzid[2:]), _unescape(name[2:]), nonce[2:])


class Dialogue:
    """What follows the client's first message.

    @ivar challenge: the server's first message.
    """

    def __init__(self, first: First, nonce: bytes, verifier: Verifier) -> None:
        """
        @param nonce: random.
        """
        self._first = first
        self._verifier = verifier
        self._nonce = first.nonce + b64encode(nonce).decode()
        self.challenge = f"r={self._nonce},s={b64encode(verifier.salt).decode()},i={verifier.iterations}"

    def check(self, data: bytes) -> bytes | None:
        """
        @param data: the client's last message.
        @return: the server's; C{None}: the client does not know the password.
        """
        try:
            text = data.decode()
            without, _, proof64 = text.rpartition(",p=")
            binding, nonce = without.split(",", 2)[:2]
            proof = b64decode(proof64, validate=True)
        except (ValueError, Base64Error):
            return None
        wanted = "c=" + b64encode(self._first.header.encode()).decode()
        if binding != wanted or nonce != f"r={self._nonce}" or len(proof) != sha256().digest_size:
            return None
        said = f"{self._first.bare},{self.challenge},{without}".encode()
        signature = _hmac(self._verifier.stored_key, said)
        key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        if not hmac.compare_digest(sha256(key).digest(), self._verifier.stored_key):
            return None
        return b"v=" + b64encode(_hmac(self._verifier.server_key, said))


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _unescape(name: str) -> str:
    """RFC 5802, section 5.1, on "n"."""
    return name.replace("=2C", ",").replace("=3D", "=")
