"""A stand-in for a Substrate node: the JSON-RPC calls that the adaptor makes, over a chain of the test's own, which may
fork, stand still, lag and lie."""

import hashlib
import http.server
import json
import struct
import threading

# The two halves of a storage key are twox128 of these names; as every Substrate chain has them.
TIMESTAMP_NOW = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb"
SESSION_VALIDATORS = "0xcec5070d609dd3497f72bde07fc96ba088dcde934c658227ee1dfafcd6e16903"


def compact(number):
    if number < 64:
        return bytes([number << 2])
    if number < 1 << 14:
        return struct.pack("<H", number << 2 | 1)
    return struct.pack("<I", number << 2 | 2)


def text(value):
    return compact(len(value.encode())) + value.encode()


class Block:
    def __init__(self, number, salt, time_s, nodes):
        self.number, self.time_s, self.nodes = number, time_s, dict(nodes)
        self.hash = "0x" + hashlib.sha256(f"{salt}/{number}".encode()).hexdigest()


class Chain:
    """Blocks by number. nodes: from a validator's 32 bytes to (account, address, operator, zone), or None."""

    def __init__(self, salt="main"):
        self.blocks = [Block(0, salt, 1, {})]
        self.final = 0

    def grow(self, time_s, nodes, salt="main", final=True):
        self.blocks.append(Block(len(self.blocks), salt, time_s, nodes))
        if final:
            self.final = len(self.blocks) - 1


class Node:
    """Serves a chain on loopback. entry_key: from a validator to its key in the map. hostile: what is sent in place of an
    answer, by a function of the request and of the answer that would be right; None: that one."""

    def __init__(self, chain, entry_key):
        self.chain, self.entry_key, self.hostile = chain, entry_key, None
        node = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                right = node.answer(asked)
                answer = node.hostile(asked, right) if node.hostile is not None else None
                if answer is None:
                    answer = json.dumps(right).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, asked):
        try:
            return {"jsonrpc": "2.0", "id": asked["id"], "result": getattr(self, asked["method"])(*asked["params"])}
        except (AttributeError, LookupError) as error:
            return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": str(error)}}

    def block(self, block_hash):
        return next(block for block in self.chain.blocks if block.hash == block_hash)

    def chain_getBlockHash(self, number):
        return self.chain.blocks[number].hash if number < len(self.chain.blocks) else None

    def chain_getFinalizedHead(self):
        return self.chain.blocks[self.chain.final].hash

    def chain_getHeader(self, block_hash):
        return {"number": hex(self.block(block_hash).number)}

    def state_getStorage(self, key, block_hash):
        block = self.block(block_hash)
        if key == TIMESTAMP_NOW:
            return "0x" + struct.pack("<Q", block.time_s * 1000).hex()
        if key == SESSION_VALIDATORS:
            return "0x" + (compact(len(block.nodes)) + b"".join(block.nodes)).hex()
        return None

    def state_queryStorageAt(self, keys, block_hash):
        block = self.block(block_hash)
        values = {"0x" + self.entry_key(validator).hex(): entry for validator, entry in block.nodes.items()}

        def value(key):
            if values.get(key) is None:
                return None
            account, address, operator, zone = values[key]
            return "0x" + (bytes.fromhex(account) + text(address) + text(operator) + text(zone)).hex()

        return [{"block": block_hash, "changes": [[key, value(key)] for key in keys]}]
