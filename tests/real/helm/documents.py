"""Random YAML documents, values, `--set` texts and small charts."""

import json
import random

MARK = "@@8<@@\n"

ATOMS = ["a", "b1", "key", "yes", "no", "on", "~", "null", "true", "0777", "0o17", "1_000", "08", "1e3", "1.5", ".5", "-1", "+2", "0x1F", "0b11", "2001-01-01", "1:30", "<<",
         "'q'", '"d"', '"\\n\\x41"', "''", "'it''s'", "*x", "&x a", "!!str 1", "!!int 3", "!!float 2", "!t v", "[a, b]", "{a: 1}", "{a: b, c}", "[a: b]", "[]", "{}", "|", "|-", "|+",
         ">", ">-", "|2", "? a", "- x", "- - y", "a: b", "x:y", "x: y: z", "# c", "a # c", "a#c", "\t", "-", "---", "...", "\u00e9", "\U0001f600", "\u2028", "@", "`", "%", "a:", '":"',
         "{a", "[b", ".inf", "-.nan", "123456789012345678901234567890", "1.0", "1e400", "=", "!!binary aGk=", "2001-12-14t21:59:43.10-05:00", "a b c", "foo bar: baz", "y", "N"]
WORDS = ["a", "yes", "word", "1", "0x1", "1:20", "- x", "x: y", "x #y", "#", "'", '"', "\\", "\t", "\n", "\n\n", " ", "  ", "\u00e9", "\U0001f600", "\u2028", "\u00a0", "\x7f", "\u0001",
         "longwordlongword", "true", "null", "~", "%", "@", "[", "]", "{", "}", ",", ":", "?", "!", "&", "*", "|", ">", "-", "---", "...", "2001-01-01", "=", "<<", ".5", "1e3", "\r", "0o7",
         "08", "_", "y", "<a>", "\u0090", "\u0085"]
# Keys whose natural order has no cycles, which Go's sort would decide at random.
KEYS = ["a2", "a10", "_x", "1", "A", "b", "a-1", "a.b", "zebra", "x9y", "x10y"]


def document(source):
    lines = []
    for _ in range(source.randrange(1, 7)):
        indent = "  " * source.randrange(3) if source.random() < 0.7 else " " * source.randrange(5)
        lead = source.choice(["", "", "- ", f"k{source.randrange(4)}: ", "k: ", "'q': ", '"d": ', "? ", "? k\n: ", "<<: ", "1: ", "true: "])
        lines.append(indent + lead + source.choice(ATOMS) + source.choice(["", "", " " + source.choice(ATOMS)]))
    text = "\n".join(lines) + ("\n" if source.random() < 0.8 else "")
    if source.random() < 0.1:
        at = source.randrange(len(text) + 1)
        text = text[:at] + source.choice("{}[]:,-#&*!|>'\"% \n\t") + text[at:]
    return text


def text(source):
    return "".join(source.choice(WORDS) + source.choice(["", "", " "]) for _ in range(source.randrange(source.choice([3, 8, 40]))))


def value(source, depth):
    kind = source.randrange(8 if depth > 0 else 5)
    if kind < 3:
        return text(source)
    if kind == 3:
        return source.choice([1, 2.5, 1e21, 1e20, 123456789, -0.0, 1e-7, True, False, None, 12345678901234567890, 0.1, 3e300])
    if kind == 4:
        return source.choice(["", [], {}])
    if kind == 5:
        return [value(source, depth - 1) for _ in range(source.randrange(4))]
    return {source.choice([text(source), *KEYS]): value(source, depth - 1) for _ in range(source.randrange(5))}


def batches(count, seed):
    source = random.Random(seed)
    texts = [document(source) for _ in range(count)]
    values = [value(source, 3) for _ in range(count)]
    yield "fromYaml", "{{ fromYaml . | toJson }}", texts
    yield "fromYamlArray", "{{ fromYamlArray . | toJson }}", texts
    for name in ("toYaml", "toYamlPretty", "toJson", "toPrettyJson", "toToml"):
        yield name, "{{ " + name + " . }}", values


def refused(shown):
    return "error" in shown.lower()


