"""What can change while the daemon runs: certificates, the message of the day, limits. Nobody is dropped for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from ..chat.chat import Chat
from .options import Options

if TYPE_CHECKING:
    from .tls import Certificates

# How often certificates are looked at, and how long before their end the log begins to warn, in seconds.
LOOK_EVERY = 5.0
WARN_BEFORE = 7 * 86400
WARN_EVERY = 86400


class Reload:
    """Reads files again: all of them when it is asked to, and certificates when they have changed."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        options: Options,
        chat: Chat,
        certificates: Sequence[Certificates],
        settings: Mapping[str, Callable[[Any], object]],
    ) -> None:
        """
        @param certificates: of all listeners.
        @param settings: for each option that can change while the daemon runs, what makes a new value hold; it raises
            C{ValueError} for one that cannot be.
        """
        self._reactor = reactor
        self._options = options
        self._chat = chat
        self._certificates = certificates
        self._settings = settings
        self._warned = 0.0
        self._loop = LoopingCall(self._look)
        self._loop.clock = reactor

    def start(self) -> None:
        if self._certificates:
            self._loop.start(LOOK_EVERY)

    def stop(self) -> None:
        if self._loop.running:
            self._loop.stop()

    def reload(self) -> list[str]:
        """Read everything again. What is wrong changes nothing.

        @return: what has changed, what could not, and why: sentences for the operator. They are in the log too.
        """
        told = [*self._reload_settings(), *self._reload_motd()]
        for certificates in self._certificates:
            told.append(self._reload_certificates(certificates))
        for line in told:
            self.log.info("reload: {line}", line=line)
        return told

    def _reload_settings(self) -> list[str]:
        try:
            changed = self._options.reread()
        except ValueError as error:
            return [f"{error}; no option is changed"]
        told = []
        for name, value in changed.items():
            setting = self._settings.get(name)
            if setting is None:
                told.append(f"{name} changes at the next start")
                continue
            try:
                setting(value)
            except ValueError as error:
                told.append(f"{error}; it stays as it was")
            else:
                self._options[name] = value
                told.append(f"{name} is changed")
        return told

    def _reload_motd(self) -> list[str]:
        try:
            motd = self._options.read_motd()
        except ValueError as error:
            return [f"{error}; it stays as it was"]
        if motd == self._chat.motd:
            return []
        self._chat.motd = motd
        return ["the message of the day is changed"]

    def _reload_certificates(self, certificates: Certificates) -> str:
        try:
            certificates.reload(self._chat.now())
        except Exception as error:  # a CertificateError, or what OpenSSL says of files that nobody has thought of
            return f"{error}; the old certificate stays in use"
        return f"{certificates.path} is loaded"

    def _look(self) -> None:
        """Called now and then. Never raises: the loop would end."""
        try:
            for certificates in self._certificates:
                if certificates.changed():
                    self.log.info("certificates have changed: {line}", line=self._reload_certificates(certificates))
            self._warn()
        except Exception:
            self.log.failure("looking at certificates failed: a defect, please report it")

    def _warn(self) -> None:
        now = self._chat.now()
        if now - self._warned < WARN_EVERY:
            return
        for certificates in self._certificates:
            if certificates.expires - now < WARN_BEFORE:
                self._warned = now
                days = (certificates.expires - now) / 86400
                self.log.warn("{path} expires in {days:.1f} days", path=certificates.path, days=days)
