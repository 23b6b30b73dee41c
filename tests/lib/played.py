"""A daemon that is played: it answers every request with the same, whatever that is; the command draws the status page of it."""

import contextlib
import json
import socket
import struct
import subprocess
import tempfile
import threading


class Played:
    """A daemon that answers every request with the same data, and the command that draws it."""

    def __init__(self, programs, data):
        self.folder = tempfile.TemporaryDirectory()
        path = self.folder.name + "/socket"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        body = json.dumps(data).encode()
        self.frame = struct.pack(">I", len(body)) + body
        threading.Thread(target=self._serve, daemon=True).start()
        self.command = [programs.holdfast, "--socket", path, "page"]
        self.served = subprocess.Popen([*self.command, "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.url = self.served.stdout.readline().strip()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with contextlib.suppress(OSError, struct.error), connection:
                    # The whole question: a socket that is closed with some of it unread loses the answer.
                    length = struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))[0]
                    connection.recv(length, socket.MSG_WAITALL)
                    connection.sendall(self.frame)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.served.terminate()
        self.served.wait(30)
        self.listener.close()
        self.folder.cleanup()


def every_text(value, replace):
    """The same with each text that a page could show replaced."""
    if isinstance(value, dict):
        return {name: every_text(member, replace) for name, member in value.items()}
    if isinstance(value, list):
        return [every_text(member, replace) for member in value]
    return replace(value) if isinstance(value, str) else value
