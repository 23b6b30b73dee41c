"""Programs whose clocks are not the machine's: libother_clock.so is loaded into them and reads the difference from a file."""

import os
import pathlib
import struct

LIBRARY = pathlib.Path(os.environ["HOLDFAST_BUILD"]) / "tests/lib/libother_clock.so"


class OtherClock:
    """The clocks of the programs that are started with environment(): true at first."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(struct.pack("=qq", 0, 0))

    def environment(self):
        return {"LD_PRELOAD": str(LIBRARY), "HF_OTHER_CLOCK": str(self.path)}

    def set_ahead(self, seconds):
        """Sets the clock of the day so far ahead of the true time, or behind it."""
        self._write(0, seconds)

    def pass_by(self, seconds):
        """So long passes at once: for the clock that measures intervals, once only."""
        self._write(8, seconds)

    def _write(self, at, seconds):
        # Programs have the file mapped: it is never shorter.
        with open(self.path, "r+b") as file:
            file.seek(at)
            file.write(struct.pack("=q", seconds))
