"""Renders charts in folders with the Helm SDK and with infra-helm, masks what differs between two renders, and compares.

Usage: charts.py <path of the built example `render`> FOLDER...
Every folder below with a Chart.yaml that is no chart's dependency is rendered with its default values and with each file in
its ci/ folder. Dependencies that are missing from charts/ are taken from sibling folders of that name.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import helm_python
import yaml
from helm_python import Chart
from helm_python.chart import values_from_yaml


class Infra:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def found(folder):
    """Charts that do not lie inside another chart."""
    for path in sorted(folder.rglob("Chart.yaml")):
        outer = [parent for parent in path.parent.parents if parent == folder or folder in parent.parents]
        if not any((parent / "Chart.yaml").exists() for parent in outer):
            yield path.parent


def completed(chart, siblings, into):
    """A copy of a chart with its dependencies from sibling folders."""
    shutil.copytree(chart, into, symlinks=False, ignore_dangling_symlinks=True)
    try:
        metadata = yaml.safe_load((into / "Chart.yaml").read_text())
        if (into / "requirements.yaml").exists():
            metadata = yaml.safe_load((into / "requirements.yaml").read_text()) or {}
    except Exception:
        return
    for dependency in metadata.get("dependencies") or []:
        name = dependency["name"]
        present = [path for path in (into / "charts").glob(f"{name}*")] if (into / "charts").is_dir() else []
        local = str(dependency.get("repository", ""))
        source = (chart / local[len("file://"):]).resolve() if local.startswith("file://") else siblings.get(name)
        if not present and source and source.is_dir() and source != chart:
            completed(source, siblings, into / "charts" / name)


def theirs(chart, values):
    try:
        with Chart.load(str(chart)) as own:
            return {"ok": own.render(values)}
    except helm_python.HelmError as fault:
        return {"error": str(fault)}


def masked(text, mask):
    return [line for index, line in enumerate(text.split("\n")) if index not in mask]


def compare(first, second, ours):
    """None when equal, else what differs."""
    if "error" in first or "error" in ours:
        if "error" in first and "error" in ours:
            return None
        return ("verdict", first.get("error", "renders"), ours.get("error", "renders"))
    first, second, ours = first["ok"], second["ok"], ours["ok"]
    if first.keys() != ours.keys():
        return ("files", sorted(first.keys() - ours.keys()), sorted(ours.keys() - first.keys()))
    for path in first:
        one, two, own = first[path], second[path], ours[path]
        if one == own:
            continue
        left, right = one.split("\n"), two.split("\n")
        mask = {index for index, pair in enumerate(zip(left, right)) if pair[0] != pair[1]}
        if len(left) != len(right) or len(left) != len(own.split("\n")) or masked(one, mask) != masked(own, mask):
            for index, (a, b) in enumerate(zip(left, own.split("\n"))):
                if a != b and index not in mask:
                    return (path, f"{index + 1}: {a}", f"{index + 1}: {b}")
            return (path, f"{len(left)} lines", f"{len(own.split(chr(10)))} lines")
    return None


def main():
    infra = Infra(sys.argv[1])
    folders = [pathlib.Path(argument).resolve() for argument in sys.argv[2:]]
    charts = [chart for folder in folders for chart in found(folder)]
    siblings = {}
    for chart in charts:
        siblings.setdefault(chart.name, chart)
    counts = {"equal": 0, "both refuse": 0, "differ": 0}
    sets = {"equal": 0, "both refuse": 0, "differ": 0}
    spent, differing, refused = [0.0, 0.0], [], []
    for chart in charts:
        with tempfile.TemporaryDirectory() as scratch:
            copy = pathlib.Path(scratch) / chart.name
            completed(chart, siblings, copy)
            cases = [(None, {}, counts)]
            for path in sorted((copy / "ci").glob("*.y*ml")) if (copy / "ci").is_dir() else []:
                try:
                    cases.append((path.name, values_from_yaml(path.read_text()), sets))
                except helm_python.HelmError:
                    pass
            for name, values, tally in cases:
                began = time.time()
                first, second = theirs(copy, values), theirs(copy, values)
                middle = time.time()
                ours = infra.ask({"directory": str(copy), "values": values})
                spent[0] += (middle - began) / 2
                spent[1] += time.time() - middle
                fault = compare(first, second, ours)
                where = f"{chart.parent.name}/{chart.name}" + (f" ({name})" if name else "")
                if fault:
                    tally["differ"] += 1
                    differing.append((where, *fault))
                elif "error" in first:
                    tally["both refuse"] += 1
                    refused.append((where, first["error"], ours["error"]))
                else:
                    tally["equal"] += 1
    for where, what, helm, own in differing:
        print(f"DIFFERS {where}: {what}\n  helm  {helm!r:.500}\n  infra {own!r:.500}")
    for where, helm, own in refused:
        if helm != own:
            print(f"wording {where}\n  helm  {helm!r:.300}\n  infra {own!r:.300}")
    print(f"default values: {counts}\nvalue sets:     {sets}\nhelm {spent[0]:.1f} s, infra {spent[1]:.1f} s")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
