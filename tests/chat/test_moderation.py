"""Keeping a room civil: what each act does, that it is in the audit log, and that it can be taken back whole."""

from __future__ import annotations

from typing import Any

from chat_support import Client, World, WorldCase

from twisted_chat.chat.events import AUDIT, Event, Kind, Put
from twisted_chat.chat.permissions import Role
from twisted_chat.delivery.turn import NOT_SENT


class RoomCase(WorldCase):
    """ann owns #room, opal is an op there, vic has voice, bob and cat are members; dan is elsewhere."""

    def setUp(self) -> None:
        super().setUp()
        self.store = self.world.store
        for name in ("ann", "opal", "vic", "bob"):
            self.world.account(name)
        self.ann = self.world.enter("ann", "#room")
        self.opal, self.vic, self.bob, self.cat = (
            self.world.enter(name, "#room", host=f"198.51.100.{i}")
            for i, name in enumerate(("opal", "vic", "bob", "cat"))
        )
        self.dan = self.world.enter("dan", host="203.0.113.9")
        self.ann.say("/op opal", "/voice vic")
        self.room = self.world.chat.rooms["#room"]
        self.world.all_read()

    def id_of(self, text: str) -> int:
        return next(event.id for event in reversed(self.store.log) if event.text == text)

    def names(self) -> list[str]:
        return [user.name.shown for user in self.room.members]

    def audit(self) -> list[tuple[str, str, str]]:
        """The audit log: who did what to whom."""
        return [(event.actor, event.text, event.target) for event in self.store.log if event.stream == AUDIT]

    def kept(self) -> Any:
        """The room's rules in the store."""
        return self.store._records["room", "#room"]


ACTS = [
    ("/op bob", "op in #room", "bob"),
    ("/deop opal", "-op in #room", "opal"),
    ("/voice bob", "voice in #room", "bob"),
    ("/devoice vic", "-voice in #room", "vic"),
    ("/kick cat spam", "kick from #room: spam", "cat"),
    ("/ban spam* 2h go away", "ban in #room for 2 hours: go away", "spam*"),
    ("/ban cat", "ban in #room", "cat"),
    ("/unban troll", "unban in #room", "troll"),
    ("/mute cat 10m", "mute in #room for 10 minutes", "cat"),
    ("/unmute loud", "unmute in #room", "loud"),
    ("/invite dan", "invite to #room", "dan"),
    ("/mode moderated on", "mode moderated in #room", ""),
    ("/mode slow 5", "mode slow 5 in #room", ""),
    ("/mode key sesame", "mode key in #room", ""),
    ("/pin {message}", "pin {message} in #room", ""),
    ("/unpin {pinned}", "-pin {pinned} in #room", ""),
    ("/delete {message}", "delete {message} in #room", "cat"),
]


