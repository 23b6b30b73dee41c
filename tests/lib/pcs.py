"""A provisioning service on loopback: serves a folder of collateral by the PCS's API version 4, and misbehaves."""

import http.server
import pathlib
import ssl
import subprocess
import threading
import urllib.parse


class Service:
    """Serves `folder` over TLS on a port of its own. faults: a fault's name for a document's, as {"tcb": "404"}.

    Documents are tcb, identity, pckcrl and rootcrl. Faults: a status; stall (no answer before the service ends);
    truncate (half of the body); empty; junk; huge; gzip; no-chain; two-chains; huge-header; bad-chain; to-http and
    to-https (redirects); loop; hex and pem (other forms of a revocation list); other-chain (that of `other`).
    """

    def __init__(self, folder, tls):
        self.folder = pathlib.Path(folder)
        self.other = self.folder
        self.faults = {}
        self.requests = []
        self.ended = threading.Event()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.answer(self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass  # a client that goes away is a part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "cert.pem", tls / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def document_of(self, path):
        """(name, file, header of its chain, chain file) of what a request asks for."""
        url = urllib.parse.urlparse(path)
        query = dict(urllib.parse.parse_qsl(url.query))
        path = url.path.removeprefix("/moved")
        # Where nothing is announced, the service says what counts, as Intel's does; an older one knows no such thing.
        early = "early_" if query.get("update") == "early" and any(self.folder.glob("early_*")) else ""
        if query.get("update") == "early" and self.faults.get("early"):
            return self.faults["early"], None, None, None
        if path == "/tdx/certification/v4/tcb":
            return "tcb", f"{early}tcb_info_{query['fmspc'].lower()}.json", "TCB-Info-Issuer-Chain", "tcb_signing_chain.pem"
        if path == "/tdx/certification/v4/qe/identity":
            return "identity", f"{early}qe_identity.json", "SGX-Enclave-Identity-Issuer-Chain", "tcb_signing_chain.pem"
        if path == "/sgx/certification/v4/pckcrl":
            second = query.get("ca") == "processor" and (self.folder / "pck_crl_2.der").exists()
            stem = "pck_crl_2" if second else "pck_crl"
            return "pckcrl", f"{stem}.der", "SGX-PCK-CRL-Issuer-Chain", f"{stem}_issuer_chain.pem"
        if path in ("/sgx/certification/v4/rootcacrl", "/elsewhere/root.crl"):
            return "rootcrl", "root_ca_crl.der", None, None
        return None, None, None, None

    def answer(self, handler):
        self.requests.append(handler.path)
        name, file, header, chain = self.document_of(handler.path)
        fault = self.faults.get(name, "")
        status, headers = 200, []
        body = (self.folder / file).read_bytes() if file and (self.folder / file).exists() else None
        if fault == "stall":
            self.ended.wait()
            return
        if fault.isdigit() or body is None:
            status, body = int(fault or 404), b""
        elif fault in ("to-http", "to-https", "loop") and not handler.path.startswith("/moved"):
            target = self.url.replace("https:", "http:") if fault == "to-http" else self.url
            status = 302
            headers.append(("Location", target + ("/moved" if fault != "loop" else "") + handler.path))
        elif header:
            headers += self.chain_headers(header, chain, fault)
        body, extra = self.body_of(body, fault)
        handler.send_response(status)
        for pair in headers + extra:
            handler.send_header(*pair)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if fault == "truncate":
            handler.wfile.write(body[:len(body) // 2])
            handler.close_connection = True
        else:
            handler.wfile.write(body)

    def chain_headers(self, header, chain, fault):
        pem = ((self.other if fault == "other-chain" else self.folder) / chain).read_text()
        value = urllib.parse.quote(pem)
        return {"no-chain": [], "two-chains": [(header, value), (header, value)],
                "bad-chain": [(header, "%zz" + value)],
                "huge-header": [(header, value + "%0A" * 25_000)]}.get(fault, [(header, value)])

    @staticmethod
    def body_of(body, fault):
        """The body as the fault has it, and headers for it."""
        if fault == "hex":
            return body.hex().encode() + b"\n", []
        if fault == "pem":
            done = subprocess.run(["openssl", "crl", "-inform", "DER"], input=body, capture_output=True, check=True)
            return done.stdout, []
        if fault == "gzip":
            return body, [("Content-Encoding", "gzip")]
        replaced = {"empty": b"", "junk": b"<html>sorry</html>", "huge": b" " * (3 << 20)}
        return replaced.get(fault, body), []


def make_tls(folder):
    """A key and a certificate for 127.0.0.1 in the folder, as key.pem and cert.pem."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=loopback",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
