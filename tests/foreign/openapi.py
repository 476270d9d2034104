"""The OpenAPI document is one, and the server does what it says. Clears queues: not against a server that anybody needs.

More arguments go to Schemathesis, like `--max-examples 500`.
"""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

import ready

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / "target" / "foreign"
LINES = "application/x-ndjson"


def main():
    up = ready.from_arguments()
    url = f"{up.admin_url}/openapi.json"
    with urllib.request.urlopen(url, timeout=10) as answer:
        document = json.load(answer)
    check_document(document)
    check_lines(up, document, "/v1/queues/stats:watch")
    # First the lists and what is on them: later there is little left to look at.
    reads = ["--include-method", "GET", "--phases", "stateful"]
    schemathesis(up, url, reads, then=subprocess.check_call)
    # In our place, so that who stops us stops it.
    schemathesis(up, url, sys.argv[2:], then=lambda command: os.execv(command[0], command))


def check_document(document: dict):
    """Valid after OpenAPI 3.1, with every reference leading somewhere."""
    assert document["openapi"].startswith("3.1."), document["openapi"]
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in OpenAPIV31SpecValidator(document).iter_errors()]
    assert not errors, "\n".join(errors)
    for reference in references(document):
        assert reference.startswith("#/"), f"{reference} leads out of the document"
        place = document
        for step in reference[2:].split("/"):
            place = place[step.replace("~1", "/").replace("~0", "~")]


def references(part):
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for element in part:
            yield from references(element)


def check_lines(up: ready.Ready, document: dict, path: str):
    """Lines that go on and on are as the document says; Schemathesis asks only for answers that end."""
    schema = document["paths"][path]["get"]["responses"]["200"]["content"][LINES]["schema"]
    validator = Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=FormatChecker(["date-time", "uuid"])
    )
    query = "interval_seconds=0.1&include_numbers=true&include_consumers=true"
    request = urllib.request.Request(f"{up.admin_url}{path}?{query}")
    request.add_header("Accept", LINES)
    request.add_header("Authorization", f"Bearer {up.admin_token}")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["Content-Type"] == LINES, answer.headers
        for _ in range(3):
            line = json.loads(answer.readline())
            validator.validate(line)
            assert "problem" not in line, line


def schemathesis(up: ready.Ready, url: str, options: list[str], then):
    """Runs it by `then`, in a folder of its own, since it leaves files where it runs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.chdir(FOLDER)
    os.environ.update(PYTHONPATH=str(HERE), SCHEMATHESIS_HOOKS="hooks", WAYPOST_TOKEN=up.admin_token)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    then([*command, "run", url, "--checks", "all", *options])


if __name__ == "__main__":
    main()