class EveryActTests(RoomCase):
    def setUp(self) -> None:
        super().setUp()
        self.cat.say("pinned")
        self.cat.say("message")
        self.ids = {"pinned": self.id_of("pinned"), "message": self.id_of("message")}
        self.ann.say("/ban troll", "/mute loud", f"/pin {self.ids['pinned']}")
        self.world.all_read()

    def state(self) -> Any:
        room = self.room
        roles = {user.name.shown: role for user, role in room.members.items()}
        texts = [(event.id, event.text) for event in self.store._events]
        wheres = [(client.user.name.shown, client.session.room.name) for client in self.world.clients()]
        return repr((room.record(), roles, texts, wheres, self.store._records))

    def test_each_is_in_the_audit_log_in_the_commit_of_what_it_does(self) -> None:
        for line, text, target in ACTS:
            commits = len(self.store.batches)
            self.ann.say(line.format(**self.ids))
            (batch,) = self.store.batches[commits:]
            audits = [(e.actor, e.text, e.target) for e in batch if isinstance(e, Event) and e.kind is Kind.AUDIT]
            self.assertIn(("ann", text.format(**self.ids), target), audits)
            if "/kick" not in line:
                self.assertIn("#room", [record.key for record in batch if isinstance(record, Put)], line)
            if "/deop" in line or "/devoice" in line or line in ("/kick cat spam", "/ban cat"):
                self.tearDown()
                self.setUp()

    def test_each_is_taken_back_whole_when_it_cannot_be_kept(self) -> None:
        for line, _, _ in ACTS:
            before = self.state()
            self.store.full = True
            said = self.ann.say(line.format(**self.ids))
            self.store.full = False
            self.assertEqual(set(said), {f"!! {NOT_SENT}"}, line)
            self.assertEqual(self.state(), before, line)
            self.world.check()
            for client in (self.opal, self.vic, self.bob, self.cat, self.dan):
                self.assertEqual(client.read(), [], line)

    def test_the_rules_of_a_room_with_an_owner_outlast_a_restart(self) -> None:
        for line, _, _ in ACTS:
            self.ann.say(line.format(**self.ids))
        self.ann.say("/topic rules")
        self.world = World(self.store)
        room = self.world.chat.rooms["#room"]
        # Who was invited is a guest, and not here any more.
        self.room.invited.clear()
        self.assertEqual(repr(room.record()), repr(self.room.record()))
        self.assertEqual(room.role(self.ann.user), Role.OWNER)
        self.room = room

    def test_what_is_done_in_the_lobby_outlasts_a_restart_too(self) -> None:
        self.world.account("root", admin=True)
        self.world.enter("root").say("/ban spam*", "/mode moderated on", "/topic rules")
        self.world = World(self.store)
        lobby = self.world.chat.rooms["#lobby"]
        self.assertEqual((list(lobby.bans), lobby.modes, lobby.topic), (["spam*"], {"moderated": True}, "rules"))

    def test_only_administrators_can_read_it(self) -> None:
        self.world.account("root", admin=True)
        root = self.world.enter("root")
        self.ann.say("/kick cat spam")
        root.read()
        said = root.say("/audit 1")
        self.assertEqual(said[0].split(" ", 3)[3], "[ann] kick from #room: spam [cat]")
        self.assertEqual(said[1:], ["-- End of the audit log, 1 lines."])
        self.ann.read()
        for line in ("/audit", "/join !audit", "/who !audit", "/history", "/search spam"):
            self.assertNotIn("kick from", "".join(self.ann.say(line)))


class RoleTests(RoomCase):
    def test_what_the_room_is_told(self) -> None:
        self.ann.say("/op bob", "/deop bob")
        self.assertEqual(self.cat.read(), ["user [ann] set op for [bob]", "user [ann] set -op for [bob]"])

    def test_a_role_stays_with_an_account_also_while_it_is_away(self) -> None:
        self.opal.drop()
        self.opal = self.world.enter("opal")
        self.opal.say("/join #room", "/kick cat")
        self.assertNotIn("cat", self.names())
        self.opal.drop()
        self.ann.say("/deop opal")
        self.assertNotIn("opal", self.room.roles)

    def test_a_guest_has_it_until_they_leave(self) -> None:
        self.ann.say("/op cat")
        self.assertEqual(self.cat.say("/kick vic")[-1], "user [vic] was kicked by [cat]")
        self.cat.say("/leave", "/join #room")
        self.assertIn("!! To kick someone", self.cat.say("/kick bob")[0])

    def test_ops_cannot_touch_ops_nor_anyone_the_owner(self) -> None:
        self.ann.say("/op bob")
        for line in (
            "/kick bob",
            "/ban bob",
            "/ban b*",
            "/mute bob",
            "/devoice bob",
            "/kick ann",
            "/ban ann",
            "/mute ann",
        ):
            self.assertEqual(self.opal.say(line)[-1][:2], "!!", line)
        self.assertEqual(self.room.bans, {})
        # Nor while they are away.
        self.bob.drop()
        self.assertEqual(self.opal.say("/ban bob")[-1][:2], "!!")
        self.ann.say("/kick opal")
        self.assertNotIn("opal", self.names())

    def test_a_kicked_op_is_an_op_no_less_when_back(self) -> None:
        self.ann.say("/kick opal")
        self.opal.say("/join #room", "/kick cat")
        self.assertNotIn("cat", self.names())

    def test_administrators_are_as_owners_and_beyond_ops(self) -> None:
        self.world.account("root", admin=True)
        root = self.world.enter("root", "#room")
        self.assertEqual(self.opal.say("/kick root")[-1][:2], "!!")
        root.say("/kick ann")
        self.assertNotIn("ann", self.names())

    def test_nothing_changes_for_who_has_it_already(self) -> None:
        for line in ("/op opal", "/deop bob", "/devoice cat", "/voice vic", "/op ann", "/deop ann"):
            self.assertEqual([said[:2] for said in self.ann.say(line)], ["!!"], line)

    def test_an_op_may_have_voice_too_and_keeps_it(self) -> None:
        self.ann.say("/voice opal", "/deop opal")
        self.assertIn("user [ann] set voice for [opal]", self.bob.read())
        self.assertIn("+opal", self.ann.say("/who")[-1])
        self.assertEqual(self.ann.say("/devoice opal"), ["user [ann] set -voice for [opal]"])
        self.assertNotIn("+opal", self.ann.say("/who")[-1])

    def test_who_founds_a_room_owns_it_again_only_when_it_is_gone(self) -> None:
        self.dan.say("/join #new", "/leave")
        self.assertNotIn("#new", self.world.chat.rooms)
        self.cat.say("/join #new", "/mode moderated on")
        self.assertIn("moderated", self.world.chat.rooms["#new"].modes)


