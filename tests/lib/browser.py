"""A real browser, Debian's Chromium, driven by its WebDriver on loopback: what it shows, runs and refuses."""

import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import tap

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window. Leaving a `with` block ends it. dark, width, height: as the reader has it; script: whether scripts run."""

    def __init__(self, dark=False, width=1200, height=1400, script=True):
        if not shutil.which("chromedriver") or not shutil.which("chromium"):
            raise tap.Skip("no Chromium here")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-browser-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.log = open(self.folder / "driver.log", "wb")
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                       env=os.environ | {"HOME": str(self.folder)}, start_new_session=True)
        self.url = f"http://127.0.0.1:{port}"
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}",
                            "--force-device-scale-factor=1", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                            f"--user-data-dir={self.folder}/profile", *(["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else [])],
                   "prefs": {} if script else {"profile.managed_default_content_settings.javascript": 2}}
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    made = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
                        "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
                    break
                except urllib.error.HTTPError:
                    raise
                except OSError:
                    assert time.monotonic() < deadline, (self.folder / "driver.log").read_text()
                    time.sleep(0.1)
            self.session = "/session/" + made["sessionId"]
            # A window is never narrower than some 500 pixels: what a telephone has is told to the page itself.
            self._ask("POST", self.session + "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
                "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}})
            self._ask("POST", self.session + "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia", "params": {
                "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}})
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method, data=json.dumps(body).encode() if body is not None else None,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["value"]

    def open(self, url):
        self._ask("POST", self.session + "/url", {"url": url})

    def run(self, script, *arguments):
        """What a script of the driver's returns, in the page; the page's own policy does not bind it."""
        return self._ask("POST", self.session + "/execute/sync", {"script": script, "args": arguments})

    def text(self):
        return self.run("return document.body.innerText")

    def until(self, condition, what, timeout=30):
        """condition: a script that gives something true in the end."""
        deadline = time.monotonic() + timeout
        while not (found := self.run(condition)):
            assert time.monotonic() < deadline, f"{what}:\n{self.text()}"
            time.sleep(0.1)
        return found

    def said(self):
        """What the browser has to complain of since the last time: refused by the policy, or wrong in a script."""
        return [line["message"] for line in self._ask("POST", self.session + "/se/log", {"type": "browser"})]

    def picture(self, path, whole=True):
        """A PNG of the page, all of its height."""
        params = {"captureBeyondViewport": whole}
        if whole:
            size = self.run("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
            params["clip"] = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 8000), "scale": 1}
        shot = self._ask("POST", self.session + "/goog/cdp/execute", {"cmd": "Page.captureScreenshot", "params": params})
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        if getattr(self, "session", None):
            try:
                self._ask("DELETE", self.session)
            except OSError:
                pass
        self.driver.terminate()
        self.driver.wait(30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
