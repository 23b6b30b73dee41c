"""An encrypted database of the SQLCipher shell, whose key is only ever given on its standard input."""

import hashlib
import signal
import subprocess


class Database:
    def __init__(self, path, key):
        """key: 32 bytes. SQLCipher takes 64 hexadecimal digits for the key itself, fewer for a passphrase."""
        assert len(key) == 32
        self.path = path
        self.pragma = f"PRAGMA key = \"x'{key.hex()}'\";\n"
        self.process = None

    def _run(self, sql):
        done = subprocess.run(["sqlcipher", "-batch", "-bail", self.path], input=self.pragma + sql,
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0 or done.stderr:
            raise RuntimeError(f"sqlcipher: {done.stderr.strip() or done.returncode}")
        return done.stdout

    def create(self, rows):
        self._run("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n"
                  f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})\n"
                  "INSERT INTO rows SELECT i, hex(randomblob(20)) FROM n;\n")

    def count(self):
        return int(self._run("SELECT count(*) FROM rows;\n"))

    def checksum(self):
        return hashlib.sha256(self._run("SELECT id, text FROM rows ORDER BY id;\n").encode()).hexdigest()

    def integrity(self):
        """What `PRAGMA integrity_check` says. It exits 0 on a damaged file: the text counts, which is "ok"."""
        return self._run("PRAGMA integrity_check;\n").strip()

    def _start(self, sql):
        """A process of its own that goes on with its input open, until end() or kill()."""
        self.process = subprocess.Popen(["sqlcipher", "-batch", "-bail", self.path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        start_new_session=True)
        self.process.stdin.write(self.pragma + sql)
        self.process.stdin.flush()

    def _start_and_hear(self, sql, word):
        self._start(f"{sql}.shell echo {word}\n")
        line = self.process.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"sqlcipher: {line}")

    def open_for_writing(self):
        """Leaves a process in the middle of a transaction that has changed every row."""
        self._start_and_hear("PRAGMA cache_size = 10;\nBEGIN;\nUPDATE rows SET text = 'half done';\n", "writing")

    def open_for_reading(self):
        """Leaves a process in the middle of a transaction that reads."""
        self._start_and_hear("BEGIN;\nSELECT min(id) IS NULL FROM rows WHERE id < 0;\n", "1")

    def start_rekey(self, key):
        """Leaves a process that writes every page anew under another key; it waits for whoever reads."""
        self._start(f".timeout 60000\nPRAGMA rekey = \"x'{key.hex()}'\";\n")

    def is_journalled(self):
        """Whether a process is in the middle of a change of the file."""
        journal = self.path.with_name(self.path.name + "-journal")
        return journal.exists() and journal.stat().st_size > 0

    def end(self):
        """Lets the process finish what it was told, and waits for that."""
        text, _ = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise RuntimeError(f"sqlcipher: {text.strip()}")
        self.process = None

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
