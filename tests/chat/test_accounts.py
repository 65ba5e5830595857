"""What is kept of accounts, when some of it is taken back."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.accounts import Account, Accounts


class NoteTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.accounts = Accounts()
        self.accounts.put(Account("Ann", "hash", 1.0, 1.0))

    def test_none_of_them_keeps_what_was_taken_back(self) -> None:
        _, undo = self.accounts.change("ann", shunned=True)
        notes = [self.accounts.note("ann", seen=2.0), self.accounts.note("ann", seen=3.0)]
        undo()
        self.assertEqual([note.value for note in notes], 2 * [self.accounts.get("ann").record()])
        self.assertFalse(notes[0].value["shunned"])

    def test_nothing_is_left_of_those_that_are_kept(self) -> None:
        notes = [self.accounts.note("ann", seen=float(i)) for i in range(3)]
        del notes[1:]
        self.assertEqual(len(self.accounts._notes["ann"]), 1)
        notes.clear()
        gc.collect()
        self.assertEqual(self.accounts._notes, {})
