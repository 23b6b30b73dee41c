#!/usr/bin/env python3
"""Strangers of a network at work, in a process of its own that gives way to every other: usage: abuser.py PLAN

PLAN is JSON: {"attack": name, "nodes": ["127.0.0.1:7700", ...], "sources": ["127.66.0.1", ...], and what the attack needs}.
Each source does the same to each node. Every tenth of a second one line of JSON says how often each node has been done
it, [turns, ...] in the order of nodes: a turn is a hold that is complete, or one thing done. Ends with its standard input.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import resource
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

NICE = 19
SAY_S = 0.1
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
WHOLE, UNFINISHED, LAST = 5, 4, 1
# A request for documents that brings one, which is none: {1: {}, 2: [{1: 5 bytes}]}.
GARBAGE = b"\x82\x01\x80\x02\x91\x81\x01\xc4\x05" + b"\xff" * 5
REPORT_DATA_AT = 48 + 520  # in a quote: its header, and what of a TD report comes before


# ---- HTTP/2 by hand

def connect(node, source):
    host, port = node.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=30, source_address=(source, 0))


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def request(stream, method, path, flags):
    fields = [(":method", method), (":scheme", "https"), (":authority", "x"), (":path", path)]
    block = b"".join(bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
                     for name, value in fields)
    return frame(HEADERS, flags, stream, block)


def speak(node, source, certificate=None):
    """A TLS connection that speaks HTTP/2; certificate: a file with key and certificate, None for none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    if certificate is not None:
        context.load_cert_chain(certificate)
    tls = context.wrap_socket(connect(node, source))
    tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0))
    return tls


class Flow:
    """What may still be sent: of the connection (0), and of its streams, which begin with 65535 each."""

    def __init__(self, tls):
        self.tls, self.came, self.windows, self.answer = tls, bytearray(), {0: 65535}, {}

    def read(self, timeout=0.02):
        """Takes what has come; answers by stream are kept in self.answer."""
        self.tls.settimeout(timeout)
        with contextlib.suppress(TimeoutError, ssl.SSLWantReadError):
            part = self.tls.recv(65536)
            if not part:
                raise OSError("ended")
            self.came += part
        self.tls.settimeout(30)
        while len(self.came) >= 9 and len(self.came) >= 9 + int.from_bytes(self.came[:3], "big"):
            length, kind = int.from_bytes(self.came[:3], "big"), self.came[3]
            stream, payload = int.from_bytes(self.came[5:9], "big"), bytes(self.came[9:9 + length])
            if kind == WINDOW_UPDATE and (stream == 0 or stream in self.windows):
                self.windows[stream] += int.from_bytes(payload, "big")
            elif kind == DATA:
                self.answer[stream] = self.answer.get(stream, b"") + payload
            elif kind == GOAWAY or (kind == RST_STREAM and stream in self.windows):
                raise OSError("sent away")
            del self.came[:9 + length]

    def post(self, stream, path, body):
        """A whole request; waits for room where it must."""
        self.tls.sendall(request(stream, "POST", path, UNFINISHED))
        self.windows[stream] = 65535
        while body:
            room = min(self.windows[0], self.windows[stream], 16384, len(body))
            if room <= 0:
                self.read()
                continue
            self.tls.sendall(frame(DATA, LAST if room == len(body) else 0, stream, body[:room]))
            self.windows[0] -= room
            self.windows[stream] -= room
            body = body[room:]
        del self.windows[stream]


# ---- the messages that are needed, in MessagePack (proto/PROTOCOL.md, section 1)

def binary(data):
    return (b"\xc4" + bytes([len(data)]) if len(data) < 256 else b"\xc5" + struct.pack(">H", len(data))) + data


def number(value):
    return bytes([value]) if value < 128 else b"\xcd" + struct.pack(">H", value) if 255 < value < 65536 else \
        b"\xcc" + bytes([value]) if value < 256 else b"\xce" + struct.pack(">I", value)


def fields(*pairs):
    return bytes([0x80 + len(pairs)]) + b"".join(bytes([key]) + value for key, value in pairs)


def digest(label, data):
    text = b"holdfast/v1/" + label
    return hashlib.blake2b(bytes([len(text)]) + text + data, digest_size=32).digest()


def report(label, data):
    text = b"holdfast/v1/" + label
    return hashlib.blake2b(bytes([len(text)]) + text + digest(label, data), digest_size=64).digest()


