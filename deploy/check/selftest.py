"""Proves that the checks can fail: breaks what they look at, one thing at a time, and wants each to be found.

    deploy/check/selftest.py FOLDER

FOLDER has the overlays as kustomize built them, and the compose file as it was resolved.
"""

import copy
import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import compose
import dashboards
import manifests
import promql
import rules
from findings import Findings, documented_metrics, settings


def wrong_manifests(overlay):
    """What manifests.py finds in it."""
    findings = Findings("selftest")
    with redirect_stdout(io.StringIO()):
        manifests.check_custom(findings, overlay)
    for name, _, spec in overlay.pods():
        manifests.check_pod(findings, name, spec)
    for deployment in overlay.of("Deployment"):
        if deployment["metadata"]["name"] in manifests.DRAIN:
            manifests.check_service(findings, overlay, deployment)
    manifests.check_settings(findings, overlay)
    manifests.check_scaling(findings, overlay)
    manifests.check_queries(findings, overlay)
    manifests.check_network(findings, overlay)
    return findings.wrong


def pod(overlay, name):
    return overlay.named("Deployment", name)["spec"]["template"]["spec"]


def drop(overlay, kind, name):
    overlay.objects.remove(overlay.named(kind, name))


def rename(mapping, old, new):
    mapping[new] = mapping.pop(old)


# What breaks an overlay, and a word of what must be told of it.
MANIFESTS = {
    "a pod that may run as root": (
        lambda o: pod(o, "waypost-worker")["securityContext"].pop("runAsNonRoot"),
        "may run as root",
    ),
    "a pod that can write to its image": (
        lambda o: pod(o, "waypost-worker")["containers"][0]["securityContext"].pop("readOnlyRootFilesystem"),
        "can write",
    ),
    "Kubernetes' variables for Services": (lambda o: pod(o, "waypost-ingress").pop("enableServiceLinks"), "enableServiceLinks"),
    "a grace shorter than the drain": (
        lambda o: pod(o, "waypost-dispatcher").update(terminationGracePeriodSeconds=30),
        "grace",
    ),
    "no sleep before the stop": (lambda o: pod(o, "waypost-ingress")["containers"][0].pop("lifecycle"), "preStop"),
    "an image without a version": (
        lambda o: pod(o, "waypost-worker")["containers"][0].update(image="waypost/waypost-worker"),
        "no version",
    ),
    "a misspelt setting": (
        lambda o: rename(o.named("ConfigMap", "waypost")["data"], "WAYPOST_LOG_LEVEL", "WAYPOST_LOG_LEVLE"),
        "WAYPOST_LOG_LEVLE",
    ),
    "a secret that nothing mounts": (
        lambda o: pod(o, "waypost-worker")["containers"][0]["env"][0].update(value="/run/elsewhere"),
        "/run/elsewhere",
    ),
    "no policy that forbids": (lambda o: drop(o, "NetworkPolicy", "deny"), "nothing forbids"),
    "no policy for a service": (lambda o: drop(o, "NetworkPolicy", "waypost-monitor"), "has no NetworkPolicy"),
    "no disruption budget": (lambda o: drop(o, "PodDisruptionBudget", "waypost-ingress"), "has no PodDisruptionBudget"),
    "a Service that selects nobody": (
        lambda o: o.named("Service", "waypost-send")["spec"].update(selector={"app": "nobody"}),
        "selects no pod",
    ),
    "replicas beside an autoscaler": (
        lambda o: o.named("Deployment", "waypost-worker")["spec"].update(replicas=3),
        "and not both",
    ),
    "a way in to everything": (
        lambda o: o.named("Ingress", "waypost-webhook")["spec"]["rules"][0]["http"]["paths"][0].update(path="/"),
        "lets ['/'] in",
    ),
}
# The same for those with custom resources.
CUSTOM = {
    "a misspelt field of KEDA's": (
        lambda o: rename(o.named("ScaledObject", "waypost-worker")["spec"], "maxReplicaCount", "maxReplicas"),
        "maxReplicas",
    ),
    "a misspelt field of a rule": (
        lambda o: rename(o.named("PrometheusRule", "waypost")["spec"]["groups"][2]["rules"][0], "for", "during"),
        "during",
    ),
    "a misspelt field of a monitor": (
        lambda o: rename(o.named("ServiceMonitor", "waypost")["spec"], "jobLabel", "joblabel"),
        "joblabel",
    ),
    "a metric that is not there": (
        lambda o: o.named("ScaledObject", "waypost-worker")["spec"]["triggers"][0]["metadata"].update(query="waypost_depth"),
        "waypost_depth",
    ),
    "a second autoscaler": (
        lambda o: o.objects.append(
            {**copy.deepcopy(o.named("HorizontalPodAutoscaler", "waypost-ingress")), "metadata": {"name": "second"}}
        ),
        "two autoscalers",
    ),
}


