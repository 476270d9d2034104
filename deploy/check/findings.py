"""What the checks share: where things are, and how what is wrong is told."""

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Findings:
    """Collects what is wrong, so that one run names all of it."""

    def __init__(self, what):
        self.what = what
        self.wrong = []

    def say(self, where, text):
        self.wrong.append(f"{where}: {text}")

    def unless(self, fine, where, text):
        if not fine:
            self.say(where, text)

    def exit(self, told):
        """Ends the program; `told` says what was looked at."""
        for line in self.wrong:
            print(f"  {line}", file=sys.stderr)
        if self.wrong:
            print(f"{self.what}: {len(self.wrong)} wrong", file=sys.stderr)
            sys.exit(1)
        print(f"{self.what}: {told}")
        sys.exit(0)


def load(path):
    with open(ROOT / path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def settings():
    """Every name under which a setting can be given in the environment, from docs/CONFIG.md."""
    names = set()
    for line in (ROOT / "docs/CONFIG.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 6 and cells[1].startswith("`"):
            for name in cells[2].replace("`", "").split(","):
                names.add(name.strip())
                if "Secret." in cells[4]:
                    names.add(f"{name.strip()}_FILE")
    return names


def documented_metrics():
    """Of each metric in docs/METRICS.md its labels, and of each label the words that it can be, or None for any; None while there
    is no such page."""
    page = ROOT / "docs/METRICS.md"
    if not page.exists():
        return None
    found = {}
    for line in page.read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 6 and cells[1].startswith("`"):
            found[cells[1].strip("`")] = dict(label(text) for text in cells[3].split(";") if text)
    return found


def label(text):
    """`state`: `idle`, `waiting`"""
    name, _, words = text.strip().partition(":")
    listed = re.findall(r"`([^`]+)`", words)
    return name.strip("`"), set(listed) or None
