"""The OpenAPI document is one, and the server does what it says. Clears queues: not against a server that anybody needs.

More arguments go to Schemathesis, like `--max-examples 500 --generation-deterministic=false`.
"""

import json
import os
import sys
import urllib.request
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

import ready

HERE = Path(__file__).parent
FOLDER = HERE.parent.parent / "target" / "foreign"


def main():
    up = ready.from_arguments()
    url = f"{up.admin_url}/openapi.json"
    with urllib.request.urlopen(url, timeout=10) as answer:
        check_document(json.load(answer))
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")]
    command += ["run", url, "--checks", "all", *sys.argv[2:]]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "hooks",
        "WAYPOST_TOKEN": up.admin_token,
    }
    # In a folder of its own, since it leaves files where it runs; and in our place, so that who stops us stops it.
    os.chdir(FOLDER)
    os.execve(sys.executable, command, environment)


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


if __name__ == "__main__":
    main()
