"""Checking passwords: Argon2id in threads, and whatever else the operator plugs in."""

from __future__ import annotations

import heapq
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from ..chat import scram
from ..chat.accounts import Secret
from ..chat.addresses import network
from ..chat.errors import Refused
from ..chat.names import Name
from .throttle import Throttle

# RFC 9106's parameters for little memory, as OWASP recommends them: about 20 ms.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
THREADS = max(1, (os.cpu_count() or 1) - 1)
MOST_WAITING = 1000
# How many new passwords one address may set in how many seconds.
MOST_HASHING = 5
HASHING_PAUSE = 10.0
# The priority of what everyone who logs in goes before.
LAST = 1 << 30
# How many of those who wait are sent away in one turn, when there is nothing left to check for them.
REFUSED_A_TURN = 20
# How long those wait for their answer who try too often, in seconds: else they would only try faster.
PENALTY = 1.0
CROWDED = Refused("slow-down", "Too many people are logging in: try again in a minute.")


class Passwords:
    """An L{accounts.Authenticator}.

    Passwords are hashed in threads, one processor being left to the reactor. Of those that wait, the ones go first
    whose address and account have failed least, and of whose address fewest wait; among equals the last to come, who
    may be the only one that does not guess.
    """

    log = Logger()

    def __init__(self, reactor: Any, checkers: Sequence[ICredentialsChecker] = (), threads: int = THREADS) -> None:
        """
        @param checkers: outside authentication: asked in order for names without a password here.
        @param threads: how many passwords are hashed at once.
        """
        self._reactor = reactor
        self._checkers = checkers
        self._throttle = Throttle()
        self._pool = ThreadPool(0, threads, "passwords")
        self._free = threads
        self._waiting: list[tuple[int, int, Callable[[], Deferred[None]]]] = []
        self._waiting_of: Counter[str] = Counter()
        self._hashed: dict[str, list[float]] = {}
        self._order = count()
        self._working = False
        self._nobody = _random_hash()

    @property
    def outside(self) -> bool:
        """The chat's."""
        return bool(self._checkers)

    @property
    def waiting(self) -> int:
        """How many passwords wait to be checked or hashed."""
        return len(self._waiting)

    def start(self) -> None:
        """Begin. The reactor runs, or is about to."""
        self._pool.start()

    def stop(self) -> None:
        """End the threads; what is under way is waited for."""
        self._pool.stop()

    def hash(self, address: str, password: str, done: Callable[[Secret | Refused], None]) -> None:
        """The chat's."""
        source, now = network(address), self._reactor.seconds()
        if len(self._hashed) > MOST_WAITING:
            self._hashed = {one: times for one, times in self._hashed.items() if times[-1] > now - HASHING_PAUSE}
        recent = [time for time in self._hashed.get(source, ()) if time > now - HASHING_PAUSE]
        if len(recent) >= MOST_HASHING or len(self._waiting) >= MOST_WAITING:
            self._reactor.callLater(PENALTY, done, CROWDED)
            return
        self._hashed[source] = [*recent, now]
        # Behind everyone who logs in: it costs as much as a guess.
        self._enqueue(LAST, lambda: self._hash(password, done))

    def complete(self, hashed: str, password: str, done: Callable[[Secret], None]) -> None:
        """The chat's."""

        def failed(failure: Any) -> None:
            self.log.failure("a verifier could not be made", failure)

        def job() -> Deferred[None]:
            return self._in_thread(_verifier, password).addCallback(made).addErrback(failed)

        def made(verifier: str) -> None:
            done(Secret(hashed, verifier))

        if len(self._waiting) < MOST_WAITING:
            self._enqueue(LAST, job)

    def attempt(
        self, address: str, name: Name, right: Callable[[], bool], done: Callable[[bool | Refused], None]
    ) -> None:
        """The chat's."""
        if self._throttle.wait(address, name.key, self._reactor.seconds()) > 0:
            self._put_off(address, name, done)
        else:
            self._reactor.callLater(0, self._attempted, address, name, right, done)

    def _attempted(
        self, address: str, name: Name, right: Callable[[], bool], done: Callable[[bool | Refused], None]
    ) -> None:
        done(self._count(address, name, right()))

    def random(self, size: int) -> bytes:
        """The chat's."""
        return os.urandom(size)

    def check(
        self, address: str, name: Name, hashed: str, password: str, done: Callable[[bool | Refused], None]
    ) -> None:
        """The chat's."""
        now = self._reactor.seconds()
        if self._throttle.wait(address, name.key, now) > 0:
            self._put_off(address, name, done)
            return
        source = network(address)
        priority = self._throttle.suspicion(address, name.key, now) + self._waiting_of[source]
        if len(self._waiting) >= MOST_WAITING and priority > 0:
            self._reactor.callLater(PENALTY, done, CROWDED)
            return
        self._waiting_of[source] += 1

        def job() -> Deferred[None]:
            self._waiting_of[source] -= 1
            if not self._waiting_of[source]:
                del self._waiting_of[source]
            return self._check(address, name, hashed, password, done)

        self._enqueue(priority, job)

    def _put_off(self, address: str, name: Name, done: Callable[[bool | Refused], None]) -> None:
        def tell() -> None:
            wait = self._throttle.wait(address, name.key, self._reactor.seconds())
            done(Refused("slow-down", f"Too many wrong passwords: try again in {wait + 1:.0f} s."))

        self._reactor.callLater(PENALTY, tell)

    def _enqueue(self, priority: int, job: Callable[[], Deferred[None]]) -> None:
        heapq.heappush(self._waiting, (priority, -next(self._order), job))
        self._work()

    def _work(self) -> None:
        """Begin as many jobs as there are free threads. A job that ends at once does not begin the next: that would be
        a recursion, as deep as many wait."""
        if self._working:
            return
        self._working = True
        for _ in range(REFUSED_A_TURN):
            if not self._free or not self._waiting:
                break
            _, _, job = heapq.heappop(self._waiting)
            self._free -= 1
            job().addErrback(self._defect).addBoth(self._finished)
        self._working = False
        if self._free and self._waiting:
            self._reactor.callLater(0, self._work)

    def _defect(self, failure: Any) -> None:
        self.log.failure("checking a password failed: a defect, please report it", failure)

    def _finished(self, _: object) -> None:
        self._free += 1
        self._work()

    def _in_thread(self, function: Callable[..., Any], *args: Any) -> Deferred[Any]:
        return deferToThreadPool(self._reactor, self._pool, function, *args)

    def _hash(self, password: str, done: Callable[[Secret | Refused], None]) -> Deferred[None]:
        def failed(failure: Any) -> Refused:
            self.log.failure("a password could not be hashed", failure)
            return CROWDED

        return self._in_thread(make_secret, password).addErrback(failed).addCallback(done)

    def _check(
        self, address: str, name: Name, hashed: str, password: str, done: Callable[[bool | Refused], None]
    ) -> Deferred[None]:
        return ensureDeferred(self._decide(address, name, hashed, password, done))

    async def _decide(
        self, address: str, name: Name, hashed: str, password: str, done: Callable[[bool | Refused], None]
    ) -> None:
        # Of those that waited together, the first failures count for the others.
        if self._throttle.wait(address, name.key, self._reactor.seconds()) > 0:
            self._put_off(address, name, done)
            return
        try:
            right = await self._in_thread(_verify, hashed or self._nobody, password) and bool(hashed)
            if not hashed:
                right = await self._ask_outside(name, password)
        except Exception:
            self.log.failure("a password could not be checked")
            done(CROWDED)
            return
        done(self._count(address, name, right))

    def _count(self, address: str, name: Name, right: bool) -> bool:
        if right:
            self._throttle.succeeded(address, name.key)
        else:
            self._throttle.failed(address, name.key, self._reactor.seconds())
        return right

    async def _ask_outside(self, name: Name, password: str) -> bool:
        credentials = UsernamePassword(name.shown.encode(), password.encode())
        for checker in self._checkers:
            try:
                await checker.requestAvatarId(credentials)
            except UnauthorizedLogin:
                continue
            except Exception:
                self.log.failure("outside authentication failed")
                continue
            return True
        return False


def make_secret(password: str) -> Secret:
    """What is stored of a password. Takes its time."""
    return Secret(HASHER.hash(password), _verifier(password))


def _verifier(password: str) -> str:
    return scram.make(password, os.urandom(scram.SALT_LEN)).record()


def _random_hash() -> str:
    """What a password is compared with when there is no account, so that this takes as long: as C{HASHER} writes them,
    and of no password."""
    settings = f"m={HASHER.memory_cost},t={HASHER.time_cost},p={HASHER.parallelism}"
    salt, digest = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (HASHER.salt_len, HASHER.hash_len))
    return f"$argon2id$v={ARGON2_VERSION}${settings}${salt}${digest}"


def _verify(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False
