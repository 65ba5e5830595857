"""Options, and the daemon put together: from nothing opened to everything closed."""

from __future__ import annotations

import io
import os
import resource
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import twisted.internet
from chat_support import World
from twisted.internet import reactor, task
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase, TestCase

from twisted_chat import tap
from twisted_chat.daemon import options as command_line
from twisted_chat.daemon import service as daemon
from twisted_chat.protocols.irc.connection import IRCFactory
from twisted_chat.protocols.line import ChatFactory
from twisted_chat.store.memory import MemoryStore
from twisted_chat.store.sqlite import SQLiteStore

timed: Any = reactor
LIMITS = {
    "max-connections": 0,
    "max-per-address": 100,
    "max-new": 120,
    "login-timeout": 60,
    "ping": 120,
    "flood": "30/10",
    "max-rooms": 100,
    "send-queue": 1 << 20,
    "trusted": "127.0.0.0/8,::1",
    "proxy-from": "",
    "webirc": [],
}


class OptionTests(SynchronousTestCase):
    def parse(self, *arguments: str) -> tap.Options:
        options = tap.Options()
        options.parseOptions(list(arguments))
        return options

    def test_defaults(self) -> None:
        options = self.parse()
        self.assertEqual(
            dict(options),
            {
                "line": [],
                "irc": [],
                "database": "chat.sqlite",
                "sync": "commit",
                "motd": None,
                "name": "chat",
                "keep": None,
                "guests": "yes",
                "registration": "yes",
                **LIMITS,
                "shortest-password": 8,
                "config": None,
                "metrics": None,
                "log-format": "text",
            },
        )
        self.assertEqual(command_line.DEFAULT_LINE, "tcp:9009:interface=127.0.0.1")
        self.assertEqual(command_line.DEFAULT_IRC, "tcp:6667:interface=127.0.0.1")

    def test_every_option_in_its_long_and_short_form(self) -> None:
        options = self.parse(
            "--line", "tcp:1", "-l", "unix:/tmp/x", "--database", "d", "--motd", "m", "--name", "n",
            "--send-queue", "99", "--keep", "90d", "--guests", "no", "--irc", "tcp:2", "--sync", "second",
            "--registration", "no",
        )  # fmt: skip
        self.assertEqual(
            dict(options),
            {
                "line": ["tcp:1", "unix:/tmp/x"],
                "irc": ["tcp:2"],
                "database": "d",
                "sync": "second",
                "motd": "m",
                "name": "n",
                "keep": "90d",
                "guests": "no",
                "registration": "no",
                **LIMITS,
                "send-queue": 99,
                "shortest-password": 8,
                "config": None,
                "metrics": None,
                "log-format": "text",
            },
        )
        self.assertEqual(self.parse("-d", "x", "-m", "y")["database"], "x")

    def test_one_use_leaves_nothing_for_the_next(self) -> None:
        self.parse("--line", "tcp:1")
        self.assertEqual(self.parse()["line"], [])

    def test_what_is_no_option_or_number_is_refused(self) -> None:
        for arguments in (["--port", "9"], ["extra"], ["--send-queue", "much"], ["--database"], ["--sync", "no"]):
            self.assertRaises(UsageError, self.parse, *arguments)

    def test_help_names_every_option(self) -> None:
        text = str(tap.Options())
        for name in (
            "--line",
            "--database",
            "--motd",
            "--name",
            "--send-queue",
            "--sync",
            "tcp:9009:interface=127.0.0.1",
        ):
            self.assertIn(name, text)
        self.assertNotRegex(text, r"\w {3,}\w+ times")

    def test_version_is_that_of_the_chat(self) -> None:
        out = io.StringIO()
        self.patch(sys, "stdout", out)
        self.assertRaises(SystemExit, self.parse, "--version")
        self.assertTrue(out.getvalue().startswith("twisted-chat "))


class TapCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twisted-chat-test-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.errors = io.StringIO()
        self.patch(sys, "__stderr__", self.errors)
        self.patch(daemon.signal, "signal", lambda *arguments: None)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)

    def make(self, **options: Any) -> daemon.ChatService:
        parsed = tap.Options()
        parsed.parseOptions([])
        parsed.update({"database": str(self.folder / "chat.sqlite"), **options})
        return tap.makeService(parsed)

    def fails(self, function: Any, *arguments: Any, **options: Any) -> str:
        """The one line with which the program ends, with status 1."""
        error = self.assertRaises(SystemExit, function, *arguments, **options)
        line = str(error.code)
        self.assertTrue(line.startswith("twisted-chat: "), line)
        self.assertNotIn("\n", line)
        self.assertIn(self.errors.getvalue(), ("", line + "\n"))
        return line


class MakeTests(TapCase):
    def test_nothing_is_opened_yet(self) -> None:
        before = set(timed.getReaders()), timed.getDelayedCalls()
        service = self.make(line=[f"unix:{self.folder}/socket"])
        self.assertEqual((set(timed.getReaders()), timed.getDelayedCalls()), before)
        self.assertEqual(os.listdir(self.folder), [])
        self.assertFalse(service.running)

    def test_without_a_line_it_will_listen_on_this_machine_only(self) -> None:
        for description, _, _ in self.make()._listeners:
            self.assertTrue(description.endswith(":interface=127.0.0.1"), description)

    def test_what_speaks_which_protocol(self) -> None:
        def kinds(**options: Any) -> list[tuple[str, type]]:
            return [(where, type(factory)) for where, _, factory in self.make(**options)._listeners]

        line, irc = ("tcp:9009:interface=127.0.0.1", ChatFactory), ("tcp:6667:interface=127.0.0.1", IRCFactory)
        self.assertEqual(kinds(), [line, irc])
        self.assertEqual(kinds(irc=["tcp:1"]), [("tcp:1", IRCFactory)])
        self.assertEqual(kinds(line=["tcp:2"], irc=["tcp:1"]), [("tcp:2", ChatFactory), ("tcp:1", IRCFactory)])

    def test_every_line_is_an_entrance_to_the_same_chat(self) -> None:
        listeners = self.make(line=["tcp:9009", "unix:/tmp/x"])._listeners
        self.assertEqual([description for description, _, _ in listeners], ["tcp:9009", "unix:/tmp/x"])
        self.assertIs(listeners[0][2].chat, listeners[1][2].chat)

    def test_the_options_arrive_where_they_are_needed(self) -> None:
        service = self.make(**{"send-queue": 77, "name": "our\x1bchat"})
        for _, _, factory in service._listeners:
            self.assertEqual((factory.gate.limits.send_queue, factory.chat.server), (77, "our\ufffdchat"))
        self.assertIsInstance(service._store, SQLiteStore)
        self.assertIsInstance(self.make(database=":memory:")._store, MemoryStore)

    def test_time_is_counted_from_1970(self) -> None:
        self.assertGreater(self.make()._chat.now(), 1_700_000_000)

    def test_the_message_of_the_day_is_cleaned_line_by_line(self) -> None:
        path = self.folder / "motd"
        path.write_bytes(b"Be kind.\r\n\tHave \x1b[31mfun.\n\n")
        self.assertEqual(self.make(motd=str(path))._chat.motd, "Be kind.\n Have \ufffd[31mfun.")

    def test_a_message_of_the_day_that_cannot_be_read_ends_the_program(self) -> None:
        path = self.folder / "none"
        self.assertEqual(
            self.fails(self.make, motd=str(path)),
            f"twisted-chat: cannot read the message of the day: {path}: No such file or directory",
        )
        self.errors.truncate(0), self.errors.seek(0)
        path.write_bytes(b"caf\xe9")
        self.assertIn("cannot read the message of the day", self.fails(self.make, motd=str(path)))

    def test_what_is_no_endpoint_ends_the_program(self) -> None:
        for description in ("nonsense", "", "tcp", "tcp:x", "nosuchtype:1", "unix", "tcp:1:2:3:4:5:6"):
            self.assertIn(f"not an endpoint: {description}", self.fails(self.make, line=[description]))
            self.errors.truncate(0), self.errors.seek(0)


