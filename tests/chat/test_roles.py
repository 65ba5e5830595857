"""Every role x every command, over everything that a command can come through.

A new protocol joins by a line in L{DRIVERS}: a L{Driver} that brings people in, and tells what became of a line.
"""

from __future__ import annotations

from typing import Any, Protocol

from chat_support import PASSWORD, START, Seat, Trusting, World, make_account
from irc_support import irc_connect
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat import presence, registration
from twisted_chat.chat.acts import Act, Answer, Inspect
from twisted_chat.chat.chat import Chat
from twisted_chat.chat.commands import COMMANDS, run
from twisted_chat.chat.errors import Refused
from twisted_chat.chat.events import Event
from twisted_chat.chat.names import parse_name
from twisted_chat.chat.permissions import Role
from twisted_chat.protocols.irc import VERBS
from twisted_chat.protocols.irc.numerics import REFUSALS

# Who they are in #room. Those up to "member" are guests, the others have accounts.
ROLES = ["outsider", "banned", "muted", "member", "voice", "op", "owner", "admin", "suspended"]
# All are in #room and nowhere else; the outsider and the banned are in no room at all.
GUESTS = ROLES[:4]

# One line for each command at least; what becomes of it, in the order of ROLES. A dot is "ok".
# {message} is what tom, a member, has said; {pinned} is a pinned message. otto is an op, vic has voice, gast is not in
# the room, and kept is an account that is not here.
OK = "."
TABLE = """
    help                   . . . . . . . . suspended
    format json            . . . . . . . . suspended
    ping                   . . . . . . . . suspended
    quit                   . . . . . . . . suspended
    msg tom hello          . . . . . . . . suspended
    msg kept hello         . . . . . . . . suspended
    me waves               no-room no-room muted . . . . . suspended
    reply {message} hello  no-room no-room muted . . . . . suspended
    react {message} +1     no-room no-room muted . . . . . suspended
    unreact {message} +1   no-room no-room muted . . . . . suspended
    away lunch             . . . . . . . . suspended
    history                no-room no-room . . . . . . suspended
    search hello           . . . . . . . . suspended
    unread                 not-registered not-registered not-registered not-registered . . . . suspended
    join #room             . banned . . . . . . suspended
    join #new              . . . . . . . . suspended
    leave                  no-room no-room . . . . . . suspended
    leave #room            not-in-room not-in-room . . . . . . suspended
    rooms                  . . . . . . . . suspended
    who                    no-room no-room . . . . . . suspended
    who #room              . . . . . . . . suspended
    topic                  no-room no-room . . . . . . suspended
    topic news             no-room no-room muted . . . . . suspended
    nick other             . . muted . own-name own-name own-name own-name suspended
    whois tom              . . . . . . . . suspended
    realname Kim K         . . . . . . . . suspended
    watch                  . . . . . . . . suspended
    watch tom              . . . . . . . . suspended
    unwatch tom            . . . . . . . . suspended
    seen kept              . . . . . . . . suspended
    register longenough    . . . . registered registered registered registered suspended
    login kept {password}  . . . . logged-in logged-in logged-in logged-in suspended
    login kept wrongword   wrong-password wrong-password wrong-password wrong-password \
                           logged-in logged-in logged-in logged-in suspended
    logout                 . . . . . . . . suspended
    password {password2}   not-registered not-registered not-registered not-registered . . . . suspended
    cert                   not-registered not-registered not-registered not-registered . . . . suspended
    cert add               not-registered not-registered not-registered not-registered \
                           no-certificate no-certificate no-certificate no-certificate suspended
    ghost                  not-registered not-registered not-registered not-registered . . . . suspended
    ghost kept {password}  . . . . logged-in logged-in logged-in logged-in suspended
    unregister {password}  not-registered not-registered not-registered not-registered . . . . suspended
    unregister wrongword   not-registered not-registered not-registered not-registered \
                           wrong-password wrong-password wrong-password wrong-password suspended
    roles                  no-room no-room . . . . . . suspended
    claim                  no-room no-room not-registered not-registered \
                           not-allowed not-allowed same-role not-allowed suspended
    transfer kept          no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    drop #room             not-in-room not-in-room not-allowed not-allowed not-allowed not-allowed . . suspended
    op tom                 no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    deop otto              no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    voice tom              no-room no-room not-allowed not-allowed not-allowed . . . suspended
    devoice vic            no-room no-room not-allowed not-allowed not-allowed . . . suspended
    kick tom               no-room no-room not-allowed not-allowed not-allowed . . . suspended
    kick otto              no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    ban tom 2h spam        no-room no-room not-allowed not-allowed not-allowed . . . suspended
    ban otto               no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    ban o*                 no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    unban troll*           no-room no-room not-allowed not-allowed not-allowed . . . suspended
    bans                   no-room no-room . . . . . . suspended
    except ban tom         no-room no-room not-allowed not-allowed not-allowed . . . suspended
    unexcept ban nobody    no-room no-room not-allowed not-allowed not-allowed \
                           no-such-ban no-such-ban no-such-ban suspended
    mute tom 10m           no-room no-room not-allowed not-allowed not-allowed . . . suspended
    mute otto              no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    unmute loud            no-room no-room not-allowed not-allowed not-allowed . . . suspended
    invite gast            no-room no-room . . . . . . suspended
    mode                   no-room no-room . . . . . . suspended
    mode moderated on      no-room no-room not-allowed not-allowed not-allowed . . . suspended
    rename #other          no-room no-room not-allowed not-allowed not-allowed not-allowed . . suspended
    pin                    no-room no-room . . . . . . suspended
    pin {message}          no-room no-room not-allowed not-allowed not-allowed . . . suspended
    unpin {pinned}         no-room no-room not-allowed not-allowed not-allowed . . . suspended
    delete {message}       no-room no-room not-allowed not-allowed not-allowed . . . suspended
    kill tom               not-admin not-admin not-admin not-admin not-admin not-admin not-admin . suspended
    gban tom               not-admin not-admin not-admin not-admin not-admin not-admin not-admin . suspended
    ungban evil*           not-admin not-admin not-admin not-admin not-admin not-admin not-admin . suspended
    announce hello         not-admin not-admin not-admin not-admin not-admin not-admin not-admin . suspended
    shun tom               not-admin not-admin not-admin not-admin not-admin not-admin not-admin . suspended
    rehash                 not-admin not-admin not-admin not-admin not-admin not-admin not-admin . suspended
    audit                  not-admin not-admin not-admin not-admin not-admin not-admin not-admin . suspended
"""
ROWS = [
    (" ".join(words[: -len(ROLES)]), dict(zip(ROLES, words[-len(ROLES) :], strict=True)))
    for words in map(str.split, TABLE.strip().replace("\\\n", " ").split("\n"))
]


