"""Nobody but the owner reads the files: they hold direct messages and hashes of passwords."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from twisted_chat.store import maintenance
from twisted_chat.store.sqlite import SQLiteStore


class PrivateTests(TestCase):
    async def test_files_are_their_owners_alone(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="twisted-chat-test-"))
        self.addCleanup(shutil.rmtree, folder)
        self.addCleanup(os.umask, os.umask(0o022))
        store = SQLiteStore(str(folder / "chat.sqlite"), reactor.callFromThread)  # type: ignore[attr-defined]
        store.feed = lambda records: None
        store.open()
        maintenance.backup(str(folder / "chat.sqlite"), str(folder / "copy.sqlite"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.suffix != ".lock"}
        await store.close()
        self.assertIn("copy.sqlite", modes)
        self.assertEqual(set(modes.values()), {0o600}, modes)
