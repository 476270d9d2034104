"""Checks the rules beyond what promtool does: every alert has cases that fire and cases that do not, a section in the runbook,
and looks only at metrics that there are. The copy for Kubernetes is as the rules say.

    deploy/check/rules.py            checks
    deploy/check/rules.py --write    writes k8s/components/monitoring/rules.yaml
"""

import re
import sys

import yaml

import promql
from findings import ROOT, Findings, documented_metrics, load

RULES = ("recording.yml", "alerts.yml")
COPY = ROOT / "k8s/components/monitoring/rules.yaml"
HEAD = "# Made from deploy/prometheus/rules by deploy/check/rules.py --write: change it there.\n"
# Prometheus makes these itself.
BUILT_IN = {"up", "ALERTS"}
# Labels that come with scraping.
SCRAPED = {"job", "instance", "namespace", "le"}


def groups():
    return [group for name in RULES for group in load(f"deploy/prometheus/rules/{name}")["groups"]]


def rules():
    return [rule for group in groups() for rule in group["rules"]]


def copy():
    """The rules as the operator of Prometheus wants them."""
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "waypost"},
        "spec": {"groups": groups()},
    }
    return HEAD + yaml.safe_dump(resource, sort_keys=False, allow_unicode=True, width=200)


def cases():
    """For each alert: how many cases expect it, and how many expect that it is quiet."""
    firing, quiet = {}, {}
    for file in sorted((ROOT / "deploy/prometheus/tests").glob("*.yml")):
        for test in load(file)["tests"]:
            for case in test.get("alert_rule_test", []):
                counter = firing if case.get("exp_alerts") else quiet
                counter[case["alertname"]] = counter.get(case["alertname"], 0) + 1
    return firing, quiet


def check_alert(findings, rule, firing, quiet, sections):
    name = rule["alert"]
    findings.unless(firing.get(name), name, "no case in deploy/prometheus/tests in which it fires")
    findings.unless(quiet.get(name), name, "no case in deploy/prometheus/tests in which it is quiet")
    findings.unless(rule["labels"].get("severity") in ("critical", "warning"), name, "severity must be critical or warning")
    findings.unless(rule["annotations"].get("summary"), name, "has no summary")
    wanted = f"docs/RUNBOOK.md#{name.lower()}"
    findings.unless(rule["annotations"].get("runbook_url") == wanted, name, f"runbook_url must be {wanted}")
    findings.unless(name in sections, name, "has no section in docs/RUNBOOK.md")


def recorded():
    """What each recording rule looks at."""
    return {rule["record"]: promql.selectors(rule["expr"]) for rule in rules() if "record" in rule}


def labels_of(metric, known):
    """Labels of a metric and the words that they can be; of a recorded one those of what it was made from."""
    if metric in (made := recorded()):
        found = {}
        for name, _ in made[metric]:
            found.update(labels_of(name, known) or {})
        return found
    return known.get(metric, known.get(promql.base_name(metric)))


def check_metrics(findings, where, expr):
    """Whether all metrics that an expression looks at exist, with the labels and words that it asks for: what does not exist is
    no error to Prometheus, it is only never there."""
    known = documented_metrics()
    if known is None:
        return
    for metric, matchers in promql.selectors(expr):
        if metric in BUILT_IN:
            continue
        labels = labels_of(metric, known)
        if labels is None:
            findings.say(where, f"{metric} is not in docs/METRICS.md")
            continue
        for label, words in promql.words(matchers):
            if label in SCRAPED:
                continue
            findings.unless(label in labels, where, f"{metric} has no label {label}")
            for word in words:
                findings.unless(labels.get(label) is None or word in labels[label], where, f"{metric} has no {label} {word}")


def main(arguments):
    if arguments == ["--write"]:
        COPY.write_text(copy())
        return
    findings = Findings("rules")
    sections = set(re.findall(r"^## (\w+)$", (ROOT / "docs/RUNBOOK.md").read_text(), re.MULTILINE))
    firing, quiet = cases()
    alerts = [rule for rule in rules() if "alert" in rule]
    names = [rule["alert"] for rule in alerts]
    for rule in alerts:
        check_alert(findings, rule, firing, quiet, sections)
    for rule in rules():
        check_metrics(findings, rule.get("alert") or rule["record"], rule["expr"])
    for name in (set(firing) | set(quiet)) - set(names):
        findings.say(name, "is tested, and no such alert exists")
    for name in sorted(section for section in sections if section.startswith("Waypost")):
        findings.unless(name in names, "docs/RUNBOOK.md", f"has a section {name}, and no such alert exists")
    findings.unless(
        COPY.exists() and COPY.read_text() == copy(), COPY.relative_to(ROOT), "is stale: run deploy/check/rules.py --write"
    )
    if documented_metrics() is None:
        print("SKIP rules: docs/METRICS.md is not there, so nobody can say whether the metrics exist")
    findings.exit(f"{len(alerts)} alerts have cases and a section each, {len(rules()) - len(alerts)} recording rules")


if __name__ == "__main__":
    main(sys.argv[1:])