def of_overlays(folder):
    """Each break, and whether it was found."""
    schemas = "WAYPOST_SCHEMAS" in os.environ
    for file, cases in ((folder / "dev.yaml", MANIFESTS), (folder / "prod.yaml", CUSTOM)):
        whole = manifests.Overlay(file)
        before = set(wrong_manifests(whole))
        for name, (break_it, word) in cases.items():
            if "field" in name and not schemas:
                continue
            broken = copy.deepcopy(whole)
            break_it(broken)
            told = set(wrong_manifests(broken)) - before
            yield name, any(word in line for line in told)


COMPOSE = {
    "a port for everybody": (lambda s: s["ingress"]["ports"][0].update(host_ip="0.0.0.0"), "open to more"),
    "an image without a version": (lambda s: s["redis"].update(image="redis:latest"), "no exact version"),
    "a service that can write": (lambda s: s["worker"].pop("read_only"), "can write"),
    "a wait for what only started": (
        lambda s: s["worker"]["depends_on"]["redis"].update(condition="service_started"),
        "service_healthy",
    ),
    "a misspelt setting": (
        lambda s: s["ingress"]["environment"].update(WAYPOST_SPOOL_DIRECTORY="/x"),
        "WAYPOST_SPOOL_DIRECTORY",
    ),
}


def of_compose(folder):
    whole = json.loads((folder / "compose.json").read_text())["services"]
    for name, (break_it, word) in COMPOSE.items():
        broken = copy.deepcopy(whole)
        break_it(broken)
        findings = Findings("selftest")
        for service, content in broken.items():
            compose.check_hardening(findings, service, content)
            compose.check_image(findings, service, content)
            compose.check_order(findings, service, content, broken)
            compose.check_settings(findings, service, content, settings())
        yield name, any(word in line for line in findings.wrong)


DASHBOARDS = {
    "a data source that is not there": (
        lambda p: p["panels"][1]["targets"][0]["datasource"].update(uid="other"),
        "no data source",
    ),
    "a panel without a description": (lambda p: p["panels"][1].update(description=""), "has no description"),
    "two panels of one id": (lambda p: p["panels"][1].update(id=p["panels"][2]["id"]), "one id"),
    "a variable that is not there": (lambda p: p["panels"][1]["targets"][0].update(expr='up{a="$nobody"}'), "nobody"),
}


def of_dashboards():
    sources = {"prometheus": "prometheus", "tempo": "tempo"}
    whole = dashboards.pages()["overview"]
    for name, (break_it, word) in DASHBOARDS.items():
        broken = copy.deepcopy(whole)
        break_it(broken)
        findings = Findings("selftest")
        dashboards.check_page(findings, "overview", broken, sources)
        yield name, any(word in line for line in findings.wrong)


# Expressions that Prometheus takes, and that would never say anything.
SILENT = {
    "a metric that is not there": ("rate(waypost_webhook_total[5m])", "waypost_webhook_total is not in"),
    "a label that is not there": ('waypost_webhooks_total{outcome="accepted"}', "no label outcome"),
    "a word that is not there": ('waypost_webhooks_total{result=~"accepted|unavailble"}', "unavailble"),
    "a word of a recorded metric": ('result:waypost_webhooks:rate5m{result="unavailble"}', "unavailble"),
}


def of_metrics():
    for name, (expr, word) in SILENT.items():
        findings = Findings("selftest")
        rules.check_metrics(findings, "selftest", expr)
        yield name, documented_metrics() is None or any(word in line for line in findings.wrong)


def of_promql():
    expr = 'sum by (queue) (rate(waypost_a_total{b="waypost_c"}[5m])) / on (queue) up{job=~"x"} > waypost_d:p99_5m'
    found = [name for name, _ in promql.selectors(expr)]
    yield "metrics of an expression", found == ["waypost_a_total", "up", "waypost_d:p99_5m"]


def main(folder):
    findings = Findings("selftest")
    cases = [*of_overlays(folder), *of_compose(folder), *of_dashboards(), *of_metrics(), *of_promql()]
    with redirect_stderr(sys.stdout):
        for name, found in cases:
            findings.unless(found, name, "was not found")
        findings.exit(f"{len(cases)} things that were broken on purpose were found")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
