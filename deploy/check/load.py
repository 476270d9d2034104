"""A load of every kind on a `waypost up --sandbox`: webhooks good and bad, messages that Meta takes, refuses and never answers, a
browser, and somebody who looks at the admin plane. All of it on loopback, and it stops by itself.
"""

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request

NUMBERS = [f"1065403522429{n:02}" for n in range(20, 24)]
# Longer than any check takes: what was forgotten ends as well.
LONGEST = 600
FAULTS = [
    {"when": {"probability": 0.02}, "what": {"error": {"code": 131026}}},
    {"when": {"probability": 0.02}, "what": {"error": {"code": 130429}}},
    {"when": {"probability": 0.02}, "what": {"server_error": 503}},
    {"when": {"probability": 0.005}, "what": "reset_after"},
]


class Load:
    def __init__(self, waypost, ready, folder):
        self.waypost, self.ready, self.folder = waypost, ready, folder
        self.ended = threading.Event()
        self.errors = []
        self.counts = {"webhook runs": 0, "messages": 0, "events": 0, "calls": 0}
        self.threads = [
            threading.Thread(target=self.guarded, args=[each], daemon=True)
            for each in (self.webhooks, self.messages, self.browser, self.operator)
        ]

    def start(self):
        self.request("PUT", f"{self.ready['graph_url']}/_sandbox/faults", None, FAULTS)
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(30)

    def told(self):
        return ", ".join(f"{count} {what}" for what, count in self.counts.items())

    def guarded(self, work):
        until = time.monotonic() + LONGEST
        try:
            while not self.ended.is_set() and time.monotonic() < until:
                work()
        except Exception as error:  # whatever it is, the check tells it
            if not self.ended.is_set():
                self.errors.append(f"{work.__name__}: {error}")

    def request(self, method, url, token, body=None, timeout=30):
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        return urllib.request.urlopen(request, timeout=timeout)

    def webhooks(self):
        """Each run with another seed, so that its updates are new; a tenth comes twice."""
        self.counts["webhook runs"] += 1
        command = [self.waypost, "sandbox", "send", "--url", self.ready["webhook_url"], "--secret", self.ready["app_secret"]]
        options = f"--count 300 --duplicates 10 --disorder --bad-signatures 2 --malformed 2 --poison 1 --double-taps 2 --seed {self.counts['webhook runs']}"
        with open(self.folder / "send.log", "ab") as log:
            # What it ends with tells of webhooks refused on purpose.
            subprocess.run([*command, *options.split()], stdout=log, stderr=log, timeout=120, check=False)
        self.ended.wait(1)

    def messages(self):
        """In bursts, with a pause of the queue between: what shrinks has a time to drain."""
        self.admin("POST", "/api/queue-monitor/pause", {})
        for _ in range(400):
            number = self.counts["messages"]
            body = {
                "from": NUMBERS[number % len(NUMBERS)],
                "to": f"+49151{10000000 + number % 5000}",
                "type": "text",
                "text": {"body": "load"},
                "on_unknown": "hold" if number % 50 == 0 else "fail",
            }
            with self.request("POST", f"{self.ready['send_url']}/v1/messages", self.ready["send_key"], body):
                self.counts["messages"] += 1
            if self.ended.is_set():
                break
        self.admin("POST", "/api/queue-monitor/resume", {})
        self.ended.wait(10)

    def browser(self):
        """Reads events until the connection ends, which is after a while, and comes back."""
        url = f"{self.ready['realtime_tokens_url']}/v1/realtime/tokens"
        with self.request("POST", url, self.ready["realtime_key"], {"numbers": ["*"]}) as answer:
            token = json.load(answer)["token"]
        until = time.monotonic() + 10
        with self.request("GET", f"{self.ready['realtime_url']}/v1/events?token={token}", None) as stream:
            for line in stream:
                self.counts["events"] += line.startswith(b"data:")
                if self.ended.is_set() or time.monotonic() > until:
                    return

    def operator(self):
        self.admin("GET", "/api/queue-monitor/stats")
        self.admin("GET", "/v1/numbers")
        self.ended.wait(0.5)

    def admin(self, method, path, body=None):
        self.counts["calls"] += 1
        try:
            with self.request(method, self.ready["admin_url"] + path, self.ready.get("admin_token"), body) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:300]}") from error
