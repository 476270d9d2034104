"""Checks what kustomize made of an overlay, beyond the shape of each object: that they fit together.

    deploy/check/manifests.py FILE

With WAYPOST_SCHEMAS naming a folder of custom resource definitions, custom resources are checked against those, and fields that
they do not have are refused.
"""

import os
import re
import sys
from pathlib import Path

import jsonschema
import yaml

from findings import Findings, settings
from rules import check_metrics

# What may pass between SIGTERM and the end besides the drain: the last writes of the ingress (5 s) and its admin listener.
AFTER_DRAIN = 6
# docs/CONFIG.md has these as the defaults of *.drain_deadline.
DRAIN = {"waypost-ingress": 25, "waypost-worker": 25, "waypost-dispatcher": 35, "waypost-realtime": 25, "waypost-monitor": 25}
WORKLOADS = ("Deployment", "StatefulSet", "Job")


class Overlay:
    """All objects of an overlay."""

    def __init__(self, file):
        with open(file, encoding="utf-8") as text:
            self.objects = [each for each in yaml.safe_load_all(text) if each]

    def of(self, *kinds):
        return [each for each in self.objects if each["kind"] in kinds]

    def named(self, kind, name):
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)

    def pods(self):
        """(name, labels, spec) of every pod that will run."""
        for each in self.of(*WORKLOADS):
            template = each["spec"]["template"]
            yield each["metadata"]["name"], template["metadata"]["labels"], template["spec"]

    def selected(self, selector):
        wanted = (selector or {}).get("matchLabels", {}).items()
        return [name for name, labels, _ in self.pods() if wanted <= labels.items()]


def strict(schema):
    """The schema with unknown fields refused wherever it does not ask for them."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    open_ended = "additionalProperties" in made or made.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(made.get("properties"), dict) and made.get("type") == "object" and not open_ended:
        made["additionalProperties"] = False
    if made.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return made


def definitions(folder):
    """Schema of each custom resource, by API version and kind."""
    found = {}
    for file in Path(folder).glob("*.yaml"):
        resource = yaml.safe_load(file.read_text())
        group, kind = resource["spec"]["group"], resource["spec"]["names"]["kind"]
        for version in resource["spec"]["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            # Definitions leave what all objects have in common open.
            schema["properties"].update(
                {"metadata": {"type": "object"}, "apiVersion": {"type": "string"}, "kind": {"type": "string"}}
            )
            found[(f"{group}/{version['name']}", kind)] = schema
    return found


def check_custom(findings, overlay):
    """Custom resources, which no schema of Kubernetes' own knows."""
    custom = [each for each in overlay.objects if re.search(r"keda\.sh|coreos\.com", each["apiVersion"])]
    folder = os.environ.get("WAYPOST_SCHEMAS")
    if not folder:
        print(f"SKIP schemas of {len(custom)} custom resources: WAYPOST_SCHEMAS names no folder of definitions")
        return 0
    known = definitions(folder)
    for each in custom:
        where = f"{each['kind']} {each['metadata']['name']}"
        schema = known.get((each["apiVersion"], each["kind"]))
        if schema is None:
            findings.say(where, f"no definition of {each['apiVersion']} in {folder}")
            continue
        for error in jsonschema.Draft202012Validator(schema).iter_errors(each):
            findings.say(where, f"{error.json_path}: {error.message}")
    return len(custom)


def check_pod(findings, name, spec):
    """What the restricted profile asks for, and what our own names ask for."""
    security = spec.get("securityContext", {})
    findings.unless(
        spec.get("automountServiceAccountToken") is False, name, "mounts a token of Kubernetes that it does not need"
    )
    findings.unless(
        spec.get("enableServiceLinks") is False,
        name,
        "enableServiceLinks must be false: Kubernetes' variables begin with WAYPOST_ too",
    )
    findings.unless(security.get("runAsNonRoot") is True, name, "may run as root")
    findings.unless(security.get("seccompProfile", {}).get("type") == "RuntimeDefault", name, "has no seccomp profile")
    for container in spec["containers"]:
        own = container.get("securityContext", {})
        findings.unless(own.get("readOnlyRootFilesystem") is True, name, "can write to its image")
        findings.unless(own.get("allowPrivilegeEscalation") is False, name, "may gain privileges")
        findings.unless(own.get("capabilities", {}).get("drop") == ["ALL"], name, "keeps capabilities")
        findings.unless({"requests", "limits"} <= container.get("resources", {}).keys(), name, "has no requests or limits")
        findings.unless(
            re.search(r":(?!latest$)[\w.-]+$", container["image"]), name, f"image {container['image']} has no version"
        )
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        findings.unless(
            mounted == {volume["name"] for volume in spec.get("volumes", [])} | (mounted & {"data"}),
            name,
            "volumes and mounts differ",
        )


def check_settings(findings, overlay):
    """Whether every setting is one, and every file of a secret is where its setting says."""
    known = settings()
    for config in overlay.of("ConfigMap"):
        for key in config.get("data", {}):
            findings.unless(
                not key.startswith("WAYPOST_") or key in known, config["metadata"]["name"], f"docs/CONFIG.md has no {key}"
            )
    shared = overlay.named("ConfigMap", "waypost")["data"]
    for name, _, spec in overlay.pods():
        for container in spec["containers"]:
            own = {each["name"]: each.get("value") for each in container.get("env", [])}
            for key in own:
                findings.unless(not key.startswith("WAYPOST_") or key in known, name, f"docs/CONFIG.md has no {key}")
            all_of_it = {**(shared if container.get("envFrom") else {}), **own}
            for key, value in all_of_it.items():
                if key.startswith("WAYPOST_") and key.endswith("_FILE"):
                    findings.unless(value in files(spec, container), name, f"{key} is {value}, and nothing mounts that file")


