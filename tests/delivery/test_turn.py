"""A turn: gathered, committed in one transaction, delivered in one write; or taken back."""

from __future__ import annotations

from chat_support import START, Client, Held, Wire, World, WorldCase, event
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.acts import Answer
from twisted_chat.chat.events import Kind
from twisted_chat.delivery.turn import CONGESTED, GATHER, MANY, NOT_SENT, RETRY

SORRY = f"!! {NOT_SENT}"


class TurnCase(WorldCase):
    def setUp(self) -> None:
        super().setUp()
        self.store: Held = self.world.store
        self.kim = self.world.enter("kim")
        self.bob = self.world.enter("bob")
        self.kim.read()

    def tearDown(self) -> None:
        self.store.hold = self.store.full = False
        if self.store.waiting:
            self.store.release()
        self.world.clock.advance(2 * RETRY)
        super().tearDown()

    def writes(self, client: Client) -> list[bytes]:
        writes, client.wire.writes = client.wire.writes, []
        return writes


class CommitTests(TurnCase):
    def test_nothing_is_sent_before_the_turn_has_ended_and_is_on_disk(self) -> None:
        self.store.hold = True
        self.kim.send("one")
        self.assertFalse(self.store.waiting)
        self.world.settle()
        self.assertTrue(self.store.waiting)
        self.assertEqual((self.kim.read(), self.bob.read()), ([], []))
        self.store.release()
        self.assertEqual((self.kim.read(), self.bob.read()), (["[kim] one"], ["[kim] one"]))

    def test_a_turn_is_one_commit_and_one_write_a_session(self) -> None:
        self.store.commits.clear()
        self.writes(self.bob)
        self.kim.send("one", "two", "/me three")
        self.bob.send("four")
        self.world.settle()
        self.assertEqual(self.store.commits, [4])
        self.assertEqual(self.writes(self.bob), [b"[kim] one\n[kim] two\n* kim three\n[bob] four\n"])

    def test_the_same_bytes_go_to_everyone(self) -> None:
        eve = self.world.enter("eve")
        for client in (self.bob, eve):
            self.writes(client)
        self.kim.say("one", "two")
        self.assertIs(self.writes(self.bob)[0], self.writes(eve)[0])

    def test_while_a_commit_is_under_way_what_comes_gathers_into_the_next(self) -> None:
        self.store.commits.clear()
        self.store.hold = True
        self.kim.say("one")
        for line in ("two", "three"):
            self.kim.say(line)
        self.bob.say("four")
        self.store.release()
        self.assertEqual(self.bob.read(), ["[kim] one"])
        self.world.settle()
        self.store.release()
        self.assertEqual(self.bob.read(), ["[kim] two", "[kim] three", "[bob] four"])
        self.assertEqual(self.store.commits, [1, 3])

    def test_answers_never_overtake_what_is_still_being_written(self) -> None:
        self.store.hold = True
        self.kim.say("one")
        self.assertEqual(self.kim.say("/ping a"), [])
        self.store.release()
        self.world.settle()
        self.assertEqual(self.kim.read(), ["[kim] one", "-- pong a"])

    def test_nor_when_the_next_commit_is_done_at_once(self) -> None:
        self.store.hold = True
        self.kim.say("one")
        self.kim.say("/ping a", "two")
        self.store.hold = False
        self.store.release()
        self.world.settle()
        self.assertEqual(self.kim.read(), ["[kim] one", "-- pong a", "[kim] two"])

    def test_replies_and_messages_come_in_the_order_of_the_commands(self) -> None:
        self.assertEqual(
            self.kim.say("one", "/ping a", "two", "/nope", "/topic x"),
            ["[kim] one", "-- pong a", "[kim] two", "!! There is no command /nope. /help lists the commands.",
             "user [kim] set the topic: x"],
        )  # fmt: skip

    def test_a_turn_without_events_needs_no_commit(self) -> None:
        self.store.commits.clear()
        self.store.hold = True
        self.assertEqual(self.kim.say("/ping a"), ["-- pong a"])
        self.assertEqual(self.store.commits, [])

    def test_what_others_appended_to_the_log_is_delivered_too(self) -> None:
        alien = event("from elsewhere")
        self.world.turn.feed([alien])
        self.assertEqual(self.bob.read(), ["[kim] from elsewhere"])

    def test_finished_waits_for_all_that_was_added(self) -> None:
        done: list[str] = []
        self.world.turn.finished().addCallback(lambda _: done.append("nothing"))
        self.assertEqual(done, ["nothing"])
        self.store.hold = True
        self.kim.send("one")
        self.world.turn.finished().addCallback(lambda _: done.append("one"))
        self.world.settle()
        self.world.turn.finished().addCallback(lambda _: done.append("still one"))
        self.kim.say("two")
        self.world.turn.finished().addCallback(lambda _: done.append("two"))
        self.assertEqual(done, ["nothing"])
        self.store.release()
        self.assertEqual(done, ["nothing", "one", "still one"])
        self.world.settle()
        self.store.release()
        self.assertEqual(done[3:], ["two"])

    def test_finished_does_not_wait_for_those_who_talk_on_and_on(self) -> None:
        self.store.hold = True
        self.kim.say("one")
        done: list[None] = []
        self.world.turn.finished().addCallback(done.append)
        self.kim.say("two")
        self.store.release()
        self.assertEqual(done, [None])
        self.world.settle()
        self.store.release()

    def test_finished_waits_for_what_has_happened_and_cannot_be_written_yet(self) -> None:
        self.store.full = True
        self.kim.drop()
        done: list[None] = []
        self.world.turn.finished().addCallback(done.append)
        self.bob.say("/ping")
        self.assertEqual(done, [])
        self.store.full = False
        self.world.clock.advance(RETRY)
        self.assertEqual(done, [None])

    def test_a_defect_in_one_delivery_is_logged_and_the_next_arrives(self) -> None:
        deliver, self.world.fanout.deliver = self.world.fanout.deliver, None  # type: ignore[assignment,method-assign]
        self.kim.say("lost")
        self.world.fanout.deliver = deliver  # type: ignore[method-assign]
        self.assertEqual(self.kim.say("found"), ["[kim] found"])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)


