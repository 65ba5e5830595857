"""A client that speaks as the first one did: it never ends a line, and shows what comes as it comes.

python original_client.py HOST PORT
"""

import socket
import sys
import threading


def show(connection: socket.socket) -> None:
    while data := connection.recv(1024):
        print(data.decode(), flush=True)


def main(host: str, port: int) -> None:
    with socket.create_connection((host, port)) as connection:
        threading.Thread(target=show, args=(connection,), daemon=True).start()
        for typed in sys.stdin:
            connection.send(typed.rstrip("\n").encode())
            if typed == "/quit\n":
                return


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