class BanTests(RoomCase):
    def test_who_is_in_is_put_out_at_once_on_all_connections(self) -> None:
        second = self.world.enter("bob")
        self.ann.say("/ban bob 2h spam")
        self.assertEqual(self.bob.read()[:2], ["user [ann] set ban bob", "user [bob] was kicked by [ann] (spam)"])
        self.assertIn("-- You were kicked from #room: spam", second.read())
        self.assertNotIn("bob", self.names())
        self.ann.say("secret")
        self.assertEqual(self.bob.read() + second.read(), [])
        self.assertEqual(second.say("/join #room"), ["!! You are banned from #room: spam"])

    def test_by_pattern_and_by_address(self) -> None:
        self.ann.say("/ban c?t", "/ban 198.51.100.0/31")
        self.assertEqual(self.names(), ["ann", "bob"])
        for client in (self.cat, self.vic):
            self.assertIn("You are banned", client.say("/join #room")[-1])

    def test_an_address_that_an_op_comes_from_takes_the_owner(self) -> None:
        self.assertEqual(self.opal.say("/ban 192.0.2.0/24")[-1][:2], "!!")
        self.assertEqual(len(self.names()), 5)
        self.opal.say("/ban 198.51.100.3")
        self.assertNotIn("cat", self.names())
        again = self.world.enter("cat2", host="198.51.100.3")
        self.assertEqual(again.say("/join #room"), ["!! You are banned from #room."])

    def test_a_duration_is_told_as_it_was_given_also_a_moment_later(self) -> None:
        self.world.clock.advance(0.1)  # Binary fractions: what is left is then a little less than it was.
        self.assertIn("holds for 1 hour.", self.ann.say("/ban bob 1h")[1])
        self.world.clock.advance(0.01)
        self.assertEqual(self.ann.say("/bans"), ["-- ban bob for another 1 hour, by ann"])

    def test_a_number_that_is_no_duration_is_not_a_reason(self) -> None:
        for rest in ("-5m", "5 minutes", "10", "1.5h", "90min", "1x spam"):
            self.assertEqual(self.ann.say(f"/ban bob {rest}")[0][:30], "!! A duration is a number and ", rest)
        self.assertIn("bob", self.names())
        self.assertIn("holds for ever", self.ann.say("/ban bob 4chan's friend")[1])

    def test_it_goes_by_itself(self) -> None:
        self.ann.say("/ban cat 10m")
        self.world.clock.advance(599)
        self.assertIn("banned", self.cat.say("/join #room")[-1])
        self.world.clock.advance(1)
        self.assertIn("user [cat] has entered the room", self.cat.say("/join #room"))
        self.assertEqual(self.ann.say("/bans")[-1], "-- Nobody is banned from #room.")
        self.ann.say("/ban other")
        self.assertEqual([ban["mask"] for ban in self.kept()["bans"]], ["other"])

    def test_taken_back_it_lets_in_again(self) -> None:
        self.ann.say("/ban cat")
        self.assertEqual(
            self.ann.say("/unban CAT"), ["user [ann] set -ban cat", "-- The ban of cat in #room is lifted."]
        )
        self.assertEqual(self.ann.say("/unban cat"), ["!! There is no ban of cat in #room."])
        self.assertIn("user [cat] has entered the room", self.cat.say("/join #room"))

    def test_addresses_are_for_ops_only(self) -> None:
        self.ann.say("/ban 203.0.113.0/24", "/ban spam* 2h rude", "/mute loud")
        self.world.all_read()
        both = ["-- ban spam* for another 2 hours, by ann: rude", "-- mute loud for ever, by ann"]
        self.assertEqual(self.bob.say("/bans"), both)
        self.assertEqual(self.opal.say("/bans"), ["-- ban 203.0.113.0/24 for ever, by ann", *both])
        self.assertNotIn("203.0.113", "".join(self.bob.say("/whois dan")))

    def test_a_guest_cannot_take_a_banned_name_inside(self) -> None:
        self.ann.say("/ban spam*")
        self.assertEqual(self.cat.say("/nick spammer")[-1][:2], "!!")

    def test_an_invitation_is_a_way_in_only_from_an_op_and_not_from_before(self) -> None:
        self.bob.say("/invite dan")
        self.ann.say("/ban dan")
        self.assertIn("banned", self.dan.say("/join #room")[-1])
        self.assertIn("only an op", self.bob.say("/invite dan")[-1])
        self.opal.say("/invite dan")
        self.assertIn("user [dan] has entered the room", self.dan.say("/join #room"))

    def test_there_is_an_end_to_them(self) -> None:
        self.ann.say(*(f"/ban x{i}" for i in range(200)))
        self.assertEqual(self.ann.say("/ban x200"), ["!! #room has 200 bans already."])
        self.assertIn("for 2 hours", self.ann.say("/ban x7 2h")[-1])


