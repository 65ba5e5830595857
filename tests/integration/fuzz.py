"""Real dialogues, mutated: what comes of it must be no traceback, no line over its limit, and nobody else's trouble.

python tests/integration/fuzz.py --protocol irc --inputs 1000000 --seed 1
"""

from __future__ import annotations

import argparse
import random
import select
import time
from collections.abc import Sequence

from daemon import LOCAL, PATIENCE, Address, Daemon, connect, temporary

CONNECTIONS = 8
# How many inputs go by between two looks whether the innocent are well.
EVERY = 2_000

IRC = [
    b"CAP LS 302|NICK {n}|USER u 0 * :A name|CAP REQ :message-tags server-time batch labeled-response|CAP END|"
    b"JOIN #lobby",
    b"CAP REQ :echo-message draft/multiline account-tag extended-join|NICK {n}|USER u 0 * :\xc3\xa4|CAP END|"
    b"JOIN #lobby,#dev",
    b"NICK {n}|USER u 0 * :x|JOIN #dev|PRIVMSG #dev :hello|NOTICE #dev :done|PART #dev :bye",
    b"PRIVMSG {o},#lobby,nobody :hello there|PRIVMSG {o} :\x01VERSION\x01|NOTICE {o} :\x01VERSION x\x01",
    b"@label=1;+typing=active TAGMSG #lobby|@+draft/reply=3;+draft/react=\xf0\x9f\x91\x8d TAGMSG #lobby|"
    b"@label=2 WHOIS {o}",
    b"@label=b BATCH +1 draft/multiline #lobby|@batch=1 PRIVMSG #lobby :one|"
    b"@batch=1;draft/multiline-concat PRIVMSG #lobby :two|@batch=1 PRIVMSG #lobby :|BATCH -1",
    b"MODE #dev +o {o}|MODE #dev +k-t key|MODE #dev +b *!*@host|MODE #dev|MODE {n} +i|TOPIC #dev :news|"
    b"KICK #dev {o} :spam",
    b"WHO #lobby %tna,1|WHO {o}|WHOWAS {o}|ISON {o} kim|USERHOST {o}|NAMES #lobby|LIST >1|LUSERS|MOTD|VERSION|TIME",
    b"INVITE {o} #dev|AWAY :lunch|AWAY|SETNAME :other|MONITOR + {o}|MONITOR S|OPER root wrong|WALLOPS :all|KILL {o} :x",
    b"CHATHISTORY LATEST #lobby * 10|CHATHISTORY BEFORE #lobby msgid=5 3|MARKREAD #lobby|REDACT #lobby 3 :no|"
    b"METADATA * LIST|AUTHENTICATE PLAIN|AUTHENTICATE =|RENAME #dev #other|HELP|PING x|PONG y|NICK {n}",
    b"PRIVMSG NickServ :HELP|PRIVMSG ChanServ :INFO #dev|HISTORY 5|SEARCH hello|REPLY 3 yes|QUIT :bye",
]
LINE = [
    b"{n}|hello|/me waves|/join #dev|/topic news|/leave|/who|/rooms",
    b"{n}|/format json|hello|/msg {o} psst|/history 5 ids|/history 5 before 9|/search hello|/unread",
    b"/nick {n}|/whois {o}|/seen {o}|/away lunch|/away|/reply 3 yes|/react 3 \xf0\x9f\x91\x8d|"
    b"/unreact 3 \xf0\x9f\x91\x8d|/ping x",
    b"/join #dev key|/mode moderated on|/mode key secret|/op {o}|/voice {o}|/kick {o} spam|/ban {o} 5m|/mute {o}|/bans",
    b"/invite {o}|/pin 3|/unpin 3|/delete 3|/kill {o}|/gban x|/announce all|/audit|/shun {o}|/rehash|/help me|"
    b"/format text",
    b"/login {o} wrong-password|/logout|{n}|/quit bye",
]
DIALOGUES = {"irc": [text.split(b"|") for text in IRC], "line": [text.split(b"|") for text in LINE]}
ODD = [
    b"", b" ", b":", b"@", b"\0", b"\r", b"\x1b[2J", b"\xff", b"\xe2\x80\xae", b"*", b",", b",,", b"#", b"-1", b"0",
    b"9" * 30, b"x" * 500, b"\xc3\xa4" * 300, b"x" * 5000, b"%s%n", b"=" * 64, b"+", b"\x01", b";", b"a=b;", b"\\",
]  # fmt: skip


def mutate(dice: random.Random, dialogues: Sequence[Sequence[bytes]], names: Sequence[bytes]) -> list[bytes]:
    """A dialogue, somehow."""
    lines = list(dice.choice(dialogues))
    for _ in range(dice.choice((0, 1, 1, 2, 4))):
        at = dice.randrange(len(lines))
        words = lines[at].split(b" ")
        where = dice.randrange(len(words))
        match dice.randrange(11):
            case 0:
                del words[where]
            case 1:
                words.insert(where, dice.choice(ODD))
            case 2:
                words[where] = dice.choice(ODD)
            case 3:
                words[where] = dice.choice(dice.choice(dice.choice(dialogues)).split(b" "))
            case 4:
                words[where] += dice.choice(ODD)
            case 5:
                words = words[: where + 1]
            case 6:
                words *= dice.choice((2, 3, 40))
            case 7:
                words[where] = bytes(dice.randrange(256) for _ in range(dice.randrange(12)))
            case 8:
                words = dice.choice(dice.choice(dialogues)).split(b" ")[:where] + words
            case 9:
                lines.insert(at, dice.choice(dice.choice(dialogues)))
            case _:
                cut = dice.randrange(len(lines[at]) + 1)
                words = [lines[at][:cut] + dice.choice(ODD) + lines[at][cut:]]
        lines[at] = b" ".join(words)
    return [line.replace(b"{n}", dice.choice(names)).replace(b"{o}", dice.choice(names)) for line in lines]


