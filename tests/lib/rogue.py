"""Whoever has a provider's address in its place: takes connections there, and does with them what a mode says."""

import contextlib
import pathlib
import socket
import ssl
import struct
import subprocess
import threading

MAX_CONCURRENT_STREAMS = 3
DATA, HEADERS, SETTINGS, PING, GOAWAY = 0, 1, 4, 6, 7
# silent: takes connections and says nothing; drip: a byte now and then; mute: shakes hands and says nothing; closed: allows
# no stream; goaway: sends everybody away; pings: asks without end.
MODES = ("silent", "drip", "mute", "closed", "goaway", "pings")


def frame(kind, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, 0, 0) + payload


def certificate(folder):
    """A key and its certificate, which names no account; the file with both."""
    key, both = pathlib.Path(folder) / "rogue-key", pathlib.Path(folder) / "rogue"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=x", "-keyout", key, "-out", both], check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + both.read_bytes())
    return both


class Answerer:
    """Has the address until the block ends, and answers every request with the bytes that answer() returns, under the
    certificate of a file."""

    def __init__(self, address, certificate_file, answer):
        host, port = address.rsplit(":", 1)
        self.answer, self.asked = answer, 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate_file)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server((host, int(port)), backlog=64)

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError), connection, self.context.wrap_socket(connection, server_side=True) as tls:
            came = bytearray()
            tls.sendall(frame(SETTINGS, b""))
            while len(came) < 24:
                came += tls.recv(65536)
            del came[:24]
            while True:
                while len(came) < 9 or len(came) < 9 + int.from_bytes(came[:3], "big"):
                    part = tls.recv(65536)
                    if not part:
                        return
                    came += part
                length, kind, flags, stream = int.from_bytes(came[:3], "big"), came[3], came[4], bytes(came[5:9])
                del came[:9 + length]
                if kind == SETTINGS and flags == 0:
                    tls.sendall(b"\0\0\0" + bytes([SETTINGS, 1]) + bytes(4))
                if kind in (DATA, HEADERS) and flags & 1:
                    self.asked += 1
                    body = self.answer()
                    # 200, as the static table of HPACK has it; then the type.
                    name, value = b"content-type", b"application/vnd.msgpack"
                    block = b"\x88\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value
                    tls.sendall(struct.pack(">I", len(block))[1:] + bytes([HEADERS, 4]) + stream + block)
                    tls.sendall(struct.pack(">I", len(body))[1:] + bytes([DATA, 1]) + stream + body)

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Rogue:
    """Has the address until the block ends. connections: how many came."""

    def __init__(self, address, mode, certificate_file):
        host, port = address.rsplit(":", 1)
        self.mode, self.connections, self.ended = mode, 0, threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate_file)
        self.context.set_alpn_protocols(["h2"])
        self.listener = socket.create_server((host, int(port)), backlog=64)

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ssl.SSLError), connection:
            while self.mode == "drip" and not self.ended.wait(0.2):
                connection.sendall(b"\x16")
            if self.mode in ("silent", "drip"):
                self.ended.wait()
                return
            with self.context.wrap_socket(connection, server_side=True) as tls:
                if self.mode != "mute":
                    closed = struct.pack(">HI", MAX_CONCURRENT_STREAMS, 0) if self.mode == "closed" else b""
                    tls.sendall(frame(SETTINGS, closed))
                if self.mode == "goaway":
                    tls.sendall(frame(GOAWAY, bytes(8)))
                while self.mode == "pings" and not self.ended.is_set():
                    tls.sendall(frame(PING, bytes(8)) * 200)
                self.ended.wait()

    def __exit__(self, *_):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
