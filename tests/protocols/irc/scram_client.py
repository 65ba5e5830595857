"""SCRAM-SHA-256, the client's side."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac, sha256


def respond(password: str, first_bare: str, header: str, challenge: str) -> bytes:
    """What a client answers. RFC 5802, section 3."""
    fields = dict(part.split("=", 1) for part in challenge.split(","))
    without = f"c={b64encode(header.encode()).decode()},r={fields['r']}"
    made = pbkdf2_hmac("sha256", password.encode(), b64decode(fields["s"]), int(fields["i"]))
    key = hmac.digest(made, b"Client Key", "sha256")
    signature = hmac.digest(sha256(key).digest(), f"{first_bare},{challenge},{without}".encode(), "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
    return f"{without},p={b64encode(proof).decode()}".encode()
