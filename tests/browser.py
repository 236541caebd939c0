"""A headless Chromium for tests, spoken to over its debugging pipe: no driver, no port.

One message is JSON and a zero byte (Chrome DevTools Protocol, `--remote-debugging-pipe`).
"""

import base64
import json
import os
import shutil
import subprocess
import sys

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None or os.name == "nt",
    reason="no Chromium is installed: `apt-get install chromium`, and this runs",
)
FLAGS = (
    *("--headless", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run"),
    *("--enable-unsafe-swiftshader", "--autoplay-policy=no-user-gesture-required"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

BEGIN = """
import fcntl, os, sys
for given, wanted in [(fcntl.fcntl(int(sys.argv[k]), fcntl.F_DUPFD, 10), k + 2) for k in (1, 2)]:
    os.dup2(given, wanted)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """Use it in a `with` block: a page, what it says and what it does when it is touched."""

    def __init__(self, folder, *flags):
        self.profile, self.flags = folder, flags
        self.number, self.session, self.events = 0, None, []

    def __enter__(self):
        heard, told = os.pipe(), os.pipe()  # its file descriptors 3, to hear, and 4, to tell
        flags = (*FLAGS, f"--user-data-dir={self.profile}", *self.flags)
        self.process = subprocess.Popen(
            [sys.executable, "-c", BEGIN, str(heard[0]), str(told[1]), CHROMIUM, *flags],
            pass_fds=(heard[0], told[1]),
            env={**os.environ, "TMPDIR": str(self.profile)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(heard[0])
        os.close(told[1])
        self.told, self.heard = os.fdopen(heard[1], "wb"), os.fdopen(told[0], "rb")
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(20)
        self.told.close()
        self.heard.close()

    def call(self, method, **parameters):
        """Do one thing; gives its result, and keeps what else is said in `events`."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.told.write(json.dumps(message).encode() + b"\0")
        self.told.flush()
        while True:
            said = self.read()
            if said.get("id") == self.number:
                assert "error" not in said, said
                return said["result"]

    def read(self):
        text = bytearray()
        while (byte := self.heard.read(1)) != b"\0":
            assert byte, "the browser is gone"
            text += byte
        said = json.loads(text)
        if "method" in said:
            self.events.append(said)
        return said

    def open(self, place, width=1200, height=800, dark=False, ratio=1):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=ratio,
            mobile=False,
        )
        self.events.clear()
        self.call("Page.navigate", url=place)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.read()
        self.do("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def do(self, script):
        """The value of JavaScript in the page."""
        said = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def press(self, key, shift=False):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, modifiers=8 if shift else 0)

    def picture(self, path):
        data = self.call("Page.captureScreenshot")["data"]
        path.write_bytes(base64.b64decode(data))

    def faults(self):
        """What went wrong in the page: exceptions, and errors in its log."""
        found = [e for e in self.events if e["method"] == "Runtime.exceptionThrown"]
        logs = [e["params"]["entry"] for e in self.events if e["method"] == "Log.entryAdded"]
        return found + [entry for entry in logs if entry["level"] == "error"]
