"""Programs that run while a check does, and end with it."""

import json
import os
import socket
import subprocess
import time


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Children:
    """Started programs, each with its log in a folder; all end with the block."""

    def __init__(self, folder):
        self.folder = folder
        self.running = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # In the reverse order, and each by its own process.
        for process in reversed(self.running.values()):
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, name, *command, **environment):
        with open(self.folder / f"{name}.log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environment})
        self.running[name] = process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def check(self):
        """Ends the check when a program has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise SystemExit(f"{name} ended with {process.returncode}:\n{self.log(name)}")

    def wait_for_json(self, file, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            if file.exists() and file.stat().st_size:
                return json.loads(file.read_text())
            time.sleep(0.1)
        raise SystemExit(f"{file.name} did not come within {seconds} s:\n" + "\n".join(map(self.log, self.running)))