class GatherTests(SynchronousTestCase):
    """Where many talk at once, what they go on with is read before the disk is asked again."""

    def setUp(self) -> None:
        self.world = World(gather=GATHER)
        self.store: Held = self.world.store
        self.kim = self.world.enter("kim")
        self.bob = self.world.enter("bob")
        self.world.clock.advance(GATHER)
        self.kim.read()
        self.store.commits.clear()

    def busy_turn(self) -> None:
        self.kim.say(*(f"{number}" for number in range(MANY + 1)))
        self.assertEqual(self.store.commits, [MANY + 1])
        self.assertEqual(len(self.bob.read()), MANY + 1)

    def test_what_comes_soon_after_a_busy_turn_shares_a_commit(self) -> None:
        self.busy_turn()
        self.kim.say("one")
        self.world.clock.advance(GATHER / 2)
        self.bob.say("two", "/ping x")
        self.assertEqual(self.store.commits, [MANY + 1])
        self.assertEqual(self.bob.read(), [])
        self.world.clock.advance(GATHER / 2)
        self.assertEqual(self.store.commits, [MANY + 1, 2])
        self.assertEqual(self.bob.read(), ["[kim] one", "[bob] two", "-- pong x"])

    def test_what_came_in_while_it_was_written_does_too(self) -> None:
        self.store.hold = True
        self.kim.say(*(f"{number}" for number in range(MANY + 1)))
        self.bob.say("one")
        self.store.hold = False
        self.store.release()
        self.assertEqual(len(self.bob.read()), MANY + 1)
        self.bob.say("two")
        self.assertEqual(self.store.commits, [MANY + 1])
        self.world.clock.advance(GATHER)
        self.assertEqual(self.store.commits, [MANY + 1, 2])

    def test_what_comes_later_does_not_wait(self) -> None:
        self.busy_turn()
        self.world.clock.advance(GATHER)
        self.assertEqual(self.kim.say("one"), ["[kim] one"])

    def test_nor_does_anyone_while_only_few_talk(self) -> None:
        self.kim.send("one")
        self.bob.send("two")
        self.world.settle()
        self.assertEqual(self.kim.say("three"), ["[kim] one", "[bob] two", "[kim] three"])

    def test_a_failed_turn_makes_nobody_wait_longer(self) -> None:
        self.busy_turn()
        self.kim.read()
        self.store.full = True
        self.kim.say("one")
        self.world.clock.advance(GATHER)
        self.assertEqual(self.kim.read(), [SORRY])
        self.store.full = False
        self.assertEqual(self.kim.say("two"), ["[kim] two"])

    def test_the_end_is_waited_for(self) -> None:
        self.busy_turn()
        self.kim.say("one")
        done: list[None] = []
        self.world.turn.finished().addCallback(done.append)
        self.assertEqual(done, [])
        self.world.clock.advance(GATHER)
        self.assertEqual(done, [None])


