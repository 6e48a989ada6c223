"""Renders the same charts with the Helm SDK and with infra-helm and compares: equal text, or both refuse.

Usage: differential.py <path of the built example `render`> [--generated N] [--documents N] [--seed N] [--only GROUP,...] [--show N]
Needs the Python package helm-python-sdk (Helm 4.2.3). Exit code 1 when a case differs.
"""

import argparse
import base64
import collections
import io
import json
import re
import subprocess
import sys
import tarfile
import time

import helm_python
from helm_python import Chart

import cases
import documents
import functions
import traps

# Go walks maps in random order there.
UNORDERED = re.compile(r"\b(keys|values|js|shuffle)\b")
CHART = "apiVersion: v2\nname: c\nversion: 1.0.0\n"


def archive(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as tar:
        for name, body in files.items():
            entry = tarfile.TarInfo(f"c/{name}")
            body = body if isinstance(body, bytes) else body.encode("utf-8", "surrogateescape")
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return data.getvalue()


class Infra:
    """The example, one request per line."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        return json.loads(answer) if answer else {"error": "CRASHED"}


def with_helm(packed, values):
    try:
        with Chart.load_archive(packed) as chart:
            return {"ok": chart.render(values)}
    except helm_python.HelmError as fault:
        return {"error": str(fault)}


def equal(first, second, ours):
    """Whether the texts are equal besides lines that differ between two renders of Helm."""
    if first["ok"] == ours["ok"]:
        return True
    if first["ok"].keys() != ours["ok"].keys() or "error" in second:
        return False
    for path, text in first["ok"].items():
        one, two, own = text.split("\n"), second["ok"][path].split("\n"), ours["ok"][path].split("\n")
        if len(one) != len(own) or any(a == b and a != c for a, b, c in zip(one, two, own)):
            return False
    return True


def charts(options):
    """Group, label, files, values."""
    chosen = options.only.split(",") if options.only else None
    wanted = lambda group: not chosen or group in chosen
    if wanted("language"):
        for text in cases.tables():
            if not UNORDERED.search(text):
                yield "language", text, {"templates/t.txt": text}, cases.VALUES
    for group, make in functions.GROUPS.items():
        if wanted(group):
            for case in make():
                text, files = case if isinstance(case, tuple) else (case, {})
                if not UNORDERED.search(text) or "sortAlpha" in text:
                    yield group, text, {"templates/t.txt": text, **files}, cases.VALUES
    if wanted("traps"):
        for label, files, values in traps.charts():
            yield "traps", label, files, values
    if wanted("generated"):
        for text in cases.generated(options.generated, options.seed):
            if not UNORDERED.search(text):
                yield "generated", text, {"templates/t.txt": text}, cases.VALUES
    if wanted("charts"):
        for label, files, values in documents.charts(options.generated // 5, options.seed):
            yield "charts", label, files, values


def compare(infra, group, label, files, values, tally, report):
    files = {"Chart.yaml": CHART, **files}
    packed = archive(files)
    theirs = with_helm(packed, values)
    ours = infra.ask({"archive": base64.b64encode(packed).decode(), "values": values})
    if "ok" in theirs and "ok" in ours:
        if theirs == ours or equal(theirs, with_helm(packed, values), ours):
            tally[group, "equal"] += 1
            return
    elif "error" in theirs and "error" in ours and ours["error"] != "CRASHED":
        same = theirs["error"] == ours["error"]
        tally[group, "refused alike" if same else "refused, other words"] += 1
        if not same:
            report.append((group, label, theirs, ours))
        return
    tally[group, "DIFFER"] += 1
    report.insert(0, ("DIFFERS " + group, label, theirs, ours))


def with_documents(infra, options, tally, report):
    """Many YAML documents and values per chart: what is read and what is written."""
    for group, template, inputs in documents.batches(options.documents, options.seed):
        text = "{{ range .Values.all }}" + template + documents.MARK + "{{ end }}"
        packed = archive({"Chart.yaml": CHART, "templates/t.txt": text})
        values = {"all": inputs}
        theirs = with_helm(packed, values)
        ours = infra.ask({"archive": base64.b64encode(packed).decode(), "values": values})
        pairs = [side["ok"]["c/templates/t.txt"].split(documents.MARK) if "ok" in side else [json.dumps(side)] for side in (theirs, ours)]
        if len(pairs[0]) != len(pairs[1]):
            tally[group, "DIFFER"] += len(inputs)
            report.insert(0, ("DIFFERS " + group, template, theirs, ours))
            continue
        for source, helm, own in zip(inputs, *pairs):
            if helm == own:
                tally[group, "equal"] += 1
            elif documents.refused(helm) and documents.refused(own):
                tally[group, "refused, other words"] += 1
            else:
                tally[group, "DIFFER"] += 1
                report.insert(0, ("DIFFERS " + group, source, helm, own))


def with_sets(infra, options, tally, report):
    for kind, text in documents.sets(options.documents // 2, options.seed):
        theirs = documents.helm_set(kind, text)
        ours = infra.ask({"set": [[kind, text]]})
        if "ok" in theirs and theirs == ours:
            tally["--set", "equal"] += 1
        elif "error" in theirs and "error" in ours:
            tally["--set", "refused alike"] += 1
        else:
            tally["--set", "DIFFER"] += 1
            report.insert(0, ("DIFFERS --set " + kind, text, theirs, ours))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--generated", type=int, default=8000)
    parser.add_argument("--documents", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=40)
    options = parser.parse_args()
    infra, tally, report, began = Infra(options.program), collections.Counter(), [], time.time()
    for group, label, files, values in charts(options):
        compare(infra, group, label, files, values, tally, report)
    if not options.only or "documents" in options.only:
        with_documents(infra, options, tally, report)
    if not options.only or "sets" in options.only:
        with_sets(infra, options, tally, report)
    for group, label, theirs, ours in report[:options.show]:
        print(f"{group} {label!r:.300}\n  helm  {json.dumps(theirs)[-400:]}\n  infra {json.dumps(ours)[-400:]}")
    for group in dict.fromkeys(key[0] for key in tally):
        print(f"{group}: " + ", ".join(f"{count} {what}" for (own, what), count in sorted(tally.items()) if own == group))
    differing = sum(count for (_, what), count in tally.items() if what == "DIFFER")
    print(f"{sum(tally.values())} cases, {differing} differ, {time.time() - began:.0f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
