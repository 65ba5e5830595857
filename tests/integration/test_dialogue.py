"""docs/protocol.md is true: its dialogue is replayed."""

from daemon import ROOT, DaemonCase


def dialogue() -> list[tuple[str, str]]:
    """Who says what, C or S, in the documented dialogue."""
    _, _, after = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8").partition("\n## A dialogue\n")
    block = after.split("```")[1]
    return [(line[0], line[3:]) for line in block.strip("\n").split("\n")]


class DialogueTests(DaemonCase):
    def test_documented_dialogue(self) -> None:
        steps = dialogue()
        self.assertEqual({who for who, _ in steps}, {"C", "S"})
        self.assertGreater(len(steps), 10)
        client = self.client(self.daemon())
        for who, text in steps:
            if who == "C":
                client.send(text)
            elif text == "Login Id: ":
                self.assertEqual(client.until(text), text)
            else:
                self.assertEqual(client.line(), text)
        self.assertEqual(client.rest(), "", "the server says more than is written")