def account_certificate(folder, account=None):
    """A certificate that rightly proves an account, by its key's file, or one that nobody knows; the file with its key."""
    key, drawn, spki, signed, both = (folder / name for name in ("key", "account", "spki", "signed", "both"))

    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    if account is None:
        account = drawn
        openssl("genpkey", "-algorithm", "ED25519", "-out", account)
    openssl("pkey", "-in", key, "-pubout", "-outform", "DER", "-out", spki)
    openssl("pkey", "-in", account, "-pubout", "-outform", "DER", "-out", signed)
    public = signed.read_bytes()[-32:]
    spki.write_bytes(digest(b"tls", spki.read_bytes()))
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", account, "-in", spki, "-out", signed)
    name = f"holdfast:v1:{public.hex()}:{signed.read_bytes().hex()}"
    openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=x", "-addext", f"subjectAltName=URI:{name}", "-out", both)
    both.write_bytes(key.read_bytes() + both.read_bytes())
    return both


# ---- what is done to a node

def hold_memory(abuse, node, source):
    """Eight bodies a little above 2 MiB on one connection, none of which ends; given up by the daemon after 10 s."""
    with speak(node, source) as tls:
        flow, streams = Flow(tls), range(1, 17, 2)
        left = dict.fromkeys(streams, (2 << 20) + 1)
        for stream in streams:
            tls.sendall(request(stream, "POST", "/v1/documents", UNFINISHED))
            flow.windows[stream] = 65535
        while any(left.values()):
            for stream in streams:
                part = min(left[stream] - 1, flow.windows[stream], flow.windows[0], 16384)
                if left[stream] == 1:
                    left[stream] = 0  # the last byte is what never comes
                elif part > 0:
                    tls.sendall(frame(DATA, 0, stream, bytes(part)))
                    left[stream] -= part
                    flow.windows[stream] -= part
                    flow.windows[0] -= part
            flow.read()
        abuse.turn(node)
        tls.settimeout(30)
        while tls.recv(65536):
            pass


def hold_handshakes(abuse, node, source):
    """Sixty-four connections that say nothing, renewed every five seconds."""
    with contextlib.ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(connect(node, source))
        abuse.turn(node)
        abuse.ended.wait(5)