def files(spec, container):
    """Every file that Secrets put into a container."""
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    found = set()
    for mount in container.get("volumeMounts", []):
        secret = volumes.get(mount["name"], {}).get("secret", {})
        found |= {f"{mount['mountPath']}/{item['path']}" for item in secret.get("items", [])}
        if secret and "items" not in secret:
            found.add(f"{mount['mountPath']}/numbers.toml")
    return found


def check_service(findings, overlay, deployment):
    """A service of ours is whole: reached, probed, spread, kept, and stopped without loss."""
    name = deployment["metadata"]["name"]
    spec = deployment["spec"]["template"]["spec"]
    container = spec["containers"][0]
    for kind in ("Service", "ServiceAccount", "PodDisruptionBudget", "NetworkPolicy"):
        findings.unless(overlay.named(kind, name), name, f"has no {kind}")
    findings.unless(spec["serviceAccountName"] == name, name, "runs under another's account")
    findings.unless(
        deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0},
        name,
        "a rollout may take capacity away",
    )
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        findings.unless(
            container.get(probe, {}).get("httpGet", {}).get("port") == "admin", name, f"{probe} does not ask the admin listener"
        )
    findings.unless(len(spec.get("topologySpreadConstraints", [])) == 2, name, "is not spread over zones and nodes")
    asleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    needed = asleep + DRAIN[name] + AFTER_DRAIN
    findings.unless(
        spec["terminationGracePeriodSeconds"] > needed, name, f"its grace is not longer than what a stop may take ({needed} s)"
    )
    served = {port["name"] for port in container["ports"]} - {"admin"}
    findings.unless(not served or asleep >= 5, name, "stops before proxies have heard of it: a preStop sleep is missing")


def check_scaling(findings, overlay):
    """One autoscaler pulls at a Deployment, or it has a number of replicas."""
    pulled = [each["spec"]["scaleTargetRef"]["name"] for each in overlay.of("HorizontalPodAutoscaler", "ScaledObject")]
    for name in set(pulled):
        findings.unless(pulled.count(name) == 1, name, "two autoscalers pull at it")
    for deployment in overlay.of("Deployment"):
        name = deployment["metadata"]["name"]
        findings.unless(
            ("replicas" in deployment["spec"]) != (name in pulled), name, "needs replicas or an autoscaler, and not both"
        )


def queries(overlay):
    """(where, PromQL) of everything that scales by a query."""
    for each in overlay.of("ScaledObject"):
        for trigger in each["spec"]["triggers"]:
            if trigger["type"] == "prometheus":
                yield f"ScaledObject {each['metadata']['name']}, {trigger['name']}", trigger["metadata"]["query"]


def check_queries(findings, overlay):
    for where, query in queries(overlay):
        check_metrics(findings, where, query)


def write_queries(overlay, file):
    """As recording rules, for promtool to parse."""
    made = [{"record": f"scale:{number}", "expr": query} for number, (_, query) in enumerate(queries(overlay))]
    file.write_text(yaml.safe_dump({"groups": [{"name": "scale", "rules": made}]}))


def check_network(findings, overlay):
    """Everything is forbidden first, every pod has a policy that knows it, and no policy or Service selects nobody."""
    nothing = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    findings.unless(
        nothing in [each["spec"] for each in overlay.of("NetworkPolicy")],
        "NetworkPolicy",
        "nothing forbids what is not allowed",
    )
    for policy in overlay.of("NetworkPolicy"):
        findings.unless(
            overlay.selected(policy["spec"]["podSelector"]), f"NetworkPolicy {policy['metadata']['name']}", "selects no pod"
        )
    for service in overlay.of("Service"):
        findings.unless(
            overlay.selected({"matchLabels": service["spec"]["selector"]}),
            f"Service {service['metadata']['name']}",
            "selects no pod",
        )
    for budget in overlay.of("PodDisruptionBudget"):
        findings.unless(
            overlay.selected(budget["spec"]["selector"]), f"PodDisruptionBudget {budget['metadata']['name']}", "selects no pod"
        )
    for entry in overlay.of("Ingress"):
        paths = [path["path"] for rule in entry["spec"]["rules"] for path in rule["http"]["paths"]]
        allowed = {"waypost-webhook": ["/webhook"], "waypost-realtime": ["/socket.io", "/v1/events"]}[entry["metadata"]["name"]]
        findings.unless(paths == allowed, f"Ingress {entry['metadata']['name']}", f"lets {paths} in, and only {allowed} may be")


def main(file):
    findings = Findings(f"manifests of {Path(file).stem}")
    overlay = Overlay(file)
    custom = check_custom(findings, overlay)
    for name, _, spec in overlay.pods():
        check_pod(findings, name, spec)
    ours = [each for each in overlay.of("Deployment") if each["metadata"]["name"] in DRAIN]
    findings.unless(len(ours) == len(DRAIN), "Deployments", f"want {sorted(DRAIN)}")
    for deployment in ours:
        check_service(findings, overlay, deployment)
    check_settings(findings, overlay)
    check_scaling(findings, overlay)
    check_queries(findings, overlay)
    write_queries(overlay, Path(file).with_suffix(".queries.yml"))
    check_network(findings, overlay)
    secrets = [each["metadata"]["name"] for each in overlay.of("Secret")]
    findings.exit(
        f"{len(overlay.objects)} objects fit together, {custom} custom ones against their definitions, {len(secrets)} Secrets generated"
    )


if __name__ == "__main__":
    main(sys.argv[1])
