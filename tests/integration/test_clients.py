"""The clients that people have chat with each other: two of the original kind, netcat, telnet, and ours."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pexpect
from daemon import DaemonCase, Program

ORIGINAL = [sys.executable, str(Path(__file__).with_name("original_client.py"))]


class ClientTests(DaemonCase):
    def chat_together(self, *commands: list[str], answers: bool = True) -> list[Program]:
        """Let programs log in one after the other, talk and leave; each must see everything that it should.

        @param commands: without the address.
        """
        host, port = self.daemon().address
        names = [f"person{i}" for i in range(len(commands))]
        programs: list[Program] = []
        for name, command in zip(names, commands, strict=True):
            program = self.program(*command, host, str(port))
            program.until("Login Id: ")
            program.type(name)
            programs.append(program)
            for other in programs:
                other.until(f"user [{name}] has entered the room")
            program.until("/help lists the commands.")
        for name, program in zip(names, programs, strict=True):
            program.type(f"I am {name}; wie geht's, Grüße")
            for other in programs:
                other.until(f"[{name}] I am {name}; wie geht's, Grüße")
        while programs:
            name, program = names.pop(0), programs.pop(0)
            program.type("/quit")
            for other in programs:
                other.until(f"user [{name}] left the room")
            program.end()
        return programs

    def needed(self, name: str) -> str:
        path = shutil.which(name)
        if path is None:
            self.skipTest(f"there is no {name} here")
        return path

    def ours(self) -> list[str]:
        if importlib.util.find_spec("twisted_chat.client.__main__") is None:
            self.skipTest("twisted_chat.client is not there")
        return [sys.executable, "-c", CLIENT]

    def test_two_original_clients(self) -> None:
        self.chat_together(ORIGINAL, ORIGINAL)

    def test_all_together(self) -> None:
        self.chat_together(ORIGINAL, [self.needed("nc")], ORIGINAL, [self.needed("telnet")], self.ours())

    def test_netcat(self) -> None:
        self.chat_together([self.needed("nc")], [self.needed("nc")])

    def test_telnet(self) -> None:
        self.chat_together([self.needed("telnet")], [self.needed("telnet")])

    def test_telnet_goes_on_after_an_interrupt(self) -> None:
        telnet = self.needed("telnet")
        host, port = self.daemon().address
        child = pexpect.spawn(telnet, [host, str(port)], timeout=20)
        self.addCleanup(child.close, True)
        child.expect_exact("Login Id: ")
        child.send("kim\r")
        child.expect_exact("/help lists the commands.")
        child.sendintr()
        child.expect_exact("^C")
        child.send("/ping after\r")
        child.expect_exact("-- pong after")

    def test_our_client(self) -> None:
        self.chat_together(self.ours(), self.ours())

    def test_our_client_in_a_pipe(self) -> None:
        self.ours()
        daemon = self.daemon()
        kim = self.client(daemon, "kim")
        host, port = daemon.address
        program = self.program(sys.executable, "-m", "twisted_chat.client", f"{host}:{port}")
        for line in ("bob", "hello", "/quit"):
            program.type(line)
        self.assertEqual(program.end(), 0)
        kim.until("user [bob] has entered the room\n[bob] hello\nuser [bob] left the room\n")


# Our client takes host and port as one.
CLIENT = """
import sys
sys.argv[1:] = [":".join(sys.argv[1:])]
from twisted_chat.client.__main__ import main
main()
"""
