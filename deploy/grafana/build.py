"""Writes the dashboards from what stands in source/, or says which are not as written:

    deploy/grafana/build.py [--check]

Without Grafana's editor: a dashboard that was changed there is taken over by changing the source.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "source"))

import journey  # noqa: E402
import outbound  # noqa: E402
import overview  # noqa: E402
import queues  # noqa: E402

DASHBOARDS = {"overview": overview, "queues": queues, "outbound": outbound, "journey": journey}


def main(arguments):
    folder = HERE / "dashboards"
    stale = []
    for name, source in DASHBOARDS.items():
        file = folder / f"{name}.json"
        text = json.dumps(source.build(), indent=2, ensure_ascii=False) + "\n"
        if arguments == ["--check"]:
            if not file.exists() or file.read_text() != text:
                stale.append(file)
        else:
            file.write_text(text)
    for file in stale:
        print(f"{file} is not what its source says: run deploy/grafana/build.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