class MuteTests(RoomCase):
    def test_at_once_on_all_connections(self) -> None:
        second = self.world.enter("bob")
        second.say("/join #room")
        self.ann.say("/mute bob 10m")
        for client in (self.bob, second):
            client.read()
            for line in ("hello", "/me waves", "/topic hello"):
                self.assertEqual(client.say(line), ["!! You are muted in #room for another 10 minutes."])
        self.assertEqual(self.cat.read()[1:], [])
        self.ann.say("hi")
        self.assertEqual(self.bob.read(), ["[ann] hi"])

    def test_it_goes_by_itself_or_is_taken_back(self) -> None:
        self.ann.say("/mute bob 10m", "/mute cat")
        self.world.clock.advance(600)
        self.assertEqual(self.bob.say("hello")[-1], "[bob] hello")
        self.assertEqual(self.cat.say("hello")[-1], "!! You are muted in #room.")
        self.ann.say("/unmute cat")
        self.assertEqual(self.cat.say("hello")[-1], "[cat] hello")

    def test_leaving_or_another_name_is_no_way_around_it(self) -> None:
        self.ann.say("/mute cat")
        self.cat.say("/leave #room", "/join #room")
        self.assertEqual(self.cat.say("/nick kitten")[-1], "!! You are muted in #room.")
        self.assertEqual(self.cat.say("hello")[-1], "!! You are muted in #room.")

    def test_only_there(self) -> None:
        self.ann.say("/mute cat")
        self.cat.say("/join #lobby")
        self.assertEqual(self.cat.say("hello")[-1], "[cat] hello")

    def test_a_duration_must_be_one(self) -> None:
        self.assertIn("A duration is", self.ann.say("/mute cat soon")[-1])
        self.assertEqual(self.room.mutes, {})


