"""The table of docs/security.md names tests that there are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).resolve().parents[1]


class TableTests(SynchronousTestCase):
    def test_every_failure_has_a_test_that_there_is(self) -> None:
        section = (
            (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## Failures and their tests")[2]
        )
        rows = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("| ")][2:]
        self.assertGreater(len(rows), 12)
        for row in rows:
            named = re.findall(r"`(tests/[^:`]+)::(\w+)`", row)
            self.assertTrue(named, row)
            for path, name in named:
                tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
                nodes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef))
                self.assertIn(name, {node.name for node in nodes}, path)