def hold_connections(abuse, node, source):
    """A hundred and twenty-eight connections, each of which asks something small every two minutes; begun anew where lost."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ssl.SSLError):
            for _ in range(128):
                held = stack.enter_context(speak(node, source))
                held.sendall(request(1, "GET", "/v1/health", WHOLE))
        abuse.turn(node)
        abuse.ended.wait(1)


def ask_nonce(abuse, node, flow, account, key):
    """Asks for a nonce until one is given, which a locked node does not; the next stream, and provider and nonce."""
    body = fields((1, fields()), (2, binary(account)), (3, binary(key)))
    for stream in range(1, 20001, 2):
        flow.post(stream, "/v1/nonce", body)
        while stream not in flow.answer:
            flow.read(1)
        answer = flow.answer.pop(stream)
        if not answer.startswith(b"{"):
            provider, nonce = (answer.index(b"\xc4" + bytes([n])) + 2 for n in (32, 40))
            return stream + 2, answer[provider:provider + 32], answer[nonce:nonce + 40]
        abuse.turn(node)
    raise ValueError("no nonce")


def send_quotes(abuse, node, source):
    """
    Requests to recover the account of another, each with a quote of its own that holds the right report data and that
    nobody has signed so: every check before its signatures is passed.
    """
    plan, made = abuse.plan, 0
    account = bytes.fromhex(plan["accounts"][plan["nodes"].index(node)])
    key, quote = bytes.fromhex(plan["response_key"]), bytes.fromhex(plan["quote"])
    with speak(node, source) as tls:
        flow = Flow(tls)
        first, provider, nonce = ask_nonce(abuse, node, flow, account, key)
        asked = fields((1, binary(provider)), (2, binary(nonce)))
        until = time.monotonic() + 20  # a nonce lives for 30 s
        for stream in range(first, 1 << 20, 2):
            if abuse.ended.is_set() or time.monotonic() > until:
                return
            made += 1
            transcript = fields((1, binary(bytes.fromhex(plan["network"]))), (2, binary(account)), (3, binary(key)),
                                (4, number(made)), (5, b"\x91" + asked))
            forged = quote[:REPORT_DATA_AT] + report(b"recover", transcript) + quote[REPORT_DATA_AT + 64:]
            flow.post(stream, "/v1/recover", fields((1, fields()), (2, binary(transcript)), (3, binary(forged))))
            abuse.turn(node)
            flow.read(0.0005)


def send_as_account(abuse, node, source):
    """With an account that is in no set: as large a body as a member may send, then quotes that wait to be judged."""
    with speak(node, source, abuse.plan["certificate"]) as tls:
        with contextlib.suppress(OSError, ssl.SSLError):
            Flow(tls).post(1, "/v1/documents", bytes(12 << 20))
    abuse.turn(node)
    send_quotes(abuse, node, source)


def send_garbage(abuse, node, source):
    """Documents that are none, one after the other."""
    with speak(node, source) as tls:
        flow = Flow(tls)
        for stream in range(1, 20001, 2):
            if abuse.ended.is_set():
                return
            flow.post(stream, "/v1/documents", GARBAGE)
            abuse.turn(node)
            flow.read(0.0005)


def unsigned_set(count):
    """A document request with one set of so many members, right in every relation but that nobody has signed it."""
    def text(value):
        return b"\xd9" + bytes([len(value)]) + value

    members = b"".join(fields((1, binary(struct.pack(">I", i) + bytes(28))), (2, b"\x01"), (3, text(b"127.0.0.1:1")),
                              (4, text(b"o"))) for i in range(count))
    body = fields((1, b"\x02"), (2, b"\xce\x00\x00\x00\x01"[4:]), (3, b"\xce\xff\xff\xff\xff"), (4, binary(bytes(32))),
                  (5, b"\xdd" + struct.pack(">I", count) + members))
    envelope = fields((1, b"\x01"), (2, b"\x03"), (3, b"\xc6" + struct.pack(">I", len(body)) + body), (4, b"\x90"))
    return fields((1, fields()), (2, b"\x91" + fields((1, b"\xc6" + struct.pack(">I", len(envelope)) + envelope))))


def send_documents(abuse, node, source):
    """Large documents that nobody has signed, one after the other."""
    body = unsigned_set(12000)
    with speak(node, source) as tls:
        flow = Flow(tls)
        for stream in range(1, 20001, 2):
            if abuse.ended.is_set():
                return
            flow.post(stream, "/v1/documents", body)
            abuse.turn(node)
            flow.read(0.0005)


def send_datagrams(abuse, node, source):
    """Datagrams as fast as they go: noise, and such as say that they are of a member, with a MAC that is wrong."""
    host, port = node.rsplit(":", 1)
    accounts = [bytes.fromhex(account) for account in abuse.plan["accounts"]]
    body = bytes([0x82, 1, 1, 2]) + binary(bytes(16))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.bind((source, 0))
        while not abuse.ended.is_set():
            for account in accounts:
                named = fields((1, binary(account)), (2, binary(body)), (3, binary(bytes(16))))
                for datagram in (named, bytes(1200), named[:40]):
                    with contextlib.suppress(OSError):
                        out.sendto(datagram, (host, int(port)))
            abuse.turn(node)


def begin_handshakes(abuse, node, source):
    """A ClientHello as any program sends it, and no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    out = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    hello = out.read()
    while not abuse.ended.is_set():
        with connect(node, source) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.sendall(hello)
            # The answer is what costs; a reset at once would find the hello unread.
            with contextlib.suppress(OSError):
                one.recv(1)
        abuse.turn(node)


ATTACKS = {"bodies": hold_memory, "silence": hold_handshakes, "places": hold_connections, "quotes": send_quotes,
           "account": send_as_account, "garbage": send_garbage, "hellos": begin_handshakes, "documents": send_documents,
           "datagrams": send_datagrams}


class Abuse:
    def __init__(self, plan):
        self.plan = plan
        self.ended = threading.Event()
        self.turns = dict.fromkeys(plan["nodes"], 0)
        self.threads = [threading.Thread(target=self._run, args=(ATTACKS[name], node, source), daemon=True)
                        for name in plan["attacks"] for node in plan["nodes"] for source in plan["sources"]]

    def _run(self, act, node, source):
        while not self.ended.is_set():
            # What goes wrong for who abuses is its lot.
            with contextlib.suppress(OSError, ssl.SSLError, ValueError):
                act(self, node, source)
            self.ended.wait(0.01)

    def turn(self, node):
        self.turns[node] += 1


def main():
    plan = json.loads(sys.argv[1])
    os.nice(NICE)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    if "folder" in plan:
        plan["certificate"] = account_certificate(pathlib.Path(plan["folder"]))
    abuse = Abuse(plan)
    for thread in abuse.threads:
        thread.start()
    threading.Thread(target=lambda: (sys.stdin.read(), abuse.ended.set()), daemon=True).start()
    while not abuse.ended.wait(SAY_S):
        print(json.dumps(list(abuse.turns.values())), flush=True)


if __name__ == "__main__":
    sys.exit(main())
