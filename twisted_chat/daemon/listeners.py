"""Where to listen, as the command line says it: Twisted's endpoints, and one of ours, with TLS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint

if TYPE_CHECKING:
    from .tls import Certificates

USAGE = "tls:PORT:cert=FILE:key=FILE, and :clients=FILE, :interface=ADDRESS where wanted"


def listener(reactor: Any, description: str) -> tuple[IStreamServerEndpoint, Certificates | None]:
    """
    @param description: a Twisted endpoint, or L{USAGE}; a colon in a value has a backslash before it.
    @return: the endpoint, and the certificates if it is one of ours with TLS.
    @raise ValueError: it is no endpoint, or cannot be used; why, in one line.
    """
    if not description.startswith("tls:"):
        try:
            return serverFromString(reactor, description), None
        except Exception as error:
            raise ValueError(f"not an endpoint: {description}: {error}") from error
    port, values = _parse(description)
    from .tls import CertificateError, Certificates, TLSEndpoint  # noqa: PLC0415  # not without need: it takes a while

    interface = values.get("interface", "")
    try:
        certificates = Certificates(values["cert"], values["key"], values.get("clients"))
    except CertificateError as error:
        raise ValueError(f"cannot use the certificate: {error}") from error
    make = TCP6ServerEndpoint if ":" in interface else TCP4ServerEndpoint
    return TLSEndpoint(reactor, make(reactor, port, interface=interface), certificates), certificates


def _parse(description: str) -> tuple[int, dict[str, str]]:
    _, port, *parts = re.findall(r"(?:^|:)((?:[^:\\]|\\.)*)", description)
    values: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals or not value or name not in ("cert", "key", "clients", "interface") or name in values:
            raise ValueError(f"not an endpoint: {description}: {part or 'nothing'} is not in {USAGE}")
        values[name] = re.sub(r"\\(.)", r"\1", value)
    if not re.fullmatch("[0-9]{1,5}", port) or not {"cert", "key"} <= values.keys():
        raise ValueError(f"not an endpoint: {description}: should be {USAGE}")
    return int(port), values