class ModeTests(RoomCase):
    def refused(self, client: Client, line: str, because: str) -> None:
        self.assertIn(because, client.say(line)[-1])

    def test_invite_only(self) -> None:
        self.ann.say("/mode invite-only")
        self.refused(self.dan, "/join #room", "for those who are invited")
        self.refused(self.bob, "/invite dan", "takes the role op")
        self.opal.say("/invite dan")
        self.assertEqual(self.dan.read(), ["-- opal invites you to #room: /join #room"])
        self.assertIn("user [dan] has entered the room", self.dan.say("/join #room"))
        self.dan.say("/leave")
        self.refused(self.dan, "/join #room", "for those who are invited")
        self.opal.say("/leave")
        self.assertIn("user [opal] has entered the room", self.opal.say("/join #room"))

    def test_key(self) -> None:
        self.ann.say("/mode key Sesame")
        self.assertEqual(self.bob.read(), ["user [ann] set key"])
        for line in ("/join #room", "/join #room sesame"):
            self.refused(self.dan, line, "has a key")
        self.assertIn("user [dan] has entered the room", self.dan.say("/join #room Sesame"))

    def test_moderated(self) -> None:
        self.ann.say("/mode moderated on")
        for client, name in ((self.bob, "bob"), (self.cat, "cat")):
            self.refused(client, "hello", "only those with voice")
            self.refused(client, "/me hello", "only those with voice")
            self.ann.say(f"/voice {name}")
            self.assertEqual(client.say("hello")[-1], f"[{name}] hello")
        for client, name in ((self.vic, "vic"), (self.opal, "opal"), (self.ann, "ann")):
            self.assertEqual(client.say("hello")[-1], f"[{name}] hello")

    def test_topic_ops(self) -> None:
        self.ann.say("/mode topic-ops on")
        self.refused(self.vic, "/topic x", "takes the role op")
        self.opal.say("/topic x")
        self.assertEqual(self.room.topic, "x")

    def test_members_only(self) -> None:
        self.ann.say("/topic plans", "/mode members-only on")
        self.refused(self.dan, "/who #room", "not in #room")
        self.assertIn("-- #room (5)", self.dan.say("/rooms"))
        self.assertEqual(self.dan.say("/whois bob")[0], "-- bob is in #lobby.")
        self.assertIn("-- #room (5): plans", self.bob.say("/rooms"))
        self.assertEqual(self.bob.say("/whois ann")[0], "-- ann is in #lobby, #room.")

    def test_slow(self) -> None:
        self.ann.say("/mode slow 10")
        self.world.all_read()
        self.assertEqual(self.bob.say("one", "two")[0], "[bob] one")
        self.world.clock.advance(9.5)
        self.refused(self.bob, "two", "wait 1 s")
        self.world.clock.advance(0.5)
        self.assertEqual(self.bob.say("two")[-1], "[bob] two")
        for client in (self.vic, self.opal):
            self.assertFalse([line for line in client.say("a", "b") if line.startswith("!!")])

    def test_slow_forgets_what_could_not_be_sent(self) -> None:
        self.ann.say("/mode slow 10")
        self.store.full = True
        self.bob.say("one")
        self.store.full = False
        self.assertEqual(self.bob.say("one")[-1], "[bob] one")

    def test_limit(self) -> None:
        self.ann.say("/mode limit 5")
        self.refused(self.dan, "/join #room", "is full")
        self.ann.say("/mode limit 6")
        self.assertIn("user [dan] has entered the room", self.dan.say("/join #room"))

    def test_showing_and_clearing_them(self) -> None:
        self.ann.say("/mode slow 5", "/mode secret", "/mode key x")
        self.world.all_read()
        self.assertEqual(self.bob.say("/mode"), ["-- Modes of #room: slow 5, secret, key x."])
        for mode in ("slow", "secret", "key"):
            self.ann.say(f"/mode {mode} off")
        self.assertEqual(self.bob.say("/mode")[-1], "-- Modes of #room: none.")
        self.assertEqual(self.kept()["modes"], {})


