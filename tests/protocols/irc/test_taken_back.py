"""Whatever people do by both protocols while the log can be written now and then: in the end the chat is what the log
says, and nobody waits for an answer."""

from __future__ import annotations

import random
from typing import Any

from chat_support import PASSWORD, Client, Held, World, WorldCase
from irc_support import IRCClient, irc_connect, irc_enter

from twisted_chat.chat.chat import LOBBY, Chat
from twisted_chat.delivery.turn import GATHER

ACCOUNTS = ("ann", "bob", "cat", "root")
NAMES = (*ACCOUNTS, "gia", "hal", "ivy")
ROOMS = ("#a", "#b", "#c", LOBBY)
CAPS = [
    *("account-notify", "away-notify", "batch", "draft/channel-rename", "draft/chathistory", "draft/message-redaction"),
    *("draft/metadata-3", "draft/read-marker", "echo-message", "extended-join", "labeled-response", "message-tags"),
    *("server-time", "setname"),
]
# R, S: a room; N: a name; I: a number; P: the password.
IRC_COMMANDS = (
    """
JOIN R|JOIN R,S|JOIN R key|PART R|PRIVMSG R :hi|PRIVMSG N :hi|NOTICE R :hi|TAGMSG R|TOPIC R :I|TOPIC R :
MODE R +i|MODE R -i|MODE R +s|MODE R -s|MODE R +m|MODE R -m|MODE R +k key|MODE R +b N|MODE R -b N|MODE R +b m:N
MODE R +e N|MODE R +I N|MODE R +o N|MODE R -o N|MODE R +v N|MODE R +ovb-o N N x* N|KICK R N|INVITE N R
RENAME R S|RENAME R #d|PIN I|REDACT R I|CS REGISTER R|CS TRANSFER R N|CS DROP R|CS BAN R N|CS ACCESS R ADD N OP
NS DROP P|NS IDENTIFY N P|NS REGISTER P|NS LOGOUT|NS GHOST N P|NS GHOST|NICK N|NICK xI|AWAY :gone|AWAY|SETNAME :I
METADATA * SET key :I|METADATA R SET key :I|METADATA * CLEAR|METADATA R CLEAR|METADATA * SUB key|MONITOR + N
MARKREAD R timestamp=2026-11-22T10:00:0I.000Z|MARKREAD N timestamp=2026-11-22T10:00:0I.000Z|CHATHISTORY LATEST R * 9
CHATHISTORY LATEST N * 9|OPER root P|KILL N :x|SHUN N|QUIT
""".strip()
    .replace("\n", "|")
    .split("|")
)
COMMANDS = (
    """
/join R|/join R|/join S|/leave|/leave R|hi|/msg N hi|/topic I|/topic -|/mode invite-only on|/mode invite-only off
/mode secret on|/mode secret off|/op N|/deop N|/kick N|/invite N|/rename R|/rename S|/rename #d|/claim|/drop R
/transfer N|/unregister P|/login N P|/register P|/logout|/ghost|/nick N|/nick xI|/quit
""".strip()
    .replace("\n", "|")
    .split("|")
)


def kept(chat: Chat) -> dict[str, Any]:
    """All of the chat that is in the log's records."""
    rooms = {f"room {name}": room.record() for name, room in chat.rooms.items() if room.lasting}
    for record in rooms.values():
        # Guests' invitations end with them.
        record["invited"] = [key for key in record["invited"] if chat.accounts.get(key) is not None]
    accounts = {f"account {key}": account.record() for key, account in chat.accounts.items()}
    open = [room for room in chat.rooms.values() if room.topic and not room.closed]
    topics = {f"topic {room.name}": (room.topic, room.topic_by, room.topic_at) for room in open}
    return {**rooms, **topics, **accounts, **{f"read {key}": dict(reads) for key, reads in chat.reads.items() if reads}}


