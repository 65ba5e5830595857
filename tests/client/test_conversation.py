"""Tests for L{twisted_chat.client.conversation}."""

from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from twisted_chat.client.conversation import (
    AFTER_ECHO,
    COMMAND_WAIT,
    ECHO_WAIT,
    ORIGINAL_READS,
    PAUSE_AFTER_LOGIN,
    PAUSE_BEFORE_LOGIN,
    SETTLE,
    Conversation,
    State,
)


class Recorder:
    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []

    def asked(self, prompt: str) -> None:
        self.calls.append(("asked", prompt))

    def logged_in(self) -> None:
        self.calls.append(("logged in",))

    def received(self, line: str) -> None:
        self.calls.append(("received", line))


class ConversationTestCase(TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.sent: list[bytes] = []
        self.listener = Recorder()
        self.talk = Conversation(self.clock, self.sent.append, self.listener)

    def got(self) -> list[tuple[str, ...]]:
        calls, self.listener.calls = self.listener.calls, []
        return calls

    def login(self, answer: bytes) -> None:
        self.talk.data_received(b"Login Id: ")
        self.talk.answer("kim")
        self.talk.data_received(answer)
        self.clock.advance(PAUSE_BEFORE_LOGIN)
        self.got()
        self.sent.clear()


class LoginTests(ConversationTestCase):
    def test_the_prompt_is_told_at_once(self) -> None:
        self.talk.data_received(b"Login Id: ")
        self.assertEqual(self.got(), [("asked", "Login Id: ")])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_prompt_in_pieces_is_told_once(self) -> None:
        for byte in b"Login Id: ":
            self.talk.data_received(bytes([byte]))
        self.clock.advance(PAUSE_BEFORE_LOGIN)
        self.assertEqual(self.got(), [("asked", "Login Id: ")])

    def test_an_unknown_prompt_is_told_after_a_pause(self) -> None:
        self.talk.data_received(b"Your quest: ")
        self.assertEqual(self.got(), [])
        self.clock.advance(PAUSE_BEFORE_LOGIN)
        self.assertEqual(self.got(), [("asked", "Your quest: ")])

    def test_a_name_in_use_is_asked_again(self) -> None:
        self.talk.data_received(b"Login Id: ")
        self.talk.answer("kim")
        self.got()
        self.talk.data_received(b"Registered username.\nLogin Id: ")
        self.clock.advance(SETTLE)
        self.assertEqual(self.got(), [("received", "Registered username."), ("asked", "Login Id: ")])
        self.assertIs(self.talk.state, State.ASKED)

    def test_a_refused_name_and_a_password_are_asked_before_the_login_counts(self) -> None:
        self.talk.data_received(b"Login Id: ")
        self.talk.answer("kim")
        self.talk.data_received(b"!! kim is registered.\nPassword: ")
        self.clock.advance(SETTLE)
        self.assertIs(self.talk.state, State.ASKED)
        self.talk.answer("secret")
        self.talk.data_received(b"user [kim] has entered the room\n")
        self.assertTrue(self.talk.modern)
        self.assertEqual(self.talk.name, "kim")
        self.assertEqual(self.sent, [b"kim\n", b"secret\n"])

    def test_lines_without_further_question_are_a_login_too(self) -> None:
        self.login(b"You are back.\n")
        self.assertIsNot(self.talk.state, State.IN)
        self.clock.advance(SETTLE)
        self.assertTrue(self.talk.modern)

    def test_an_answer_of_the_daemon_is_one_at_once(self) -> None:
        for line in (b"-- Welcome to chat.\n", b"~ 2026-11-22 10:00:01 [bob] earlier\n"):
            self.setUp()
            self.login(line)
            self.assertIs(self.talk.state, State.IN)
            self.assertTrue(self.talk.modern)


class DaemonTests(ConversationTestCase):
    def test_what_was_said_early_goes_out_after_the_login_in_one_write(self) -> None:
        self.talk.say("one")
        self.talk.say("two")
        self.assertEqual(self.sent, [])
        self.login_line = b"user [kim] has entered the room\n"
        self.talk.data_received(b"Login Id: ")
        self.talk.answer("kim")
        self.talk.data_received(self.login_line)
        self.assertEqual(self.sent, [b"kim\n", b"one\ntwo\n"])

    def test_only_lf_ends_a_line(self) -> None:
        self.login(b"user [kim] has entered the room\n")
        self.talk.data_received(b"[bob] see")
        self.clock.advance(60)
        self.assertEqual(self.got(), [])
        self.talk.data_received(b" this\n")
        self.assertEqual(self.got(), [("received", "[bob] see this")])

    def test_nothing_follows_quit(self) -> None:
        self.login(b"user [kim] has entered the room\n")
        self.talk.say("/QUIT lunch")
        self.talk.say("too late")
        self.assertTrue(self.talk.leaving)
        self.assertEqual(self.sent, [b"/QUIT lunch\n"])


class OriginalServerTests(ConversationTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.login(b"user [kim] has entered the room")

    def test_the_login_is_told(self) -> None:
        self.assertIs(self.talk.modern, False)
        self.assertIs(self.talk.state, State.IN)

    def test_what_came_before_a_pause_is_a_line(self) -> None:
        self.talk.data_received(b"[bob] hel")
        self.talk.data_received(b"lo")
        self.assertEqual(self.got(), [])
        self.clock.advance(PAUSE_AFTER_LOGIN)
        self.assertEqual(self.got(), [("received", "[bob] hello")])

    def test_a_stream_without_pauses_is_not_held_back(self) -> None:
        for _ in range(10):
            self.talk.data_received(b"x")
            self.clock.advance(PAUSE_AFTER_LOGIN / 2)
        self.assertTrue(self.got())

    def test_lf_from_another_client_ends_a_line_too(self) -> None:
        self.talk.data_received(b"[bob] hello\n")
        self.assertEqual(self.got(), [("received", "[bob] hello")])
        self.assertIs(self.talk.modern, False)

    def test_lines_go_out_one_at_a_time_after_the_echo(self) -> None:
        self.talk.say("one")
        self.talk.say("two")
        self.assertEqual(self.sent, [b"one"])
        self.talk.data_received(b"[kim] one")
        self.clock.advance(PAUSE_AFTER_LOGIN)
        self.assertEqual(self.sent, [b"one"])
        self.clock.advance(AFTER_ECHO)
        self.assertEqual(self.sent, [b"one", b"two"])

    def test_what_others_say_is_no_echo(self) -> None:
        self.talk.say("one")
        self.talk.say("two")
        self.talk.data_received(b"[bob] one")
        self.clock.advance(PAUSE_AFTER_LOGIN)
        self.clock.advance(AFTER_ECHO)
        self.assertEqual(self.sent, [b"one"])

    def test_without_an_echo_the_next_goes_out_later(self) -> None:
        self.talk.say("/me waves")
        self.talk.say("one")
        self.talk.say("two")
        self.clock.advance(COMMAND_WAIT)
        self.assertEqual(self.sent, [b"/me waves", b"one"])
        self.clock.advance(ECHO_WAIT)
        self.assertEqual(self.sent[2:], [b"two"])

    def test_blank_lines_are_not_sent(self) -> None:
        self.talk.say("")
        self.talk.say("  ")
        self.clock.advance(ECHO_WAIT)
        self.assertEqual(self.sent, [])

    def test_a_long_line_goes_out_in_parts_that_are_read_at_once(self) -> None:
        text = "é漢" * 1000
        self.talk.say(text)
        for _ in range(10):
            self.clock.advance(ECHO_WAIT)
        self.assertEqual(b"".join(self.sent).decode(), text)
        for part in self.sent:
            self.assertLessEqual(len(part), ORIGINAL_READS)
            part.decode()

    def test_the_end_passes_on_the_rest_and_stops_every_timer(self) -> None:
        self.talk.say("one")
        self.talk.say("two")
        self.talk.data_received(b"[bob] bye")
        self.talk.ended()
        self.assertEqual(self.got(), [("received", "[bob] bye")])
        self.assertEqual(self.clock.getDelayedCalls(), [])
