"""The log as JSON."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.logger import Logger, LogPublisher
from twisted.python import log as old_log
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.daemon.logs import JSONLog, observer


class JSONTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.file = io.StringIO()
        self.log = Logger("part", observer=LogPublisher(observer(self.file)))  # type: ignore[arg-type]

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.getvalue().splitlines()]

    def test_one_object_a_line_with_what_the_text_was_made_of(self) -> None:
        self.log.info("{peer} cut off: {queued} bytes\nwait", peer="192.0.2.1:9", queued=7, session=object())
        (event,) = self.said()
        self.assertRegex(event.pop("time"), r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\d\+00:00$")
        self.assertEqual(
            event,
            {
                "level": "info",
                "source": "part",
                "text": "192.0.2.1:9 cut off: 7 bytes\nwait",
                "peer": "192.0.2.1:9",
                "queued": 7,
            },
        )

    def test_a_failure_has_its_traceback(self) -> None:
        try:
            raise ZeroDivisionError("oh")
        except ZeroDivisionError:
            self.log.failure("it broke")
        (event,) = self.said()
        self.assertEqual((event["level"], event["text"]), ("critical", "it broke"))
        self.assertIn("ZeroDivisionError: oh", event["traceback"])

    def test_nothing_that_is_said_takes_the_place_of_the_rest(self) -> None:
        self.log.info("{text} {source}", text="my text", source="elsewhere")
        (event,) = self.said()
        self.assertEqual((event["text"], event["level"], event["source"]), ("my text elsewhere", "info", "part"))

    def test_what_the_older_way_of_logging_says(self) -> None:
        target = observer(self.file)
        old_log.theLogPublisher._publishPublisher.addObserver(target)
        self.addCleanup(old_log.theLogPublisher._publishPublisher.removeObserver, target)
        old_log.msg("an old friend")
        (event,) = self.said()
        self.assertEqual(event["text"], "an old friend")


class ProgramTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="twisted-chat-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def test_in_the_foreground_it_goes_to_standard_output(self) -> None:
        shown = io.StringIO()
        self.patch(sys, "stdout", shown)
        for program in ({"nodaemon": True, "logfile": None}, {"logfile": "-"}):
            json_log = JSONLog(program)
            json_log.begin()({"log_time": 1.0, "log_format": "hello"})
            json_log.rotate()
        self.assertEqual([json.loads(line)["text"] for line in shown.getvalue().splitlines()], ["hello", "hello"])

    def test_a_file_is_twistds_and_can_be_rotated(self) -> None:
        path = self.folder / "chat.log"
        program: dict[str, Any] = {"logfile": str(path)}
        json_log = JSONLog(program)
        write = json_log.begin()
        self.addCleanup(json_log._file.close)  # type: ignore[union-attr]
        write({"log_time": 1.0, "log_format": "one"})
        json_log.rotate()
        write({"log_time": 1.0, "log_format": "two"})
        self.assertEqual(json.loads(path.read_text())["text"], "two")
        self.assertEqual(json.loads((self.folder / "chat.log.1").read_text())["text"], "one")
