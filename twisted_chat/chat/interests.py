"""What each connection wants to be told of, found from both sides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .acts import Session


class Interests:
    """Pairs of a connection and something, by its key. A connection's end with it: L{forget}."""

    def __init__(self) -> None:
        self._of: dict[Session, dict[str, str]] = {}
        self._sessions: dict[str, dict[Session, None]] = {}

    def put(self, session: Session, key: str, shown: str) -> None:
        """
        @param shown: how the connection wrote the key.
        """
        self._of.setdefault(session, {})[key] = shown
        self._sessions.setdefault(key, {})[session] = None

    def remove(self, session: Session, key: str) -> None:
        """One less, if it was one."""
        known = self._of.get(session)
        if known is None or known.pop(key, None) is None:
            return
        if not known:
            del self._of[session]
        sessions = self._sessions[key]
        del sessions[session]
        if not sessions:
            del self._sessions[key]

    def forget(self, session: Session) -> None:
        """The connection is gone, or somebody else's now, or nobody's."""
        for key in list(self.of(session)):
            self.remove(session, key)

    def of(self, session: Session) -> Mapping[str, str]:
        """What a connection wants to be told of: the keys, and how it wrote them."""
        return self._of.get(session, {})

    def sessions(self, key: str) -> Iterable[Session]:
        """Who wants to be told of something."""
        return self._sessions.get(key, ())

    def __bool__(self) -> bool:
        return bool(self._of)