class StartTests(TapCase):
    """With a reactor that only takes note."""

    def setUp(self) -> None:
        super().setUp()
        self.reactor: Any = MemoryReactorClock()
        self.reactor.callFromThread = lambda function, *arguments: function(*arguments)
        self.patch(twisted.internet, "reactor", self.reactor)

    def test_it_listens_and_opens_the_store_and_the_log_says_how_to_join(self) -> None:
        said: list[str] = []
        observer = lambda event: said.append(formatEvent(event))  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        service = self.make(database=":memory:", line=[f"unix:{self.folder}/socket"])
        service.privilegedStartService()
        self.assertEqual([str(server[0]) for server in self.reactor.unixServers], [f"{self.folder}/socket"])
        service.startService()
        self.assertTrue(service.running)
        self.assertEqual(len(self.reactor.unixServers), 1)
        self.assertIn("data: none: nothing is kept", said)
        self.assertTrue(any("listening on" in line and "join with: nc" in line for line in said), said)

    def test_started_by_a_program_that_knows_no_privileges_it_listens_too(self) -> None:
        service = self.make(database=":memory:", line=[f"unix:{self.folder}/socket"])
        service.startService()
        self.assertEqual(len(self.reactor.unixServers), 1)

    def test_as_many_connections_as_the_system_allows(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        self.make(database=":memory:", line=[f"unix:{self.folder}/socket"]).startService()
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (hard, hard))

    def test_a_database_that_cannot_be_used_ends_the_program(self) -> None:
        (self.folder / "chat.sqlite").write_bytes(b"not a database, but somebody's notes" * 100)
        service = self.make(line=[f"unix:{self.folder}/socket"])
        self.assertIn("cannot use the database: ", self.fails(service.startService))

    def test_a_port_in_use_ends_the_program(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            service = self.make(line=[f"tcp:{port}:interface=127.0.0.1"])
            line = self.fails(service.privilegedStartService)
        self.assertIn(f"cannot listen on tcp:{port}:interface=127.0.0.1: ", line)
        self.assertIn("in use", line)


class Person(Protocol):
    """Somebody with netcat."""

    def __init__(self) -> None:
        self.received = b""
        self.closed: Deferred[None] = Deferred()
        self._wanted: tuple[bytes, Deferred[None]] | None = None

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        if self._wanted is not None and self._wanted[0] in self.received:
            (_, seen), self._wanted = self._wanted, None
            seen.callback(None)

    def connectionLost(self, reason: object = None) -> None:
        self.closed.callback(None)

    async def until(self, text: str) -> None:
        """Wait until a text has come."""
        if text.encode() not in self.received:
            seen: Deferred[None] = Deferred()
            self._wanted = (text.encode(), seen)
            await seen.addTimeout(10, timed)

    def say(self, *lines: str) -> None:
        assert self.transport is not None
        self.transport.write("".join(line + "\n" for line in lines).encode())


class RunningTests(TapCase):
    """With the real reactor, sockets and a file."""

    def setUp(self) -> None:
        super().setUp()
        self.service: daemon.ChatService | None = None
        self.people: list[Person] = []
        self.addCleanup(self.end)

    async def start(self, **options: Any) -> None:
        lines = [f"unix:{self.folder}/socket", "tcp:0:interface=127.0.0.1"]
        self.service = self.make(line=lines, **options)
        self.service.privilegedStartService()
        self.service.startService()

    async def end(self) -> None:
        if self.service is not None:
            service, self.service = self.service, None
            await service.stopService()
            if isinstance(service._store, SQLiteStore):
                for worker in (service._store._writer, service._store._reader):
                    worker._thread.join(5)
        for person in self.people:
            person.transport.abortConnection()  # type: ignore[union-attr]
        await gatherResults([person.closed for person in self.people])
        self.people = []

    async def connect(self, name: str, tcp: bool = False) -> Person:
        assert self.service is not None
        port = next(p.getHost().port for p in self.service._ports or [] if hasattr(p.getHost(), "port"))
        where = f"tcp:127.0.0.1:{port}" if tcp else f"unix:{self.folder}/socket"
        person = Person()
        await connectProtocol(clientFromString(timed, where), person)
        self.people.append(person)
        person.say(name)
        await person.until(f"user [{name}] has entered the room\n")
        return person

    async def test_people_on_different_entrances_talk_with_each_other(self) -> None:
        await self.start(database=":memory:")
        kim, bob = await self.connect("kim"), await self.connect("bob", tcp=True)
        bob.say("hello")
        await kim.until("[bob] hello\n")
        await bob.until("[bob] hello\n")

    async def test_what_was_said_is_there_after_a_restart(self) -> None:
        await self.start()
        kim = await self.connect("kim")
        kim.say("keep this", "/topic T")
        await kim.until("set the topic: T\n")
        await self.end()
        await self.start()
        bob = await self.connect("bob")
        await bob.until(" [kim] keep this\n")
        self.assertIn(b"-- Topic: T\n", bob.received)
        bob.say("/search keep")
        await bob.until("-- Found 1 line.\n")
        bob.say("/history 99")
        await bob.until("End of the history")
        self.assertIn(b" user [kim] left the room\n", bob.received)

    async def test_stopping_says_goodbye_after_all_that_was_said_and_closes_everything(self) -> None:
        await self.start()
        kim, bob = await self.connect("kim"), await self.connect("bob", tcp=True)
        kim.say(*(f"line {i}" for i in range(50)))
        await bob.until("line 0\n")
        service = self.service
        assert service is not None
        await service.stopService()
        self.service = None
        await gatherResults([kim.closed, bob.closed]).addTimeout(10, timed)
        for person in (kim, bob):
            self.assertIn(b"-- The server is going down. Goodbye.\n", person.received)
        self.assertFalse(service.running)
        names = {path.name for path in self.folder.iterdir()}
        self.assertEqual(names - {"chat.sqlite.lock"}, {"chat.sqlite"})

    async def test_stopping_with_nobody_there(self) -> None:
        await self.start()
        await self.end()
        await task.deferLater(timed, 0)

    async def test_someone_who_never_says_a_name_is_told_too(self) -> None:
        await self.start(database=":memory:")
        person = Person()
        await connectProtocol(clientFromString(timed, f"unix:{self.folder}/socket"), person)
        self.people.append(person)
        await person.until("Login Id: ")
        service, self.service = self.service, None
        assert service is not None
        await service.stopService()
        await person.closed
        self.assertEqual(person.received, b"Login Id: -- The server is going down. Goodbye.\n")


class DescriptionTests(SynchronousTestCase):
    def test_addresses_are_described_so_that_they_can_be_copied(self) -> None:
        here = socket.gethostname()
        for address, where, how in (
            (IPv4Address("TCP", "127.0.0.1", 9), "127.0.0.1:9", "nc 127.0.0.1 9   or: twisted-chat 127.0.0.1:9"),
            (IPv6Address("TCP", "::1", 9), "[::1]:9", "nc ::1 9   or: twisted-chat [::1]:9"),
            (IPv4Address("TCP", "0.0.0.0", 9), f"{here}:9", f"nc {here} 9   or: twisted-chat {here}:9"),
            (UNIXAddress(b"/run/chat"), "/run/chat", "nc -U /run/chat"),
        ):
            self.assertEqual(daemon._describe(address), (where, how))

    def test_how_to_join_by_irc(self) -> None:
        world = World()
        factory = IRCFactory(world.chat, world.turn, world.clock)
        _, how = daemon._describe(IPv4Address("TCP", "127.0.0.1", 9), False, factory)
        self.assertEqual(how, "any IRC client, such as: irssi -c 127.0.0.1 -p 9")
