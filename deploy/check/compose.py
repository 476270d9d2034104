"""Checks docker-compose.yml, as `docker compose config` has resolved it (on standard input, as JSON): what a linter cannot know."""

import json
import re
import sys

from findings import Findings, load, settings

OURS = ("ingress", "worker", "dispatcher", "realtime", "monitor")
# Nothing waits for the collector, which has no program in its image that could ask whether it is well; and those that run
# once say how they ended.
UNASKED = {"collector", "secrets", "migrate", "sandbox"}
# Asked by the health check in the image itself, see deploy/Dockerfile.
BY_IMAGE = set(OURS)


def check_hardening(findings, name, service):
    findings.unless(service.get("read_only") is True, name, "can write to its image")
    findings.unless(service.get("cap_drop") == ["ALL"], name, "keeps capabilities")
    findings.unless("no-new-privileges:true" in service.get("security_opt", []), name, "may gain privileges")
    findings.unless(not service.get("privileged") and not service.get("cap_add"), name, "is privileged")
    findings.unless(service.get("user"), name, "has no user of its own")
    findings.unless(service.get("mem_limit") and service.get("pids_limit"), name, "has no limit of memory and processes")
    for port in service.get("ports", []):
        findings.unless(port.get("host_ip") == "127.0.0.1", name, f"port {port['published']} is open to more than this machine")


def check_image(findings, name, service):
    image = service["image"]
    if service.get("build") or image.startswith("waypost/"):
        findings.unless(image.startswith("waypost/"), name, f"is built here and called {image}")
        return
    findings.unless(re.search(r":v?\d+\.\d+(\.\d+)?$", image), name, f"{image} is no exact version")


def check_order(findings, name, service, services):
    """Whatever is waited for can say that it is there."""
    for other, how in service.get("depends_on", {}).items():
        once = services[other].get("restart", "no") in ("no", "on-failure:5")
        wanted = "service_completed_successfully" if once else "service_healthy"
        findings.unless(how["condition"] == wanted, name, f"waits for {other} by {how['condition']}, and should by {wanted}")
    if name not in UNASKED | BY_IMAGE:
        findings.unless(service.get("healthcheck"), name, "has no health check")


def check_settings(findings, name, service, known):
    for key in service.get("environment", {}):
        if key.startswith("WAYPOST_"):
            findings.unless(key in known, name, f"docs/CONFIG.md has no {key}")


def main():
    findings = Findings("docker-compose.yml")
    services = json.load(sys.stdin)["services"]
    known = settings()
    for name, service in services.items():
        check_hardening(findings, name, service)
        check_image(findings, name, service)
        check_order(findings, name, service, services)
        check_settings(findings, name, service, known)
    for name in OURS:
        needed = {"redis"} | ({"migrate"} if name in ("worker", "monitor") else set())
        findings.unless(needed <= set(services[name].get("depends_on", {})), name, f"does not wait for {sorted(needed)}")
    networks = load("docker-compose.yml")["networks"]
    findings.unless(
        networks["data"].get("internal") and networks["telemetry"].get("internal"),
        "networks",
        "data and telemetry must be internal",
    )
    findings.unless(services["sandbox"].get("profiles") == ["sandbox"], "sandbox", "must be in the profile sandbox")
    findings.exit(f"{len(services)} services are hardened, pinned, and wait for what they need")


if __name__ == "__main__":
    main()