class Driver(Protocol):
    """A way in which commands come to the chat, with a new chat behind it."""

    chat: Chat

    def enter(self, name: str) -> Any:
        """Someone new, who gives a name and, when it is an account's, L{PASSWORD}; let in or not."""

    def run(self, person: Any, line: str) -> str:
        """What becomes of a line: C{"."}, or the code of its refusal (of the login's, for one who was not let in)."""

    @property
    def last(self) -> int:
        """The id of the last event."""


class Core:
    """The chat itself, with nothing before or behind it."""

    def __init__(self) -> None:
        self.chat = Chat(self, lambda: START, Trusting())
        self.log: list[Event] = []
        self.answers: list[Answer] = []
        self.asked: list[Inspect] = []

    @property
    def last(self) -> int:
        return len(self.log)

    position = last

    def add(self, act: Act) -> None:
        for step in act.steps:
            if isinstance(step, Event):
                self.log.append(step)
                step.id = self.last
            elif isinstance(step, Answer):
                self.answers.append(step)
            elif isinstance(step, Inspect):
                self.asked.append(step)

    def enter(self, name: str) -> Seat:
        seat = Seat()
        try:
            if registration.asks_password(self.chat, parse_name(name)):
                registration.log_in(self.chat, seat, name, PASSWORD)
            else:
                presence.enter(self.chat, seat, parse_name(name))
        except Refused as why:
            self.chat.refuse(seat, why)
        return seat

    def run(self, person: Seat, line: str) -> str:
        if person.user is None:
            return "suspended" if any("suspended" in answer.text for answer in self.answers) else "not let in"
        self.answers.clear()
        run(self.chat, person, line)
        for inspect in self.asked:
            event = self.log[inspect.id - 1] if inspect.id <= self.last else None
            inspect.then(event if event is not None and event.room == inspect.room else None)
        self.asked.clear()
        codes = [(answer.data or {})["code"] for answer in self.answers if answer.kind == "error"]
        return str(codes[0]) if codes else OK


