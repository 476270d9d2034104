"""Checks lists of what programs are made of against the schema of CycloneDX, and that they say something:

deploy/check/sbom.py FILE...
"""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from findings import Findings


def check(findings, file):
    text = file.read_text()
    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    findings.unless(error is None, file.name, f"is no CycloneDX 1.5: {error}")
    bom = json.loads(text)
    own = bom["metadata"]["component"]
    findings.unless(file.name.startswith(own["name"] + "."), file.name, f"tells of {own['name']}")
    known = {own["bom-ref"], *(component["bom-ref"] for component in bom["components"])}
    findings.unless(len(known) == len(bom["components"]) + 1, file.name, "names one component twice")
    for component in bom["components"]:
        ours = component["name"].startswith("waypost")
        findings.unless(ours or component.get("hashes"), file.name, f"{component['name']} has no checksum")
        findings.unless(component.get("licenses"), file.name, f"{component['name']} has no licence")
    for entry in bom["dependencies"]:
        for needed in entry["dependsOn"]:
            findings.unless(needed in known, file.name, f"{entry['ref']} needs {needed}, which is no component")
    findings.unless(
        any(component["name"] == "tokio" for component in bom["components"]),
        file.name,
        "does not name tokio: the tree was not read",
    )
    return len(bom["components"])


def main(files):
    findings = Findings("bills of material")
    counts = [check(findings, Path(file)) for file in files]
    findings.exit(f"{len(files)} are CycloneDX 1.5, with {min(counts)} to {max(counts)} components")


if __name__ == "__main__":
    main(sys.argv[1:])