class Peer:
    """One connection, and what is sent on it and comes back.

    @ivar mark: what will be in the answer to the last that was sent.
    @ivar answered: whether that has come.
    """

    def __init__(self, address: Address, irc: bool) -> None:
        self._address = address
        self._irc = irc
        self.closed = 0
        self.lines: list[bytes] = []
        self.open()

    def open(self) -> None:
        self.socket = connect(self._address)
        self.socket.setblocking(False)
        self.out = b""
        self.answered, self.mark = True, b""
        self._rest = b""

    def write(self) -> None:
        try:
            self.out = self.out[self.socket.send(self.out) :]
        except BlockingIOError:
            pass
        except OSError:
            self.again()

    def read(self) -> None:
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.again()
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines = lines
        self.answered = self.answered or self.mark in data
        if self._irc:
            for line in lines:
                check(line)

    def again(self) -> None:
        self.socket.close()
        self.closed += 1
        self.open()


def check(line: bytes) -> None:
    """That a line of the server is a line of IRC. @param line: without its LF."""
    tags, _, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
    assert rest.endswith(b"\r") and b"\r" not in rest[:-1] and b"\0" not in line, line[:300]
    assert len(tags) < 8191 and 2 <= len(rest) <= 511, line[:300]


def fuzz(daemon: Daemon, protocol: str, inputs: int, seed: int) -> tuple[int, float]:
    """
    @param daemon: its first address speaks the line protocol, its second IRC.
    @return: how many connections were closed, and how long it took in seconds.
    @raise AssertionError: something is not as it should be.
    """
    dice = random.Random(f"{protocol} {seed}")
    address = daemon.addresses[protocol == "irc"]
    names = [b"kim%d" % i for i in range(CONNECTIONS)]
    peers = [Peer(address, protocol == "irc") for _ in names]
    ann, lin = Peer(daemon.addresses[1], True), Peer(daemon.addresses[0], False)
    everyone = {peer.socket.fileno(): peer for peer in (*peers, ann, lin)}
    lin.socket.setblocking(True)
    lin.socket.sendall(b"lin\n")
    while b"Welcome" not in lin.socket.recv(4096):
        pass
    lin.socket.setblocking(False)
    ann.out = b"NICK ann\r\nUSER ann 0 * :Ann\r\nJOIN #lobby\r\n"
    sent = marked = heard = 0
    quiet = True
    began = moved = time.monotonic()
    while heard * EVERY < inputs:
        if sent >= marked * EVERY and marked == heard and quiet:
            # All that was sent has been taken.
            marked += 1
            ann.out += b"PRIVMSG #lobby :mark %d\r\n" % marked
        for peer in peers:
            # A little more than is needed, so that the last mark is passed.
            if sent < marked * EVERY and not peer.out and (quiet or peer.answered):
                lines = mutate(dice, DIALOGUES[protocol], names)
                sent += len(lines)
                # So that not too much is lost when a connection ends.
                lines.append((b"PING s%d" if protocol == "irc" else b"/ping s%d") % sent)
                peer.mark, peer.answered = b"s%d" % sent, False
                peer.out = dice.choice((b"\n", b"\r\n", b"\r\n")).join([*lines, b""])
        waiting = [peer.socket for peer in everyone.values() if peer.out]
        readable, writable, _ = select.select([peer.socket for peer in everyone.values()], waiting, [], 0.05)
        quiet = not readable and not writable
        for number in [ready.fileno() for ready in writable]:
            everyone[number].write()
        for number in [ready.fileno() for ready in readable]:
            if number >= 0:
                everyone[number].read()
        everyone = {peer.socket.fileno(): peer for peer in everyone.values()}
        if any(line.startswith(b"[ann] mark %d" % marked) for line in lin.lines):
            heard, moved = marked, time.monotonic()
        lin.lines = []
        assert ann.closed == lin.closed == 0, "an innocent client was dropped"
        assert daemon.alive, daemon.log()[-3000:]
        state = f"{sent} sent, {marked} marked, {heard} heard, {[len(peer.out) for peer in everyone.values()]} wait"
        assert time.monotonic() - moved < PATIENCE, f"an innocent client was not heard: {state}"
    for peer in everyone.values():
        peer.socket.close()
    log = daemon.log()
    for sign in ("Traceback", "a defect", "Unhandled"):
        assert sign not in log, log[max(log.index(sign) - 500, 0) :][:4000]
    return sum(peer.closed for peer in peers), time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", choices=sorted(DIALOGUES), action="append")
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for protocol in options.protocol or sorted(DIALOGUES):
        with temporary("--irc", LOCAL) as daemon:
            closed, seconds = fuzz(daemon, protocol, options.inputs, options.seed)
            memory = daemon.memory() >> 20
        print(
            f"{protocol}: {options.inputs} lines, {seconds:.0f} s, {closed} connections closed, {memory} MiB at the end"
        )


if __name__ == "__main__":
    main()
