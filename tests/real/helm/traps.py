"""Own charts for what is easily got wrong, one or more for each."""


def one(text, **files):
    return {"templates/t.txt": text, **{name.replace("__", "/").replace("_dot_", "."): body for name, body in files.items()}}


def charts():
    # Strings are bytes.
    binary = bytes(range(256)).decode("latin-1").encode("latin-1")
    yield "bytes through b64enc", {"templates/t.txt": "{{ .Files.Get \"bin\" | b64enc }} {{ .Files.Get \"bin\" | len }} {{ .Files.Get \"bin\" | sha256sum }} {{ .Files.Get \"bin\" | quote }}", "bin": binary}, {}
    yield "cut runes", one("{{ trunc 2 .Values.t | quote }} {{ substr 0 3 .Values.t | quote }} {{ len .Values.t }} {{ trunc 2 .Values.t | b64enc }}"), {"t": "gr\u00fc\u00dfe"}
    # Numbers.
    numbers = {"a": 1000000, "b": 12345678901, "c": 123456, "d": 1234567, "e": 100000000.5, "f": 0.1, "g": 1e21, "h": -0.0, "i": 1e-7}
    yield "numbers", one("{{ range $k, $v := .Values }}{{ $k }}={{ $v }} {{ $v | int }} {{ $v | int64 }} {{ toYaml $v }} {{ toJson $v }} {{ printf \"%d %v %s %T\" $v $v $v $v }} {{ $v | quote }} {{ $v | toString }}\n{{ end }}"), numbers
    yield "numbers of the chart", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.10\nappVersion: 1.10\n", "templates/t.txt": "{{ .Chart.Version }} {{ .Chart.AppVersion }} {{ .Values.x }} {{ .Values.y }} {{ add .Values.x 1 }}", "values.yaml": "x: 12345678\ny: 0x10\n"}, {}
    yield "eq of int and float", one("{{ eq 1 .Values.a }}"), {"a": 1}
    # Nil.
    for text in ("{{ .Values.a.b }}", "{{ (.Values.a).b }}", "{{ $x := .Values.a }}{{ $x.b }}", "{{ with .Values.a }}{{ .b }}{{ end }}", "{{ .Values.a }}|<no value>|{{ tpl \"{{ .Values.a }}\" . }}|", "{{ upper .Values.a }}",
                 "{{ keys .Values.a }}", "{{ $m := .Values.a }}{{ hasKey $m \"x\" }}", "{{ include \"x\" . | len }}{{ define \"x\" }}{{ .Values.a }}{{ end }}", "{{ default 1 .Values.a.b.c }}", "{{ (((.Values.a).b).c) | default \"d\" }}", "{{ .Values.n.x }}", "{{ (.Values.n).x }}", "{{ print .Values.a }}{{ printf \"%s\" .Values.a }}{{ quote .Values.a }}{{ toString .Values.a }}{{ cat .Values.a }}"):
        yield "nil " + text, one(text), {"n": None}
    # toYaml.
    trees = {"z": 1, "a10": 1, "a2": 2, "_x": 3, "1": 4, "list": [1, [2, {"k": ["v"]}]], "long": "word " * 40, "multi": "a\nb\n", "strip": "a\nb", "keep": "a\n\n", "lead": "  x\ny", "yes": "yes", "no": "no", "num": "012", "date": "2020-01-01", "sixty": "1:20", "tab": "a\tb", "colon": "a: b", "hash": "a #b", "space": "a \nb", "k" * 130: "v", "empty": "", "n": None, "e": {}, "l": [], "emoji": "\U0001f600", "nul": "\x00", "del": "\x7f"}
    yield "toYaml", one("{{ toYaml .Values }}"), trees
    yield "toYamlPretty", one("{{ toYamlPretty .Values }}"), trees
    yield "toYaml without del", one("{{ toYaml .Values }}"), {key: item for key, item in trees.items() if key != "del"}
    yield "nindent idiom", one("x:\n  {{- toYaml .Values | nindent 2 }}\n{{ with .Values.list }}\ny:\n{{ toYaml . | indent 4 }}{{ end }}"), trees
    # Reading YAML.
    for body in ("on: yes\na: 0777\nb: 0o17\nc: 1_000\nd: 1\nd: 2\n", "a: 1\n---\nb: 2\n---\na: {c: 3}\n", "---\n", "", "# nothing\n", "a: |\n  x", "a: >-\n  x\n\n  y\nb: &m {k: v}\nc:\n  <<: *m\n  z: 1\n", "\ufeffa: 1\n", "a: 1\r\nb: |\r\n  x\r\n", "- 1\n", "x", "a: [\n", "\ta: 1\n", "a: \"\\/\"\n", "1: a\ntrue: b\n1.5: c\n", "a: 123456789012345678901234567890\nb: 1e3\nc: .inf\n", "a: 2001-01-01\nb: 12:30:45\nc: =\n", "a: !!binary aGVsbG8=\n", "---\na: 1\n--- \nb: 2\n", "a: 1\n...\nb: 2\n", "--- # c\na: 1\n"):
        yield "values.yaml " + repr(body), one("{{ toJson .Values }} {{ .Values }}", values_dot_yaml=body), {}
    # Order, merge, mutation and aliases.
    yield "aliases", one("{{ $a := dict \"x\" (dict \"y\" 1) }}{{ $b := dict }}{{ $_ := merge $b $a }}{{ $_ := set $b.x \"y\" 2 }}{{ $a }}{{ $b }}{{ $c := deepCopy $a }}{{ $_ := set $c.x \"y\" 3 }}{{ $a }}{{ $c }}"), {}
    yield "values changed for later files", {"templates/a.txt": "{{ .Values.n }}", "templates/b.txt": "{{ $_ := set .Values \"n\" 2 }}{{ .Values.n }}", "templates/c.txt": "{{ .Values.n }}{{ $_ := set .Values \"n\" 3 }}"}, {"n": 1}
    yield "subchart sees changes", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "templates/z.txt": "{{ .Values.s.n }}{{ $_ := set .Values.s \"n\" 9 }}", "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n", "charts/s/values.yaml": "n: 1\n", "charts/s/templates/a.txt": "{{ .Values.n }}{{ $_ := set .Values \"n\" 5 }}{{ typeOf .Values }}", "templates/a.txt": "{{ .Values.s.n }} {{ .Subcharts.s.Values.n }} {{ .Subcharts.s.Chart.Name }} {{ typeOf .Subcharts.s }}"}, {}
    yield "globals leak", {"values.yaml": "global: {a: {b: {c: 1}}}\n", "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n", "charts/s/values.yaml": "global: {a: {b: {d: 2}, e: 3}, f: 4}\n", "charts/s/templates/a.txt": "{{ toJson .Values }}", "templates/a.txt": "{{ toJson .Values }}"}, {}
    # tpl, include, defines over charts.
    part = lambda name: f'{{{{ define "who" }}}}{name}{{{{ end }}}}'
    for library in ("library", "application"):
        yield "defines " + library, {"templates/_a.tpl": part("parent a"), "templates/_b.tpl": part("parent b"), "templates/t.txt": '{{ include "who" . }}', "charts/s/Chart.yaml": f"apiVersion: v2\nname: s\nversion: 1.0.0\ntype: {library}\n", "charts/s/templates/_x.tpl": part("child"), "charts/s/templates/t.txt": '{{ include "who" . }}{{ include "blank" . }}', "charts/s/templates/_y.tpl": '{{ define "blank" }}child blank{{ end }}', "templates/_c.tpl": '{{ define "blank" }}  \n {{ end }}'}, {}
    yield "tpl scope", one('{{ tpl "{{ define \\"in\\" }}I{{ end }}{{ include \\"in\\" . }}" . }}{{ include "in" . }}'), {}
    yield "tpl sees defines", one('{{ define "d" }}D{{ .Values.a }}{{ end }}{{ tpl .Values.t . }}{{ tpl "{{ tpl .Values.t . }}" . }}'), {"a": 1, "t": '{{ include "d" . }}'}
    yield "tpl named gotpl", one('{{ tpl "{{ include \\"gotpl\\" . }}" . }}'), {}
    yield "recursion", one('{{ define "r" }}{{ include "r" . }}{{ end }}{{ include "r" . }}'), {}
    yield "deep but allowed", one('{{ define "r" }}{{ if gt (int .) 0 }}{{ include "r" (sub . 1) }}{{ end }}x{{ end }}{{ include "r" 900 | len }}'), {}
    yield "block", one('{{ block "b" .Values }}[{{ .a }}]{{ end }}{{ define "b" }}({{ .a }}){{ end }}'), {"a": 1}
    # Line ends, names, kinds of files.
    yield "crlf", one("a\r\n{{- if true }}\r\n  b\r\n{{- end }}\r\nc {{ .Values.t | quote }}\r\n"), {"t": "x\r\ny"}
    yield "partials and notes", {"templates/_p.txt": "{{ fail \"no\" }}", "templates/NOTES.txt": "note {{ .Release.Name }}", "templates/sub/deep.yaml": "{{ .Template.Name }} {{ .Template.BasePath }}", "templates/empty.yaml": "", "templates/.hidden.yaml": "{{ 1 }}", "templates/bin.tgz": "x", "README.md": "{{ bad", "crds/x.yaml": "{{ no }}", "charts/README.md": "x", "charts/_s/Chart.yaml": "name: bad"}, {}
    yield "bom", {"Chart.yaml": "\ufeffapiVersion: v2\nname: c\nversion: 1.0.0\n", "values.yaml": "\ufeffa: 1\n", "templates/t.txt": "\ufeff{{ .Values.a }}", "f.txt": "\ufeffx"}, {}
    yield "requirements", {"Chart.yaml": "apiVersion: v1\nname: c\nversion: 1.0.0\n", "requirements.yaml": "dependencies:\n- name: s\n  version: 1.x\n  alias: t\n", "charts/s/Chart.yaml": "apiVersion: v1\nname: s\nversion: 1.0.0\n", "charts/s/templates/t.txt": "{{ .Chart.Name }} {{ .Values }}", "templates/t.txt": "{{ .Values }} {{ .Chart.Dependencies }} {{ .Files.Get \"requirements.yaml\" }}"}, {}
    yield "alias twice", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- {name: s, version: 1.0.0, alias: x}\n- {name: s, version: 1.0.0, alias: y, condition: y.on}\n- {name: s, version: 1.0.0}\n", "values.yaml": "x: {v: 1}\ny: {on: false}\n", "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n", "charts/s/values.yaml": "v: 0\n", "charts/s/templates/t.txt": "{{ .Values.v }} {{ .Chart.Name }}", "templates/t.txt": "{{ toJson .Values }}"}, {}
    # Errors.
    for text in ("{{ fail \"boom\" }}", "{{ required \"need\" .Values.x }}", "{{ include \"f\" . }}{{ define \"f\" }}{{ fail \"deep\" }}{{ end }}", "{{ include \"f\" . }}{{ define \"f\" }}{{ .Values.a.b.c }}{{ end }}", "{{ tpl \"{{ .Values.a.b }}\" . }}", "{{ template \"nope\" }}", "{{ include \"nope\" . }}", "{{ index .Values.l 5 }}", "{{ .Values.l.x }}", "{{ div 1 0 }}",
                 "{{ if }}{{ end }}", "{{ range .Values.l }}", "{{ end }}", "{{ .Values.l | }}", "{{ nosuch 1 }}", "{{ \"a", "{{ $x }}", "{{/* open", "{{ break }}", "{{ 1 | 2 }}", "{{ .Values.s.x }}", "{{ range .Values.s }}{{ end }}", "{{ len 3 }}", "{{ semver \"x\" }}", "{{ toJson (fromJson \"{\") }}", "{{ mustToDate \"2006\" \"x\" }}", "{{ lt 1 \"a\" }}", "{{ eq .Values.l .Values.l }}", "{{ template \"a\" . }}{{ define \"a\" }}{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ .x.y }}{{ end }}"):
        yield "error " + text, one(text), {"l": [1], "s": "text"}
    for name, files in (("no Chart.yaml", {"Chart.yaml": "x: 1\n"}), ("bad version", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: x\n"}), ("bad type", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ntype: x\n"}), ("not YAML", {"Chart.yaml": "a: b: c\n"}), ("list", {"Chart.yaml": "- 1\n"}),
                        ("bad values", {"values.yaml": "a: [1\n"}), ("values a list", {"values.yaml": "- 1\n"}), ("bad subchart", {"charts/s/Chart.yaml": "name: s\n"}), ("missing dependency", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: q, version: 1.0.0}]\n"}), ("schema", {"values.schema.json": '{"required":["a"]}'}), ("schema type", {"values.yaml": "a: x\n", "values.schema.json": '{"properties":{"a":{"type":"integer"}}}'}),
                        ("bad schema", {"values.schema.json": "{"}), ("schema of a subchart", {"charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n", "charts/s/values.schema.json": '{"required":["a"]}'}), ("schema without faults", {"values.yaml": "a: 1\n", "values.schema.json": '{"type":"object","properties":{"a":{"type":"integer","minimum":1}}}'}), ("remote schema", {"values.schema.json": '{"$ref":"http://127.0.0.1:9/x.json"}'}), ("lock", {"Chart.lock": "dependencies: []\ndigest: x\ngenerated: \"2020-01-01T00:00:00Z\"\n"}), ("kube version", {"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\nkubeVersion: \">=1.20-0\"\n"})):
        yield "chart " + name, {"templates/t.txt": "ok {{ .Values }}", **files}, {}