class Line:
    """The line protocol, in JSON."""

    def __init__(self) -> None:
        self.world = World()
        self.chat = self.world.chat

    @property
    def last(self) -> int:
        return len(self.world.store.log)

    def enter(self, name: str) -> Any:
        client = self.world.connect()
        client.send(name)
        if self.chat.accounts.get(name) is not None:
            client.send(PASSWORD)
        self.world.settle()
        client.refused = "suspended" if "suspended" in "".join(client.read()) else ""  # type: ignore[attr-defined]
        client.say("/format json")
        return client

    def run(self, person: Any, line: str) -> str:
        if person.refused:
            # Whatever it was, it was taken for a name that cannot be; but one may always go.
            answer = person.say(line)
            out = answer == [] and person.wire.disconnecting if line == "/quit" else answer[-1] == "Login Id: "
            return person.refused if out and person.user is None else "let in"
        person.wire.clear()
        person.send(line)
        self.world.settle()
        codes = [each["code"] for each in person.objects() if each["type"] == "error"]
        return codes[0] if codes else OK


class IRC:
    """IRC: its own commands, and where there is none, the chat's, as any unknown command."""

    def __init__(self) -> None:
        self.world = World()
        self.chat = self.world.chat

    @property
    def last(self) -> int:
        return len(self.world.store.log)

    def enter(self, name: str) -> Any:
        client = irc_connect(self.world)
        known = self.chat.accounts.get(name) is not None
        said = client.register(name, "standard-replies", password=PASSWORD if known else None)
        client.refused = "" if client.user else "suspended"  # type: ignore[attr-defined]
        if client.refused:
            assert "suspended" in str(said), said
            return client
        client.ask("JOIN #lobby")
        return client

    def run(self, person: Any, line: str) -> str:
        if person.refused:
            return person.refused if person.user is None else "let in"
        name, _, rest = line.removeprefix("/").partition(" ") if line.startswith("/") else ("say", "", line)
        how = IN_IRC.get(name, None if name.upper() in VERBS else "{name} {rest}")
        if how is None:
            return SAME
        first, _, more = rest.partition(" ")
        words = {"name": name, "rest": rest, "first": first, "more": more, "room": rest if rest[:1] == "#" else "#room"}
        if name == "mode" and rest:
            words["rest"] = "+m"
        said = person.ask(how.format(**words).rstrip())
        if any(each.command == "FAIL" for each in said):
            return next(each.params[1] for each in said if each.command == "FAIL").lower().replace("_", "-")
        numbers = [int(each.command) for each in said if each.command.isdecimal() and each.command[0] in "45"]
        return NUMBER + str(numbers[0]) if numbers else OK