def sets(count, seed):
    """Texts for the `--set` family, right and wrong."""
    source = random.Random(seed)
    names = ["a", "b", "a.b", "a[0]", "a[1].c", "a.b[2]", "x\\.y", "a[0][1]", "", "a[-1]", "a[x]", "a[70000]", "q\u00e9", "a.", ".a", "a[0]b", "a[", "a]b", "g h"]
    values = ["1", "true", "null", "x", "", "0", "007", "1.5", "{1,2}", "{a,b", "{}", "{a,{b}}", "a\\,b", "a=b", "{x,null}", "-5", "9223372036854775808", "TRUE", "a b", "\u00e9", "}"]
    jsons = ["1", '"x"', "[1,2]", '{"k":1}', "null", "", "bad", '{"k":', "1,b=2", " 3 ", "true"]
    for _ in range(count):
        kind = source.choice(["set", "string", "json", "literal"])
        pool = jsons if kind == "json" else values
        parts = [source.choice(names) + source.choice(["=", "=", "=", ""]) + source.choice(pool) for _ in range(source.randrange(1, 4))]
        text = source.choice([",", ",", ",", ""]).join(parts)
        if source.random() < 0.1 and text:
            at = source.randrange(len(text))
            text = text[:at] + source.choice("[]{}.,=\\") + text[at + source.randrange(2):]
        # A whole object is parsed before the grammar of Helm's library sees it.
        if not (kind == "json" and text.strip().startswith("{")):
            yield kind, text


def helm_set(kind, text):
    from helm_python import _native, HelmError
    name = {"set": "helm_strvals_parse", "string": "helm_strvals_parse_string", "json": "helm_strvals_parse_json", "literal": "helm_strvals_parse_literal"}[kind]
    try:
        return {"ok": json.loads(_native.call_string(name, text))}
    except HelmError as fault:
        return {"error": str(fault)}


def chart(source):
    """A parent with up to two charts inside, conditions, tags, aliases, globals, nulls and imports."""
    leaf = lambda: source.choice([1, "x", True, False, None, [1], {"k": 1}, {"k": None}, {}, {"n": {"m": 2}}])
    tree = lambda: {source.choice("abcd"): leaf() for _ in range(source.randrange(4))}
    dump = "{{ toYaml .Values }}\n---\n{{ .Chart.Name }} {{ .Chart.IsRoot }} {{ keys .Subcharts | sortAlpha }} {{ .Template.Name }} {{ .Template.BasePath }}\n"
    files, dependencies = {"templates/t.txt": dump}, []
    parent = {**tree(), "global": source.choice([tree(), tree(), {}, None, 1])}
    user = {**tree(), **source.choice([{}, {"global": tree()}])}
    for name in ("one", "two")[:source.randrange(3)]:
        own = {"name": name, "version": source.choice(["0.1.0", "0.1.x", "^0.1", ">=1", "*"]), "repository": ""}
        if source.random() < 0.4:
            own["condition"] = source.choice([f"{name}.enabled", f"x.y,{name}.enabled", "a", "global.a"])
        if source.random() < 0.3:
            own["tags"] = source.choice([["t"], ["t", "u"]])
        if source.random() < 0.3:
            own["alias"] = name + "-as"
        if source.random() < 0.3:
            own["import-values"] = source.choice([["out"], [{"child": "a", "parent": "imported"}], [{"child": "n", "parent": "."}], ["nope"]])
        dependencies.append(own)
        used = own.get("alias", name)
        files[f"charts/{name}/Chart.yaml"] = f"apiVersion: v2\nname: {name}\nversion: 0.1.{source.randrange(3)}\ntype: {source.choice(['application', 'application', 'library'])}\n"
        files[f"charts/{name}/values.yaml"] = json.dumps({**tree(), "exports": {"out": tree()}, "global": tree(), "n": tree()})
        files[f"charts/{name}/templates/t.txt"] = dump
        files[f"charts/{name}/templates/_h.tpl"] = '{{ define "h" }}' + name + "{{ end }}"
        if source.random() < 0.6:
            parent[used] = source.choice([tree(), tree(), {"enabled": source.random() < 0.5, **tree()}, None, {"global": tree()}])
        if source.random() < 0.4:
            user[used] = source.choice([tree(), {"enabled": source.random() < 0.5}, {"global": tree()}, None, "text"])
        if source.random() < 0.2:
            files[f"charts/{name}/charts/deep/Chart.yaml"] = "apiVersion: v2\nname: deep\nversion: 1.0.0\n"
            files[f"charts/{name}/charts/deep/values.yaml"] = json.dumps({**tree(), "global": tree()})
            files[f"charts/{name}/charts/deep/templates/t.txt"] = dump
    if source.random() < 0.3:
        user["tags"] = {source.choice("tu"): source.choice([True, False, "x"])}
    files["Chart.yaml"] = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: " + json.dumps(dependencies) + "\n"
    files["values.yaml"] = json.dumps(parent)
    if source.random() < 0.2:
        files["values.schema.json"] = json.dumps({"type": "object", "properties": {"a": {"type": source.choice(["integer", "string", "boolean"])}}, "required": source.choice([[], ["b"]])})
    return files, user


def charts(count, seed):
    source = random.Random(seed)
    for index in range(count):
        files, user = chart(source)
        yield f"chart {index} {json.dumps(files)} {json.dumps(user)}", files, user