class FailureTests(TurnCase):
    def test_senders_are_told_and_nobody_has_seen_anything(self) -> None:
        self.store.full = True
        self.assertEqual(self.kim.say("one", "/me two"), [SORRY, SORRY])
        self.assertEqual(self.bob.read(), [])

    def test_it_is_as_if_nothing_had_happened(self) -> None:
        self.store.full = True
        before = (set(self.world.chat.users), set(self.world.chat.rooms))
        self.assertEqual(self.kim.say("/join #dev", "/topic x", "/nick kimchi", "/leave"), [SORRY] * 4)
        self.assertEqual((set(self.world.chat.users), set(self.world.chat.rooms)), before)
        self.world.check()
        self.store.full = False
        self.assertEqual(self.kim.say("hi"), ["[kim] hi"])
        self.assertEqual(self.bob.read(), ["[kim] hi"])

    def test_answers_of_the_same_turn_still_come(self) -> None:
        self.store.full = True
        self.assertEqual(self.kim.say("/ping a", "one", "/ping b"), ["-- pong a", SORRY, "-- pong b"])
        self.assertEqual(self.bob.say("/ping"), ["-- pong"])

    def test_what_was_done_while_the_commit_was_failing_fails_with_it(self) -> None:
        self.store.hold = self.store.full = True
        self.kim.say("/join #dev")
        self.kim.say("in dev", "/ping a")
        self.store.release()
        self.assertEqual(self.kim.read(), [SORRY, SORRY, "-- pong a"])
        self.assertFalse(self.store.waiting)
        self.assertNotIn("#dev", self.world.chat.rooms)

    def test_someone_who_wanted_to_log_in_is_asked_again(self) -> None:
        self.store.full = True
        eve = self.world.connect()
        self.assertEqual(eve.say("eve"), ["Login Id: " + SORRY, "Login Id: "])
        self.store.full = False
        self.assertEqual(eve.say("eve")[0], "user [eve] has entered the room")
        self.assertEqual(self.bob.read(), ["user [eve] has entered the room"])

    def test_a_disconnect_is_told_later_because_it_has_happened(self) -> None:
        self.store.full = True
        self.kim.drop()
        self.world.settle()
        self.assertEqual(self.bob.read(), [])
        self.world.clock.advance(RETRY)
        self.assertEqual(self.bob.read(), [])
        self.store.full = False
        self.world.clock.advance(RETRY)
        self.assertEqual(self.bob.read(), ["user [kim] left the room"])
        self.assertEqual(self.store.log[-1].kind, Kind.LEAVE)

    def test_a_room_left_in_vain_is_left_with_the_connection(self) -> None:
        self.store.full = True
        self.kim.send("/leave")
        self.kim.drop()
        self.world.settle()
        self.assertEqual(self.bob.read(), [])
        self.store.full = False
        self.world.clock.advance(RETRY)
        self.assertEqual(self.bob.read(), ["user [kim] left the room"])
        self.assertEqual(list(self.world.fanout._audiences), ["#lobby"])
        self.world.check()

    def test_the_name_of_someone_whose_leaving_waits_is_free(self) -> None:
        self.store.full = True
        self.kim.drop()
        self.world.settle()
        self.store.full = False
        self.bob.send("/nick kim")
        self.world.clock.advance(RETRY)
        self.assertEqual(
            self.bob.read(), ["user [kim] left the room", "user [bob] is now [kim]", "-- You are now kim."]
        )

    def test_messages_are_refused_again_and_again_without_a_flood_in_the_operators_log(self) -> None:
        logged: list[str] = []
        self.patch(self.world.turn, "log", _Log(logged))
        self.store.full = True
        for _ in range(5):
            self.assertEqual(self.kim.say("x"), [SORRY])
        self.assertEqual(len(logged), 1)
        self.store.full = False
        self.kim.say("x")
        self.store.full = True
        self.kim.say("x")
        self.assertEqual(len(logged), 2)

    def test_focus_is_where_it_was_when_entering_a_room_failed(self) -> None:
        self.store.full = True
        self.kim.say("/join #dev", "/join #lobby", "/join #dev")
        self.assertEqual((self.kim.session.current, self.kim.session.room.name), ("#lobby", "#lobby"))
        self.store.full = False
        self.bob.say("hi")
        self.assertEqual(self.kim.read(), ["[bob] hi"])

    def test_a_defect_in_the_store_is_logged_and_treated_like_a_full_disk(self) -> None:
        append, self.store.append = self.store.append, None  # type: ignore[assignment,method-assign]
        self.assertEqual(self.kim.say("x"), [SORRY])
        self.store.append = append  # type: ignore[method-assign]
        self.assertEqual(self.kim.say("y"), ["[kim] y"])
        self.assertEqual(len(self.flushLoggedErrors(TypeError)), 1)

    def test_one_who_quits_while_the_disk_is_full_gets_their_goodbye(self) -> None:
        self.store.full = True
        self.assertEqual(self.kim.say("/quit")[-1], "-- Goodbye.")
        self.assertTrue(self.kim.wire.disconnecting)
        self.kim.drop()