# What it takes on IRC; None: the command there has its own rules, and its own tests.
IN_IRC: dict[str, str | None] = {
    "say": "PRIVMSG #room :{rest}", "quit": "QUIT", "ping": "PING x", "msg": "PRIVMSG {first} :{more}",
    "me": "PRIVMSG #room :\x01ACTION {rest}\x01", "away": "AWAY :{rest}", "join": "JOIN {rest}", "leave": "PART {room}",
    "rooms": "LIST", "who": "NAMES #room", "nick": "NICK {rest}", "whois": "WHOIS {rest}", "op": "MODE #room +o {rest}",
    "deop": "MODE #room -o {rest}", "voice": "MODE #room +v {rest}", "devoice": "MODE #room -v {rest}",
    "kick": "KICK #room {rest}", "ban": "MODE #room +b {first}", "unban": "MODE #room -b {rest}",
    "bans": "MODE #room b",
    "mute": "MODE #room +b m:{first}", "unmute": "MODE #room -b m:{rest}", "except": "MODE #room +e {more}",
    "unexcept": "MODE #room -e {more}", "invite": "INVITE {rest} #room", "mode": "MODE #room {rest}",
    "rename": "RENAME #room {rest}", "topic": "TOPIC #room {rest}", "delete": "REDACT #room {rest}",
    "kill": "KILL {rest} :out", "announce": "announce {rest}", "format": None,
    "logout": None,
}  # fmt: skip
SAME, NUMBER = "(its own rules)", "numeric "
# What IRC does not answer, as there is nothing to change; and other codes for the same.
SILENT = {"no-such-ban", "same-role"}
ALSO = {("redact-forbidden", "not-allowed"), ("invalid-target", "no-room"), (NUMBER + "404", "no-room")}
# A ban by MODE puts nobody out, and ops are above it; who is in a room that is not hidden, and its modes, is for all.
FREE = {("ban o*", "op"), *((line, role) for line in ("mode", "who") for role in ("outsider", "banned"))}


def same(line: str, role: str, outcome: str, expected: str) -> bool:
    """Whether what IRC answered says what is expected."""
    if outcome in (expected, SAME) or (outcome, expected) in ALSO:
        return True
    if outcome == OK:
        return expected in SILENT or (line, role) in FREE
    return outcome == f"{NUMBER}{REFUSALS.get(expected)}"


DRIVERS: tuple[type[Driver], ...] = (Core, Line, IRC)


class RoleTests(SynchronousTestCase):
    def test_no_command_is_missing(self) -> None:
        self.assertEqual({line.split()[0] for line, _ in ROWS}, set(COMMANDS))

    def cell(self, driver: Driver, role: str, line: str) -> str:
        """What becomes of a line when someone of this role sends it."""
        chat = driver.chat
        for name in ("owner", "op", "voice", "admin", "suspended", "otto", "vic", "kept"):
            make_account(chat, name, admin=name == "admin", suspended="" if name == "suspended" else None)
        owner = driver.enter("owner")
        for set_up in ("join #room", "leave #lobby", "ban troll*", "mute loud", "ban banned", "mute muted"):
            self.assertEqual(driver.run(owner, "/" + set_up), OK, set_up)
        room = chat.rooms["#room"]
        for name, given in (("op", Role.OP), ("otto", Role.OP), ("voice", Role.VOICE), ("vic", Role.VOICE)):
            room.roles[name] = given
        people = {name: driver.enter(name) for name in ("tom", "otto", "vic", "gast", role) if name != "owner"}
        people["owner"] = owner
        for name in ("tom", "otto", "vic", role):
            if name != "suspended":
                if name not in ("outsider", "banned"):
                    self.assertEqual(driver.run(people[name], "/join #room"), OK, name)
                driver.run(people[name], "/leave #lobby")
        driver.run(people["tom"], "pinned")
        driver.run(owner, f"/pin {driver.last}")
        pinned = room.pins[0]
        driver.run(people["tom"], "hello")
        message = driver.last
        admin = people.get("admin") or driver.enter("admin")
        driver.run(admin, "/gban evil*")
        if role == "suspended":
            driver.enter(role)
        values = {"message": message, "pinned": pinned, "password": PASSWORD, "password2": f"{PASSWORD} longenough"}
        return driver.run(people[role], "/" + line.format(**values))

    def check(self, make: type[Driver]) -> None:
        wrong = [
            f"{role}: /{line}: {outcome} instead of {expected[role]}"
            for line, expected in ROWS
            for role in ROLES
            if (outcome := self.cell(make(), role, line)) != expected[role]
            and not (make is IRC and same(line, role, outcome, expected[role]))
        ]
        self.assertEqual(wrong, [], "\n".join(wrong))


for each in DRIVERS:

    def _test(self: RoleTests, make: type[Driver] = each) -> None:
        self.check(make)

    setattr(RoleTests, f"test_every_role_and_every_command_over_{each.__name__}", _test)
