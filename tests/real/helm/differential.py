"""Renders the same templates with the Helm SDK and with infra-helm and compares.

Usage: differential.py <path of the built example `render`> [generated cases] [seed]
Needs the Python package helm-python-sdk (Helm 4.2.3). Exit code 1 when a case differs.
"""

import collections
import io
import json
import re
import subprocess
import sys
import tarfile

import helm_python
from helm_python import Chart

import cases

KNOWN_UNORDERED = re.compile(r"\b(keys|values|lookup|toYaml|toJson|js|divf)\b")


def archive(text):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as tar:
        for name, body in (("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"), ("c/templates/t.txt", text)):
            entry = tarfile.TarInfo(name)
            entry.size = len(body.encode())
            tar.addfile(entry, io.BytesIO(body.encode()))
    return data.getvalue()


def with_helm(text):
    try:
        with Chart.load_archive(archive(text)) as chart:
            return {"ok": chart.render(cases.VALUES)}
    except helm_python.HelmError as fault:
        return {"error": str(fault)}


def with_infra(program, texts):
    context = {"Values": cases.VALUES}
    lines = [json.dumps({"templates": {"c/templates/t.txt": text}, "context": context}) for text in texts]
    run = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stdout.split("\n") if line]


def reason(fault):
    return fault.rstrip().splitlines()[-1].split(": ")[-1]


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    # What hangs on a whole context that the harness does not hand over is left out.
    bare = re.compile(r"(^|[ (])[.$]([ )|}]|$)")
    texts = [t for t in [*cases.tables(), *cases.generated(count, seed)] if t in cases.LANGUAGE or not bare.search(t)]
    texts = [text for text in texts if not KNOWN_UNORDERED.search(text)]
    tally, differing, wording = collections.Counter(), [], []
    for text, ours in zip(texts, with_infra(program, texts), strict=True):
        theirs = with_helm(text)
        if "ok" in theirs and theirs == ours:
            tally["equal"] += 1
        elif "error" in theirs and "error" in ours:
            tally["both refuse"] += 1
            same = reason(ours["error"]) in theirs["error"]
            tally["both refuse, same reason"] += same
            if not same:
                wording.append((text, theirs, ours))
        else:
            tally["differ"] += 1
            differing.append((text, theirs, ours))
    for text, theirs, ours in differing[:400]:
        print(f"{text!r}\n  helm  {json.dumps(theirs)[-300:]}\n  infra {json.dumps(ours)[-300:]}")
    for text, theirs, ours in wording[:20]:
        print(f"wording {text!r}\n  helm  {theirs['error']!r}\n  infra {ours['error']!r}")
    print(dict(tally), "of", len(texts))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
