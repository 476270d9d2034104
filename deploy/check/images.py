"""Builds every image and runs the whole system of docker-compose.yml; see images.sh.

deploy/check/images.py FOLDER RUST_IMAGE RUNTIME_IMAGE
"""

import hashlib
import hmac
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import sbom
from engine import Compose, docker, output, wait_for
from findings import ROOT, Findings

SERVICES = ("ingress", "worker", "dispatcher", "realtime", "monitor")
PROGRAMS = (ROOT / "deploy/image/programs").read_text().split()
# What an image may weigh, and what ours adds to its base.
MOST_BYTES = 25_000_000
NUMBER = "106540352242922"
PERSON = "491511234567"
# Public: see deploy/compose/secrets.sh.
APP_SECRET = "public-app-secret-of-the-fake-meta"
STRANGER = "12345:12345"
VERSION = "check"


def build(rust_image, runtime_image):
    revision = output("git", "-C", str(ROOT), "rev-parse", "HEAD")
    arguments = {"RUST_IMAGE": rust_image, "RUNTIME_IMAGE": runtime_image, "VERSION": VERSION, "REVISION": revision}
    for program in PROGRAMS:
        began = time.monotonic()
        options = [
            word for name, value in {**arguments, "SERVICE": program}.items() for word in ("--build-arg", f"{name}={value}")
        ]
        docker("build", "--file", "deploy/Dockerfile", "--tag", image(program), *options, ".", show=True)
        print(f"built {program} in {time.monotonic() - began:.0f} s", flush=True)


def image(program):
    return f"waypost/{program}:{VERSION}"


def inspect(name):
    return json.loads(docker("image", "inspect", name))[0]


def check_images(findings, folder, runtime_image):
    """Size, labels, user, health check, and the list of what is in it."""
    base = inspect(runtime_image)["Size"]
    print(f"sizes in MB, uncompressed; the base is a stand-in of {base / 1e6:.1f} (distroless/static has about 2)")
    for program in PROGRAMS:
        found = inspect(image(program))
        own = found["Size"] - base
        print(f"  {program:20} {own / 1e6:5.1f} of its own, {found['Size'] / 1e6:5.1f} in all")
        findings.unless(found["Size"] < MOST_BYTES, program, f"weighs {found['Size'] / 1e6:.1f} MB, and may weigh 25")
        config = found["Config"]
        labels = config.get("Labels") or {}
        for label in ("title", "version", "revision"):
            findings.unless(labels.get(f"org.opencontainers.image.{label}"), program, f"has no label {label}")
        findings.unless(labels.get("org.opencontainers.image.version") == VERSION, program, "says another version")
        findings.unless(config["User"] == "65532:65532", program, f"runs as {config['User'] or 'root'}")
        asked = config.get("Healthcheck", {}).get("Test")
        wanted = ["NONE"] if program == "waypost" else ["CMD", f"/usr/local/bin/{program}", "--health"]
        findings.unless(asked == wanted, program, f"asks its health by {asked}")
        copy_sbom(program, folder)
    for file in sorted(folder.glob("*.cdx.json")):
        sbom.check(findings, file)


def copy_sbom(program, folder):
    container = docker("create", image(program)).strip()
    docker("cp", f"{container}:/usr/share/sbom/{program}.cdx.json", str(folder))
    docker("rm", container)


def check_strangers(findings):
    """Each program starts as a user that the image does not know, where nothing can be written."""
    hard = [
        "--rm",
        "--user",
        STRANGER,
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--network",
        "none",
    ]
    for program in PROGRAMS:
        told = docker("run", *hard, image(program), "--version").strip()
        findings.unless(told.startswith(program), program, f"says {told!r} to --version")


def post(url, body, headers):
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
        return answer.status, answer.read()


def webhook(wamid):
    """A text that a person sends, as Meta tells of it."""
    message = {"from": PERSON, "id": wamid, "timestamp": str(int(time.time())), "type": "text", "text": {"body": "Hello"}}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4915112340000", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Check"}, "wa_id": PERSON}],
        "messages": [message],
    }
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]}
    ).encode()


def check_inbound(findings, compose):
    """A signed webhook becomes a row, and leaves a trace at the collector."""
    wamid = "wamid.Y2hlY2s="
    body = webhook(wamid)
    signature = "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    url = f"http://{compose.address('ingress', 8080)}/webhook"
    status, _ = post(url, body, {"Content-Type": "application/json", "X-Hub-Signature-256": signature})
    findings.unless(status == 200, "webhook", f"was answered {status}")
    found = wait_for(
        lambda: compose.sql(f"SELECT count(*) FROM messages WHERE wamid = '{wamid}' AND direction = 'in'") == "1", 60
    )
    findings.unless(found, "webhook", "made no row in Postgres")
    findings.unless(
        wait_for(lambda: "POST /webhook" in compose.logs("collector"), 60), "webhook", "left no trace at the collector"
    )


def check_outbound(findings, compose):
    """A message goes to the fake Meta, whose webhooks tell that it was delivered."""
    key = compose.secret("send-key")
    body = json.dumps({"from": NUMBER, "to": f"+{PERSON}", "type": "text", "text": {"body": "Hello"}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    status, answer = post(f"http://{compose.address('ingress', 8081)}/v1/messages", body, headers)
    findings.unless(status == 202, "message", f"was answered {status}")
    message = json.loads(answer)["id"]
    delivered = f"SELECT count(*) FROM messages WHERE id = '{message}' AND delivered_at IS NOT NULL"
    findings.unless(wait_for(lambda: compose.sql(delivered) == "1", 60), "message", "was not delivered")
    findings.unless(
        wait_for(lambda: message in compose.logs("collector"), 60), "message", "its id is in no span at the collector"
    )


def check_scraped(findings, compose):
    """Prometheus finds every service by its name."""
    address = compose.address("prometheus", 9090)

    def scraped():
        with urllib.request.urlopen(
            f"http://{address}/api/v1/query?query=up%7Bjob%3D~%22waypost-.*%22%7D%20%3D%3D%201", timeout=10
        ) as answer:
            return len(json.load(answer)["data"]["result"]) == len(SERVICES)

    findings.unless(wait_for(scraped, 60), "prometheus", "does not scrape every service")


def check_as_strangers(findings, compose):
    """Every service does its work as another user than the image's: it gets well beside the one that runs."""
    for service in SERVICES:
        container = compose.run_beside(service, STRANGER)
        well = wait_for(lambda: compose.health(container) == "healthy", 60)
        findings.unless(well, service, f"does not get well as user {STRANGER}: {compose.tail(container)}")
        docker("rm", "--force", container)


def main(folder, rust_image, runtime_image):
    folder = Path(folder)
    findings = Findings("images")
    build(rust_image, runtime_image)
    check_images(findings, folder, runtime_image)
    check_strangers(findings)
    compose = Compose(folder, VERSION)
    try:
        states = compose.up(240)
        for service, state in sorted(states.items()):
            print(f"  {service:12} {state}")
            findings.unless(state in ("healthy", "running", "done"), service, f"is {state}: {compose.logs(service)[-800:]}")
        check_inbound(findings, compose)
        check_outbound(findings, compose)
        check_scraped(findings, compose)
        check_as_strangers(findings, compose)
    except (subprocess.CalledProcessError, OSError) as error:
        findings.say("check", f"{error}: {getattr(error, 'stderr', '') or ''}")
    finally:
        (folder / "compose.log").write_text(compose.logs())
        compose.down()
    findings.exit(f"{len(PROGRAMS)} images are built, small and run as anybody; the system of docker-compose.yml works")


if __name__ == "__main__":
    main(*sys.argv[1:])
