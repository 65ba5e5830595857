"""Is the connection alive, and how fast is it? Pure: the time is passed in."""

from __future__ import annotations

#: Seconds of silence after which the server is asked for a sign of life, and after which the connection counts as
#: dead. With a look every few seconds, a dead link is noticed within a minute.
SILENT = 15.0
DEAD = 40.0

_TOKEN = "keep-alive-"


class KeepAlive:
    """
    One connection's pings.

    @ivar lag: seconds that the server took to answer the last one, None when none was answered.
    """

    def __init__(self) -> None:
        self.lag: float | None = None
        self._sent: dict[str, float] = {}
        self._count = 0

    def due(self, now: float, heard: float) -> str:
        """
        @param now: the time, in seconds.
        @param heard: when something last came from the server.
        @return: a token to ping with, or an empty string when it is not time for one.
        """
        last = max(self._sent.values(), default=None)
        if last is not None and now - max(heard, last) < SILENT:
            return ""
        self._count += 1
        token = f"{_TOKEN}{self._count}"
        self._sent[token] = now
        return token

    def answered(self, token: str, now: float) -> bool:
        """
        @param token: came back.
        @return: whether it was one of ours.
        """
        sent = self._sent.get(token)
        if sent is None:
            return False
        self.lag = now - sent
        # Kept as the time of the last ping; those before it are of no more use.
        self._sent = {token: sent}
        return True

    @staticmethod
    def dead(now: float, heard: float) -> bool:
        """
        @return: whether the server has been silent for so long that the connection must be dead.
        """
        return now - heard > DEAD
