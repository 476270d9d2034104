"""Docker, and a system of docker-compose.yml under a name and on ports of its own."""

import json
import os
import subprocess
import time

from findings import ROOT

PROJECT = "waypost-check"
# Compose's ports may be taken here; any free ones do.
PORTS = {"ingress": (8080, 8081), "realtime": (8082, 8083), "monitor": (9400,), "prometheus": (9090,), "grafana": (3000,)}
# These run once, and have to end well.
ONCE = {"secrets", "migrate"}
# This one cannot be asked how it is.
UNASKED = {"collector", "sandbox"}


def output(*command, show=False, check=True):
    """What a program printed; with `show` it is shown instead."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        check=check,
        text=True,
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.PIPE,
    )
    return "" if show else done.stdout.strip()


def docker(*arguments, **how):
    return output("docker", *arguments, **how)


def wait_for(fine, seconds):
    """Whether it becomes so in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if fine():
                return True
        except (OSError, subprocess.CalledProcessError):
            # Not yet there.
            pass
        time.sleep(1)
    return False


class Compose:
    def __init__(self, folder, version):
        self.override = folder / "ports.yml"
        lines = ["services:"]
        for service, ports in PORTS.items():
            lines += [f"  {service}:", "    ports: !override", *(f'      - "127.0.0.1::{port}"' for port in ports)]
        self.override.write_text("\n".join(lines) + "\n")
        os.environ["WAYPOST_VERSION"] = version

    def call(self, *arguments, **how):
        files = ["--file", "docker-compose.yml", "--file", str(self.override), "--env-file", "/dev/null"]
        program = ROOT / "target/tools/deploy/bin/docker-compose"
        return output(str(program), "--project-name", PROJECT, "--profile", "sandbox", *files, *arguments, **how)

    def up(self, seconds):
        """Starts everything; what each service is when all are well, or when time is over."""
        self.down()
        self.call("up", "--detach", "--no-build", "--quiet-pull", "--pull", "never", show=True)
        wait_for(lambda: all(state in ("healthy", "done") or name in UNASKED for name, state in self.states().items()), seconds)
        return self.states()

    def states(self):
        found = {}
        for line in self.call("ps", "--all", "--format", "json").splitlines():
            one = json.loads(line)
            name, state = one["Service"], one.get("Health") or one["State"]
            if name in ONCE and one["State"] == "exited":
                state = "done" if one["ExitCode"] == 0 else f"exited with {one['ExitCode']}"
            found[name] = state
        return found

    def address(self, service, port):
        return self.call("port", service, str(port))

    def sql(self, query):
        return self.call("exec", "-T", "postgres", "psql", "-h", "/tmp", "-U", "waypost", "-d", "waypost", "-Atc", query)

    def secret(self, name):
        return self.call("run", "--rm", "--no-TTY", "secrets", "cat", f"/run/waypost/{name}")

    def logs(self, *services):
        return self.call("logs", "--no-color", *services, check=False)

    def run_beside(self, service, user):
        """A second one of a service, as another user; its container. The spool's volume is the first one's, so it has none."""
        name = f"{PROJECT}-{service}-beside"
        self.call(
            "run", "--detach", "--no-deps", "--user", user, "--env", "WAYPOST_SPOOL_DIR=", "--name", name, service
        )
        return name

    def health(self, container):
        return docker("inspect", "--format", "{{.State.Health.Status}}", container)

    def tail(self, container):
        done = subprocess.run(["docker", "logs", "--tail", "5", container], text=True, capture_output=True, check=False)
        return (done.stdout + done.stderr)[-800:]

    def down(self):
        self.call("down", "--volumes", "--remove-orphans", "--timeout", "20", check=False)