class TakenBackTests(WorldCase):
    def setUp(self) -> None:
        self.world = self.with_accounts()

    def tearDown(self) -> None:
        self.world.store.full = False
        self.world.clock.advance(1)
        super().tearDown()

    def with_accounts(self, gather: float = 0.0) -> World:
        world = World()
        for name in ACCOUNTS:
            world.account(name, admin=name == "root")
        return World(world.store, gather=gather)

    def lose(self, *lines: tuple[IRCClient, str]) -> None:
        """These are said in one turn, which cannot be kept."""
        self.world.store.full = True
        for client, line in lines:
            client.send(line)
        self.world.settle()
        self.world.store.full = False
        for _ in range(3):
            self.world.clock.advance(1)

    def test_whatever_is_done(self) -> None:
        for seed in range(300):
            self.world = self.with_accounts(GATHER if seed % 2 else 0.0)
            self.act(random.Random(seed))
            self.world.check()
            self.assertEqual(self.flushLoggedErrors(), [], seed)
            self.assertEqual(kept(self.world.chat), kept(World(self.world.store).chat), seed)

    def act(self, chance: random.Random) -> None:
        """So many things that some people do, one after another or at once."""
        world, store = self.world, self.world.store
        here = [self.come(chance) for _ in range(4)]
        # What needs several steps is met more often where there is less else to do.
        irc, line = chance.sample(IRC_COMMANDS, 12), chance.sample(COMMANDS, 10)
        for i in range(120):
            what = chance.random()
            if what < 0.02 or (store.full and what < 0.06):
                store.full = not store.full
            elif what < 0.09:
                self.hold(not store.hold)
            elif what < 0.12:
                world.clock.advance(chance.choice([0, 1, 61]))
            elif what < 0.16:
                here.append(self.come(chance))
            elif what < 0.2 and here:
                here.pop(chance.randrange(len(here))).drop()
            elif what < 0.33:
                world.settle()
            here = [client for client in here if client.session.alive and not client.session.closing]
            if what >= 0.33 and here:
                client = chance.choice(here)
                if isinstance(client, IRCClient):
                    label = f"@label={i} " if chance.random() < 0.3 else ""
                    client.send(label + self.command(chance, ["JOIN R", "JOIN R", "RENAME R S", *irc]))
                else:
                    client.send(self.command(chance, ["/join R", "/join R", "/rename S", *line]))
        store.full = False
        self.hold(False)
        for _ in range(6):
            world.clock.advance(1)
        for client in here:
            client.read()
            session = client.session
            self.assertEqual((session.labelled, session.waiting_label, session.busy), (None, None, False))

    def hold(self, hold: bool) -> None:
        """Let the disk be slow, or no longer."""
        store = self.world.store
        store.hold = hold
        if store.waiting and not hold:
            store.release()

    def come(self, chance: random.Random) -> Client:
        name, host = chance.choice(NAMES), f"198.51.100.{chance.randint(1, 3)}"
        if chance.random() < 0.4:
            person = self.world.connect(host)
            person.send(name, *([PASSWORD] if name in ACCOUNTS else []))
            return person
        client = irc_connect(self.world, host)
        login = [f"PASS {PASSWORD}"] if name in ACCOUNTS else []
        client.send(f"CAP REQ :{' '.join(chance.sample(CAPS, 6))}", *login, f"NICK {name}", "USER u 0 * :r", "CAP END")
        return client

    def command(self, chance: random.Random, commands: list[str]) -> str:
        meant = {"R": chance.choice(ROOMS), "S": chance.choice(ROOMS), "N": chance.choice(NAMES), "P": PASSWORD}
        words = chance.choice(commands).split(" ")
        said = [meant.get(word, word) for word in words]
        said = [meant["R"] + "," + meant["S"] if word == "R,S" else word for word in said]
        return " ".join(said).replace("I", str(chance.randint(1, 9))) if "I" in "".join(words[1:]) else " ".join(said)

    # One by one

    def test_a_new_name_of_a_room_that_has_ended_since(self) -> None:
        gia, hal = irc_enter(self.world, "gia", "#a"), irc_enter(self.world, "hal", "#a")
        self.lose((gia, "RENAME #a #b"), (gia, "QUIT"), (hal, "PART #a"))
        self.assertEqual([name for name in self.world.chat.rooms if name != LOBBY], ["#a"])
        gia, hal = irc_enter(self.world, "gia", "#d"), self.world.enter("dan")
        self.lose((gia, "RENAME #d #b"), (gia, "QUIT"))
        self.assertNotIn("#b", self.world.chat.rooms)
        hal.send("still here")
        self.world.settle()
        self.assertEqual(hal.read()[-1], "[dan] still here")

    def test_a_room_that_was_made_and_left(self) -> None:
        ann = irc_enter(self.world, "ann")
        self.lose((ann, "JOIN #a"), (ann, "QUIT"))
        self.assertNotIn("#a", self.world.chat.rooms)

    def test_who_came_to_an_account_that_is_none_after_all(self) -> None:
        gia = irc_enter(self.world, "gia")
        other = irc_connect(self.world)
        self.lose(
            (gia, f"NS IDENTIFY ann {PASSWORD}"),
            (other, f"PASS {PASSWORD}"),
            (other, "NICK ann"),
            (other, "USER u 0 * :r"),
        )
        self.assertEqual(list(self.world.chat.users), ["gia"])
        self.assertTrue(other.session.closing)

    def test_what_a_guest_was_when_they_turned_out_to_be_somebody(self) -> None:
        """Nobody keeps a role, or is invited, by what did not happen."""
        ann, gia = irc_enter(self.world, "ann"), irc_enter(self.world, "gia", "#a")
        self.world.enter("dan", "#a")
        self.lose((gia, f"NS IDENTIFY ann {PASSWORD}"))
        room = self.world.chat.rooms["#a"]
        self.assertEqual((room.roles, room.invited), ({}, set()))
        self.assertEqual(ann.protocol.session.user.rooms, ())

    def test_an_account_that_was_given_up_and_made_again(self) -> None:
        """It is as it was before, in the log too."""
        ann = irc_enter(self.world, "ann")
        before = kept(self.world.chat)
        self.lose_held(ann, f"NS DROP {PASSWORD}", f"NS REGISTER {PASSWORD}", "QUIT")
        self.assertEqual(kept(self.world.chat).keys(), before.keys())
        self.assertEqual(kept(World(self.world.store).chat), kept(self.world.chat))

    def lose_held(self, client: IRCClient, *lines: str) -> None:
        """These are said one after another while the disk is slow; then it is full."""
        self.world.store.full = self.world.store.hold = True
        for line in lines:
            client.ask(line)
        self.world.store.release()
        self.world.store.full = self.world.store.hold = False
        for _ in range(3):
            self.world.clock.advance(1)

    def test_one_more_connection_of_who_has_not_come_in(self) -> None:
        """It hears nothing of that room."""
        bob, ann = irc_enter(self.world, "bob", "#a"), irc_enter(self.world, "ann")
        other = irc_connect(self.world)
        self.world.store.full = self.world.store.hold = True
        ann.ask("JOIN #a")
        other.register("ann", password=PASSWORD)
        ann.ask("QUIT")
        self.world.store.release()
        self.world.store.full = self.world.store.hold = False
        self.world.clock.advance(1)
        other.read()
        self.assertEqual(other.protocol.session.user.rooms, ())
        bob.ask("PRIVMSG #a :among us")
        self.assertEqual(other.read(), [])

    def test_a_closed_room_whose_owner_gave_up_the_account(self) -> None:
        """Neither the room nor what was said there is gone."""
        ann = irc_enter(self.world, "ann", "#a")
        ann.ask("MODE #a +i", "PRIVMSG #a :for ever")
        self.lose_held(ann, f"NS DROP {PASSWORD}", "QUIT")
        before = kept(self.world.chat)
        self.world = World(self.world.store)
        self.assertEqual(kept(self.world.chat), before)
        self.assertIn("room #a", before)
        self.assertIn("for ever", str(self.world.enter("ann").say("/join #a", "/history")))

    def test_an_invitation_after_another_rule(self) -> None:
        ann, _ = irc_enter(self.world, "ann", "#a"), irc_enter(self.world, "gia")
        self.lose((ann, "MODE #a +b m:spam*"), (ann, "INVITE gia #a"))
        self.assertEqual(self.world.chat.rooms["#a"].invited, set())

    def test_who_was_not_here_has_not_left_their_rooms(self) -> None:
        store: Held = self.world.store
        ann = irc_enter(self.world, "ann", "#a")
        ann.ask("QUIT")
        before = self.world.chat.accounts.get("ann")
        ann = irc_connect(self.world)
        self.lose((ann, f"PASS {PASSWORD}"), (ann, "NICK ann"), (ann, "USER u 0 * :r"), (ann, "QUIT"))
        self.assertEqual(self.world.chat.accounts.get("ann"), before)
        self.assertFalse(store.waiting)