class DeleteTests(RoomCase):
    def setUp(self) -> None:
        super().setUp()
        self.bob.say("bobs apple")
        self.cat.say("cats apple")
        self.own, self.others = self.id_of("bobs apple"), self.id_of("cats apple")
        self.world.all_read()

    def test_gone_from_history_replay_and_search(self) -> None:
        self.bob.say(f"/delete {self.own}")
        self.assertEqual(self.vic.read(), [f"user [bob] deleted message {self.own} of [bob]"])
        for lines in (self.vic.say("/history"), self.dan.say("/join #room")):
            self.assertNotIn("bobs apple", "\n".join(lines))
            self.assertIn("[bob] (deleted)", "\n".join(lines))
        self.assertEqual(len(self.vic.say("/search apple")), 3)
        self.assertEqual(self.vic.say("/search bobs")[-1], "-- Found 0 lines.")
        self.vic.say("/format json", "/history")
        self.assertEqual([o for o in self.vic.objects() if o.get("id") == self.own and "text" in o], [])

    def test_it_stays_deleted_for_those_who_join_after_the_room_was_empty(self) -> None:
        self.bob.say(f"/delete {self.own}")
        for client in (self.ann, self.opal, self.vic, self.bob, self.cat):
            client.say("/leave #room")
        self.assertNotIn("bobs apple", "\n".join(self.dan.say("/join #room")))

    def test_who_may(self) -> None:
        self.assertIn("takes the role op", self.bob.say(f"/delete {self.others}")[-1])
        # A guest's name may have been another's.
        self.assertIn("takes the role op", self.cat.say(f"/delete {self.others}")[-1])
        self.assertIn("takes the role op", self.vic.say(f"/delete {self.others}")[-1])
        self.assertIn("deleted message", self.opal.say(f"/delete {self.others}")[-1])
        self.assertIn("no such message", self.opal.say(f"/delete {self.others}")[-1])

    def test_one_s_own_is_not_what_a_guest_of_that_name_said(self) -> None:
        self.dan.say("/join #room", "dans apple")
        said = self.id_of("dans apple")
        self.world.clock.advance(1)
        self.dan.say("/register longenough")
        self.assertIn("takes the role op", self.dan.say(f"/delete {said}")[-1])

    def test_not_from_another_room_and_nothing_but_messages(self) -> None:
        self.ann.say("/topic x", "/leave #room", "/join #own")
        self.assertIn("no such message", self.ann.say(f"/delete {self.own}")[-1])
        for id in (0, 1, 10**9, self.store._last_id):
            self.assertIn("no such message", self.opal.say(f"/delete {id}")[-1])
        for text in ("x", "-1", "9" * 19, "1 2"):
            self.assertEqual(self.opal.say(f"/delete {text}")[-1][:2], "!!")

    def test_lines_that_follow_wait(self) -> None:
        self.store.hold_reads = True
        self.bob.send(f"/delete {self.own}", "after")
        self.world.settle()
        self.assertEqual(self.bob.read(), [])
        self.store.hold_reads = False
        self.store.release_reads()
        self.world.settle()
        self.assertEqual(self.bob.read(), [f"user [bob] deleted message {self.own} of [bob]", "[bob] after"])

    def test_who_is_put_out_or_gone_meanwhile_deletes_nothing(self) -> None:
        self.store.hold_reads = True
        self.opal.send(f"/delete {self.others}")
        self.bob.send(f"/delete {self.own}")
        self.world.settle()
        self.ann.say("/kick opal")
        self.bob.drop()
        self.store.release_reads()
        self.world.settle()
        self.store.hold_reads = False
        self.assertEqual(len(self.ann.say("/search apple")), 5)


class PinTests(RoomCase):
    def pin(self, text: str) -> int:
        self.bob.say(text)
        id = self.id_of(text)
        self.opal.say(f"/pin {id}")
        return id

    def test_everyone_can_read_them(self) -> None:
        self.pin("one")
        self.world.all_read()
        said = self.dan.say("/join #room")
        self.assertIn("-- 1 pinned message: /pin shows what.", said)
        self.world.all_read()
        self.assertIn("[bob] one", self.bob.say("/pin")[0])

    def test_ten_at_most_and_each_once(self) -> None:
        ids = [self.pin(f"text {i}") for i in range(10)]
        self.assertEqual(self.room.pins, tuple(ids))
        self.opal.say(f"/pin {ids[0]}")
        self.assertEqual(self.room.pins, (*ids[1:], ids[0]))
        self.pin("one more")
        self.assertEqual(len(self.room.pins), 10)

    def test_what_is_gone_can_be_unpinned(self) -> None:
        id = self.pin("one")
        self.opal.say(f"/delete {id}")
        self.world.all_read()
        self.assertIn("[bob] (deleted)", self.bob.say("/pin")[0])
        self.opal.say(f"/unpin {id}")
        self.assertEqual(self.room.pins, ())
        self.assertEqual(self.opal.say(f"/unpin {id}")[-1][:2], "!!")

    def test_only_messages_of_this_room(self) -> None:
        self.ann.say("/mode slow 5")
        self.dan.say("elsewhere")
        for text in ("slow 5", "elsewhere"):
            self.opal.say(f"/pin {self.id_of(text)}")
        self.assertEqual(self.room.pins, ())
