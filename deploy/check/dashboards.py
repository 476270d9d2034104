"""Checks the dashboards: what Grafana would not tell until somebody looks.

    deploy/check/dashboards.py FOLDER

writes into FOLDER what other programs check: promql.yml, every query as a recording rule, for promtool; traceql.json; and
dashboards.ts, for Grafana's own types.
"""

import json
import re
import sys
from pathlib import Path

import yaml

import promql
from findings import ROOT, Findings, documented_metrics, load
from rules import check_metrics

HEAD = "import type { Custom, Options, Page, Target } from './types';\n"


def pages():
    """Every dashboard by its name."""
    return {file.stem: json.loads(file.read_text()) for file in sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))}


def panels(page):
    return [panel for panel in page["panels"] if panel["type"] != "row"]


def queries(page):
    """(title of the panel, target) of every query."""
    return [(panel["title"], target) for panel in panels(page) for target in panel.get("targets", [])]


def check_panel(findings, where, panel, sources):
    for field in ("title", "description"):
        findings.unless(panel.get(field), where, f"has no {field}")
    findings.unless(panel["fieldConfig"]["defaults"].get("unit"), where, "has no unit")
    findings.unless(panel["type"] == "text" or panel.get("targets"), where, "asks nothing")
    for target in panel.get("targets", []):
        source = target["datasource"]
        findings.unless(sources.get(source["uid"]) == source["type"], where, f"no data source {source} is provisioned")
        findings.unless(panel["datasource"] == source, where, "panel and query name different data sources")


def check_page(findings, name, page, sources):
    identities = [panel["id"] for panel in page["panels"]]
    findings.unless(len(identities) == len(set(identities)), name, "two panels have one id")
    titles = [panel["title"] for panel in panels(page)]
    for title in {title for title in titles if titles.count(title) > 1}:
        findings.say(name, f"two panels are called {title}")
    places = [(each["gridPos"]["x"], each["gridPos"]["y"]) for each in page["panels"]]
    findings.unless(len(places) == len(set(places)), name, "two panels stand in one place")
    for panel in panels(page):
        check_panel(findings, f"{name}, {panel['title']}", panel, sources)
    # A variable that nobody has defined goes to the data source as it is written.
    known = {variable["name"] for variable in page["templating"]["list"]}
    used = set(re.findall(r"\$(?!__)(\w+)", json.dumps([target for _, target in queries(page)])))
    findings.unless(used <= known, name, f"uses {sorted(used - known)}, and has no such variable")
    findings.unless(known <= used, name, f"has {sorted(known - used)}, and no query uses it")


def write_promql(folder, all_pages):
    found = []
    for name, page in all_pages.items():
        for number, (title, target) in enumerate(queries(page)):
            if "expr" in target:
                labels = {"panel": f"{name}: {title}"}
                found.append({"record": f"panel:{name}:{number}", "expr": promql.filled(target["expr"]), "labels": labels})
    (folder / "promql.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": found}]}))
    return len(found)


def write_traceql(folder, all_pages):
    """Without those that only show a trace by its id."""
    found = [
        (f"{name}, {title}", promql.filled(target["query"]))
        for name, page in all_pages.items()
        for title, target in queries(page)
        if "tableType" in target
    ]
    (folder / "traceql.json").write_text(json.dumps(found))
    return len(found)


def write_types(folder, all_pages):
    """Each panel apart, because what it may hold depends on its kind."""
    lines = [HEAD]
    for name, page in all_pages.items():
        for panel in panels(page):
            where = f"{name}_{panel['id']}"
            kind, custom = panel["type"], panel["fieldConfig"]["defaults"]["custom"]
            lines.append(f"// {name}: {panel['title']}")
            lines.append(f"export const {where}_options: Options[{json.dumps(kind)}] = {json.dumps(panel['options'])};")
            lines.append(f"export const {where}_custom: Custom[{json.dumps(kind)}] = {json.dumps(custom)};")
            lines.append(f"export const {where}_targets: Target[] = {json.dumps(panel.get('targets', []))};")
        stripped = {
            **page,
            "panels": [{key: value for key, value in panel.items() if key != "options"} for panel in page["panels"]],
        }
        lines.append(f"export const {name}: Page = {json.dumps(stripped)};")
    (folder / "dashboards.ts").write_text("\n".join(lines) + "\n")


def main(folder):
    folder = Path(folder)
    findings = Findings("dashboards")
    provisioned = load("deploy/grafana/provisioning/datasources/waypost.yml")["datasources"]
    sources = {source["uid"]: source["type"] for source in provisioned}
    all_pages = pages()
    uids = [page["uid"] for page in all_pages.values()]
    findings.unless(len(uids) == len(set(uids)), "dashboards", "two have one uid")
    for name, page in all_pages.items():
        check_page(findings, name, page, sources)
        for title, target in queries(page):
            check_metrics(findings, f"{name}, {title}", promql.filled(target.get("expr", "")))
        # A link to a page that is not there leads to an error.
        for uid in re.findall(r"/d/([\w-]+)", json.dumps(page)):
            findings.unless(uid in uids, name, f"links to {uid}, and no dashboard has that uid")
    metrics, traces = write_promql(folder, all_pages), write_traceql(folder, all_pages)
    write_types(folder, all_pages)
    if documented_metrics() is None:
        print("SKIP dashboards: docs/METRICS.md is not there, so nobody can say whether the metrics exist")
    shown = sum(len(panels(page)) for page in all_pages.values())
    findings.exit(f"{len(all_pages)} pages, {shown} panels, {metrics} queries of metrics, {traces} of traces")


if __name__ == "__main__":
    main(sys.argv[1])
