"""Time servers on loopback: chronyd of Debian with NTS, certificates of an authority of the test's own, and their lies.

None of them sets a clock (-x): a lie is an offset of the server's own idea of the time.
"""

import ctypes
import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time

CHRONYD, CHRONYC = "/usr/sbin/chronyd", "/usr/bin/chronyc"
NTP_PORT, KEYS_PORT = 11123, 4460
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def die_with_parent():
    """Runs in a child."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def address(number):
    """One of loopback's that no other run of this test has."""
    pid = os.getpid()
    return f"127.{64 + pid // 250 // 250 % 64}.{pid // 250 % 250 + 1}.{pid % 25 * 10 + number}"


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True)


class Authority:
    """Certificates for servers, valid for some days around a time that is so many seconds from now."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.file = self.folder / "ca.pem"
        (self.folder / "index").touch()
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=one\n[one]\n" f"dir={self.folder}\ndatabase=$dir/index\nnew_certs_dir=$dir\n"
            "rand_serial=yes\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n"
            "[req]\ndistinguished_name=dn\n[dn]\n")
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=authority",
                 "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.folder / "ca.key", "-out", self.folder / "ca.csr",
                 "-config", self.folder / "ca.cnf")
        self._sign("ca", -3600 * 24 * 3650, 3600 * 24 * 3650, "-selfsign", "-keyfile", self.folder / "ca.key")

    def _sign(self, name, start_s, end_s, *more):
        dates = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + s)) for s in (start_s, end_s)]
        _openssl("ca", "-batch", "-config", self.folder / "ca.cnf", "-in", self.folder / f"{name}.csr", "-out",
                 self.folder / f"{name}.pem", "-startdate", dates[0], "-enddate", dates[1], "-notext", *more)

    def issue(self, host, ahead_s=0):
        """The key's file and the certificate's, for a host of that address."""
        key = self.folder / f"{host}.key"
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={host}",
                 "-addext", f"subjectAltName=IP:{host}", "-keyout", key, "-out", self.folder / f"{host}.csr",
                 "-config", self.folder / "ca.cnf")
        self._sign(host, ahead_s - 86400, ahead_s + 10 * 86400, "-cert", self.file, "-keyfile", self.folder / "ca.key")
        return key, self.folder / f"{host}.pem"


class Server:
    """One time server at an address of its own."""

    def __init__(self, authority, number, nts=True, ahead_s=0, answers_at=None):
        """nts: it exchanges keys. ahead_s: of its time, and of its certificate's. answers_at: where it sends who has keys."""
        self.host = address(number)
        self.folder = authority.folder / self.host
        self.folder.mkdir(mode=0o700)
        self.control = self.folder / "control"
        words = [f"bindaddress {self.host}", f"port {NTP_PORT}", "cmdport 0", f"bindcmdaddress {self.control}",
                 f"pidfile {self.folder}/pid", "local stratum 1", "allow"]
        if nts:
            key, certificate = authority.issue(self.host, ahead_s)
            words += [f"ntsserverkey {key}", f"ntsservercert {certificate}", f"ntsport {KEYS_PORT}"]
        if answers_at:
            words.append(f"ntsntpserver {answers_at}")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([CHRONYD, "-x", "-d", "-U", "-u", pwd.getpwuid(os.geteuid()).pw_name, *words],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        deadline = time.monotonic() + 10
        while not self.control.exists() or nts and not self.serves_keys():
            assert time.monotonic() < deadline and self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)
        self.lie(ahead_s)

    def serves_keys(self):
        with socket.socket() as s:
            return s.connect_ex((self.host, KEYS_PORT)) == 0

    def _order(self, *words):
        subprocess.run([CHRONYC, "-h", self.control, *map(str, words)], check=True, capture_output=True, timeout=10)

    def lie(self, ahead_s):
        """From now on its time is so many seconds ahead of what it was."""
        if ahead_s:
            self._order("doffset", -ahead_s)

    def drift(self, millionths):
        """From now on its clock runs so much too fast."""
        self._order("dfreq", -millionths)

    def hang(self):
        self.process.send_signal(signal.SIGSTOP)

    def end(self):
        self.process.kill()
        self.process.wait()