class CongestionTests(TurnCase):
    def test_reading_pauses_while_too_much_waits_for_the_disk_and_resumes(self) -> None:
        self.store.hold = True
        self.kim.say("first")
        for _ in range(CONGESTED // 100):
            self.kim.send(*["/ping"] * 100)
        self.kim.send("/ping")
        self.assertEqual(self.kim.wire.producerState, "producing")
        self.kim.send("/ping")
        self.assertEqual(self.kim.wire.producerState, "paused")
        self.bob.send("x")
        self.assertEqual(self.bob.wire.producerState, "paused")
        self.store.release()
        self.store.hold = False
        self.world.settle()
        self.assertEqual(self.kim.wire.producerState, "producing")
        self.assertEqual(self.bob.wire.producerState, "producing")
        self.assertEqual(self.kim.read()[-2:], ["-- pong", "[bob] x"])

    def test_reading_resumes_when_the_commit_fails(self) -> None:
        self.store.hold = self.store.full = True
        self.kim.say("first")
        for _ in range(CONGESTED // 100):
            self.kim.send(*["/ping"] * 100)
        self.kim.send("/ping")
        self.kim.send("/ping")
        self.assertEqual(self.kim.wire.producerState, "paused")
        self.store.release()
        self.world.settle()
        self.assertEqual(self.kim.wire.producerState, "producing")

    def test_however_many_send_however_much_at_once_what_waits_is_bounded_and_nothing_is_lost(self) -> None:
        people = [self.world.enter(f"c{i}") for i in range(20)]
        self.store.hold = True
        self.kim.say("first")
        most = 0
        for person in people:
            person.bytes(b"a\n" * 2000)
        for _ in range(50):
            self.world.settle()
            most = max(most, self.world.turn.waiting)
        self.assertLess(most, CONGESTED + 2 * 20 * 100)
        self.assertGreater(most, CONGESTED)
        self.store.hold = False
        self.store.release()
        for _ in range(500):
            self.world.settle()
        said = [event.text for event in self.store.log]
        self.assertEqual(said.count("a"), 20 * 2000)
        self.assertEqual({person.wire.producerState for person in people}, {"producing"})

    def test_newcomers_add_nothing_to_what_waits_and_those_who_go_are_forgotten(self) -> None:
        self.store.hold = True
        self.kim.say("first")
        for _ in range(CONGESTED // 100 + 1):
            self.kim.send(*["/ping"] * 100)
        before = self.world.turn.waiting
        for i in range(50):
            client = self.world.connect()
            client.send(f"guest{i}", "hello")
            self.world.settle()
            client.drop()
        self.assertEqual(self.world.turn.waiting, before)
        self.assertEqual(len(self.world.turn._waiting), 0)
        self.store.hold = False
        self.store.release()
        self.world.settle()


class DirectTests(SynchronousTestCase):
    def test_an_act_of_nobody_that_fails_tells_nobody(self) -> None:
        world = World()
        kim = world.enter("kim")
        world.store.full = True
        kim.drop()
        world.settle()
        self.assertEqual(kim.read(), [])

    def test_a_paused_wire_is_resumed_after_its_end_without_harm(self) -> None:
        world, wire = World(), Wire()
        kim = world.enter("kim")
        world.store.hold = True
        kim.say("x")
        kim.send(*["/ping"] * 50)
        world.turn._waiting[wire] = None
        wire.loseConnection()
        world.store.release()
        self.assertEqual(world.turn._waiting, {})

    def test_the_clock_of_events_is_the_one_given(self) -> None:
        world = World()
        kim = world.enter("kim")
        world.clock.advance(1.5)
        kim.say("x")
        self.assertEqual(world.store.log[-1].time, int((START + 1.5) * 1000))

    def test_an_answer_to_one_is_for_that_one(self) -> None:
        world = World()
        kim, bob = world.enter("kim"), world.enter("bob")
        kim.read()
        world.chat.do(kim.session, Answer(kim.session, "info", "yours"))
        world.settle()
        self.assertEqual((kim.read(), bob.read()), (["-- yours"], []))


class _Log:
    def __init__(self, logged: list[str]) -> None:
        self.logged = logged

    def error(self, format: str, **values: object) -> None:
        self.logged.append(format.format(**values))
