"""What a running `waypost up` says of itself, and HTTP to its parts with nothing but the standard library."""

import json
import sys
import time
import urllib.request
from pathlib import Path


class Ready:
    """The ready file of `waypost up`."""

    def __init__(self, path: str):
        self.content = json.loads(Path(path).read_text())
        self.admin_url = self.content["admin_url"].rstrip("/")
        self.admin_grpc = self.content["admin_grpc"]
        self.admin_token = self.content["admin_token"]
        self.send_url = self.content["send_url"].rstrip("/")
        self.send_key = self.content["send_key"]
        self.sandbox_url = self.content["graph_url"].rstrip("/") + "/_sandbox"

    def admin(self, path: str):
        """Asks the admin plane for JSON."""
        return call("GET", self.admin_url + path, token=self.admin_token)


def from_arguments() -> Ready:
    """From the file that the first argument names."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} READY_FILE (see `waypost up --ready-file`)")
    return Ready(sys.argv[1])


def call(verb: str, url: str, body=None, token: str | None = None):
    """One call with JSON both ways."""
    request = urllib.request.Request(url, method=verb)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def eventually(what: str, condition, seconds: float = 40):
    """Waits until a condition holds, and answers what it answered."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
    return answer
