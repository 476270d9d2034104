"""Asks every query of a real Prometheus that scrapes a Waypost under load; see panels.sh.

    deploy/check/panels.py WAYPOST FOLDER

Of an alert it asks for each series that it looks at: the alert itself is empty when all is well.
"""

import json
import math
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

import dashboards
import promql
import rules
from findings import ROOT, Findings, load
from load import Load
from processes import Children, free_port

# How long queries may stay without an answer, from the moment at which the load is on.
DEADLINE = 150
SERVICES = ("ingress", "worker", "dispatcher", "realtime", "monitor")


class Prometheus:
    """A Prometheus of its own, in a folder."""

    def __init__(self, children, folder, targets):
        self.port = free_port()
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [target], "labels": {"namespace": "waypost"}}]}
                for job, target in targets.items()
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        # The rules as they are, only looked at more often, so that nobody has to wait for them.
        (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{**group, "interval": "1s"} for group in rules.groups()]}))
        children.start(
            "prometheus",
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        )
        self.began = time.time()

    def ask(self, expr):
        """Everything that the expression has said since the start, as [value, …]. A step a second, as panels do it."""
        form = {"query": expr, "start": self.began, "end": time.time(), "step": 1}
        data = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query_range", data, timeout=20) as answer:
                series = json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"Prometheus refuses {expr}: {error.read().decode()}") from error
        return [float(value) for each in series for _, value in each["values"]]


def of_panels():
    for name, page in dashboards.pages().items():
        for title, target in dashboards.queries(page):
            if "expr" in target:
                yield f"{name}, {title}", promql.filled(target["expr"])


def of_rules():
    for rule in rules.rules():
        if "record" in rule:
            yield f"rule {rule['record']}", rule["record"]
            yield f"rule {rule['record']}", rule["expr"]
            continue
        for metric, matchers in promql.selectors(rule["expr"]):
            yield f"alert {rule['alert']}", metric + matchers


def of_scalers():
    for file in sorted((ROOT / "k8s/components/keda").glob("*.yaml")):
        for trigger in load(file).get("spec", {}).get("triggers", []):
            if trigger["type"] == "prometheus":
                yield f"{file.stem} scaler, {trigger['name']}", trigger["metadata"]["query"]


def unanswered(prometheus, queries):
    """Those without a single number in their answer."""
    return [(where, expr) for where, expr in queries if not any(map(math.isfinite, prometheus.ask(expr)))]


def main(waypost, folder):
    findings = Findings("queries")
    folder = Path(folder).resolve()
    queries = list(dict.fromkeys([*of_panels(), *of_rules(), *of_scalers()]))
    with Children(folder) as children:
        # The spool has figures only where there is one.
        children.start(
            "waypost",
            waypost,
            "up",
            "--ephemeral",
            "--sandbox",
            "--ready-file",
            str(folder / "ready.json"),
            WAYPOST_SPOOL_DIR=str(folder / "spool"),
        )
        ready = children.wait_for_json(folder / "ready.json", 120)
        # One process has all services, each with a listener of its own; the jobs are those that alerts know.
        hosts = [url.removeprefix("http://") for url in ready["admin_urls"]]
        prometheus = Prometheus(children, folder, {f"waypost-{name}": host for name, host in zip(SERVICES, hosts, strict=True)})
        load_on = Load(waypost, ready, folder)
        load_on.start()
        deadline = time.monotonic() + DEADLINE
        open_ones = queries
        while open_ones and time.monotonic() < deadline:
            children.check()
            time.sleep(5)
            open_ones = unanswered(prometheus, open_ones)
            print(f"{len(queries) - len(open_ones)} of {len(queries)} queries are answered", flush=True)
        load_on.stop()
    for where, expr in open_ones:
        findings.say(where, f"no number ever for {' '.join(expr.split())}")
    findings.unless(
        not load_on.errors, "load", f"{len(load_on.errors)} requests failed, the first by: {(load_on.errors or [''])[0]}"
    )
    findings.exit(f"{len(queries)} are answered by a Prometheus that scrapes Waypost under load ({load_on.told()})")


if __name__ == "__main__":
    main(*sys.argv[1:])
