"""Holds the emulated API's OpenAPI and its answers against the official schemas (PyPI `kubernetes-validate`).

Usage: schemas.py (KUBECONFIG names the cluster). Compared are, for every field of every type that the API serves: its type and format, how
lists and maps merge (`x-kubernetes-list-type`, `-list-map-keys`, `-map-type`, `-patch-strategy`, `-patch-merge-key`), and what is
required; then every object in the cluster, as it is answered, against the strict schema of its kind. Exit code 1 if anything differs that
has no reason below.
"""

import json
import os
import pathlib
import sys

import kubernetes_validate
from kubernetes import client, config

VERSION = "1.36.0"
KEYS = [
    "type", "format", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-patch-strategy",
    "x-kubernetes-patch-merge-key", "x-kubernetes-unions",
]
# Definition and field, with the reason why they may differ.
REASONS = {}


def official():
    folder = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema" / f"v{VERSION}-local"
    return json.loads((folder / "_definitions.json").read_text())["$defs"]


def served(api):
    def get(path):
        return api.call_api(path, "GET", header_params={"Accept": "application/json"}, auth_settings=["BearerToken"], response_types_map={200: "object"}, _return_http_data_only=True)

    found = {}
    for place in get("/openapi/v3")["paths"].values():
        document = get(place["serverRelativeURL"].split("?")[0])
        found.update(document.get("components", {}).get("schemas", {}))
    return found


def plain(schema):
    """Without the wrapping that OpenAPI v3 needs for a default beside a reference, and `type: [x, null]` of JSON schema."""
    schema = dict(schema or {})
    if "allOf" in schema and len(schema["allOf"]) == 1:
        schema = {**schema, **schema.pop("allOf")[0]}
    kind = schema.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        schema["type"] = kinds[0] if len(kinds) == 1 else kinds
    return schema


def reference(schema):
    return schema.get("$ref", "").rsplit("/", 1)[-1]


def compare(name, ours, theirs, differences):
    if sorted(ours.get("required") or []) != sorted(theirs.get("required") or []):
        differences.append((name, "(required)", ours.get("required"), theirs.get("required")))
    mine, others = ours.get("properties") or {}, theirs.get("properties") or {}
    for field in sorted({*mine, *others}):
        if field not in mine or field not in others:
            differences.append((name, field, field in mine, field in others))
            continue
        one, two = plain(mine[field]), plain(others[field])
        # Quantities and the like are told as references there, and as what they are here, or the other way round.
        for key in KEYS:
            if key in ("type", "format") and (reference(one) or reference(two)):
                continue
            here, there = one.get(key), two.get(key)
            if key == "x-kubernetes-list-type":
                # A list of which nothing is said is replaced as a whole: the two are one.
                here, there = here or "atomic", there or "atomic"
                if "array" not in (one.get("type"), two.get("type")):
                    continue
            if here != there:
                differences.append((name, f"{field} {key}", one.get(key), two.get(key)))
        items, others_items = plain(one.get("items")), plain(two.get("items"))
        if items and others_items and reference(items) != reference(others_items):
            differences.append((name, f"{field}[]", reference(items), reference(others_items)))
    return len(mine)


def answers(api):
    """Every object that the cluster holds, through its strict schema."""
    core, wrong, count = client.ApisApi(), [], 0

    def get(path):
        return api.call_api(path, "GET", header_params={"Accept": "application/json"}, auth_settings=["BearerToken"], response_types_map={200: "object"}, _return_http_data_only=True)

    roots = ["/api/v1"] + [f"/apis/{group.preferred_version.group_version}" for group in core.get_api_versions().groups]
    for root in roots:
        for resource in get(root)["resources"]:
            if "/" in resource["name"] or "list" not in resource["verbs"]:
                continue
            listed = get(f"{root}/{resource['name']}")
            for item in listed["items"]:
                item = {"apiVersion": listed["apiVersion"], "kind": resource["kind"], **item}
                count += 1
                try:
                    kubernetes_validate.validate(item, VERSION, strict=True)
                except kubernetes_validate.ValidationError as error:
                    wrong.append((f"{resource['kind']} {item['metadata']['name']}", error.message[:300]))
                except kubernetes_validate.SchemaNotFoundError:
                    pass
    return count, wrong


def main():
    config.load_kube_config()
    api = client.ApiClient()
    theirs, ours = official(), served(api)
    differences, fields, compared = [], 0, 0
    for name in sorted(set(ours) & set(theirs)):
        compared += 1
        fields += compare(name, ours[name], theirs[name], differences)
    unexplained = [one for one in differences if f"{one[0].rsplit('.', 1)[-1]}.{one[1]}" not in REASONS]
    for name, field, here, there in unexplained[:400]:
        print(f"DIFFERS {name} {field}: served {here!r}, official {there!r}")
    unknown = sorted(name for name in set(ours) - set(theirs) if name.startswith("io.k8s.api"))
    if unknown:
        print(f"not official: {unknown[:10]}")
    count, wrong = answers(api)
    for what, why in wrong[:20]:
        print(f"INVALID {what}: {why}")
    print(f"schemas: {compared} types with {fields} fields compared, {len(unexplained)} differences; {count} objects answered, {len(wrong)} invalid")
    return 1 if unexplained or wrong or compared < 300 else 0


if __name__ == "__main__":
    sys.exit(main())
