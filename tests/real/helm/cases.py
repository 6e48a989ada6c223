"""Cases for the differential run: tables of expressions and a generator of random templates."""

import random

VALUES = {
    "text": "Hello World", "empty": "", "multi": "a\nb\n  c\n", "unicode": "grüße ✓ 日本", "quote": 'a"b\\c\'d',
    "number": 42, "big": 12345678, "float": 1.5, "zero": 0, "negative": -7, "yes": True, "no": False, "null": None,
    "list": ["b", "a", "c", "a"], "numbers": [3, 1, 2.5], "mixed": [1, "x", None, True, {"k": "v"}],
    "map": {"b": 1, "a": "x", "nested": {"deep": {"leaf": "found"}}}, "none": {}, "nothing": [],
    "items": [{"name": "one", "port": 80}, {"name": "two", "port": 8080.5}],
    "numeric": "0123", "hex": "0x1F", "decimal": "12.00", "secret": "aGVsbG8=",
}

OPERANDS = [f".Values.{key}" for key in VALUES] + [
    ".Values.missing", ".Values.map.nested", ".Values.map.missing", '"text"', "`raw`", "1", "2.5", "true", "nil",
    "(list 1 2 3)", '(dict "k" "v" "n" nil)', "'x'", "0x10", "1e3", ".", "$", "(.Values.missing).x", "$.Values.text",
    "-1", "0", '""', "10000000", "(until 4)", "(default 1 .Values.zero)", "(.Values.null)", '(splitList "," "a,b")',
]

UNARY = """trim upper lower title untitle nospace initials swapcase quote squote cat toString toStrings int int64 float64
atoi toDecimal typeOf kindOf empty coalesce first last rest initial reverse uniq compact sortAlpha len not print println
html urlquery add1 floor ceil list tuple dict keys values deepCopy b64enc b64dec sha256sum sha512sum adler32sum until
max min add mul seq all any mustFirst mustRest fail concat hello js lookup toYaml toJson""".split()
BINARY = """trimSuffix trimPrefix trimAll trunc repeat contains hasPrefix hasSuffix indent nindent join splitList split
default ternary eq ne lt le gt ge and or index slice append prepend without has add sub div mod mul max min maxf minf
typeIs kindIs get hasKey pick omit pluck merge mergeOverwrite deepEqual chunk required printf print println cat round
include tpl untilStep divf dig list dict coalesce seq""".split()
TERNARY = """ternary replace substr plural set dig index slice merge eq printf untilStep dict splitn mergeOverwrite""".split()
FORMATS = ["%v", "%s", "%d", "%q", "%+v", "%#v", "%T", "%t", "%x", "%X", "%e", "%f", "%g", "%05d", "%-8s|", "%8.3f", "%c",
           "%U", "%o", "%b", "%+d", "% d", "%6.2f%%", "%.3s", "%[2]v %[1]v", "%*d", "%!", "%", "%z", "%08.3f", "%x %X", "%#x",
           "%+q", "%#q", "%5t", "%10v|", "%-10v|", "%.2g", "%G", "%E", "%s %s", "%3c|", "%v %v"]

LANGUAGE = [
    "{{ .Values.text }", "{{ if }}x{{ end }}", "{{ end }}", "{{ if true }}", "{{ else }}", "{{ $x }}", "{{ nope }}", "{{ break }}",
    "{{ range .Values.list }}{{ . }}{{ if eq . \"a\" }}{{ break }}{{ end }}{{ end }}",
    "{{ range $i, $e := .Values.list }}{{ $i }}={{ $e }};{{ if eq $e \"a\" }}{{ continue }}{{ end }}!{{ else }}none{{ end }}",
    "{{ range $k, $v := .Values.map }}{{ $k }}:{{ $v }} {{ end }}", "{{ range 3 }}{{ . }}{{ end }}",
    "{{ range .Values.nothing }}x{{ else }}y{{ end }}", "{{ range .Values.text }}{{ . }}{{ end }}", "{{ range .Values.number }}x{{ end }}",
    "{{ range $i := 3 }}{{ $i }}{{ end }}", "{{ with .Values.map }}{{ .a }}{{ $.Values.text }}{{ end }}",
    "{{ with .Values.none }}x{{ else with .Values.text }}{{ . }}{{ else }}z{{ end }}",
    "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "{{ $x := 1 }}{{ range .Values.list }}{{ $x = add $x 1 }}{{ end }}{{ $x }}",
    "a {{- /* c */ -}} b", "a {{/* c */}} b", "a {{- 1 -}} b\n", "{{ .Values.text | nindent 4 | }}", "{{- 3}}", "{{ 3 -}} ", "{{-3}}",
    "{{ define \"x\" }}<{{ . }}>{{ end }}{{ template \"x\" .Values.text }}{{ include \"x\" 3 | quote }}", "{{ block \"b\" .Values.text }}[{{ . }}]{{ end }}",
    "{{ template \"nope\" }}", "{{ include \"nope\" . }}", "{{ (.Values.a).b }}|{{ (.Values.a).b.c }}", "{{ .Values.a.b }}", "{{ .Values.text.b }}",
    "{{ $v := .Values.missing }}{{ $v.x }}", "{{ with $x := .Values.text }}{{ $x }}{{ end }}", "{{ if and .Values.yes (not .Values.no) }}y{{ else if .Values.no }}n{{ end }}",
    "{{ .Values.map.nested.deep.leaf }}", "{{ (index .Values.items 0).name }}", "{{ (first .Values.items).port }}", "{{ index .Values.map \"a\" }}",
    "{{ set .Values.map \"new\" 1 | len }}{{ .Values.map.new }}", "{{ $d := dict }}{{ $_ := set $d \"a\" 1 }}{{ $d }}", "{{ 'a' }} {{ '\\n' }} {{ 0b11 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }}",
    "{{ \"a\\tb\\u00e9\\x41\" }}", "{{ \"unterminated }}", "{{ 1 2 }}", "{{ nil }}", "{{ true | not }}", "{{ 1 | 2 }}", "{{ .Values | len }}",
    "{{ printf \"%d %s\" 3 \"x\" | quote }}", "{{ .Template.Name }} {{ .Template.BasePath }}", "{{ tpl \"{{ .Values.text }}\" . }}",
    "{{ tpl \"{{ define \\\"q\\\" }}Q{{ end }}{{ include \\\"q\\\" . }}\" . }}", "{{ tpl \"{{ bad\" . }}", "{{ required \"need it\" .Values.missing }}",
    "{{ fail \"stop\" }}", "{{ .Values.missing | default \"d\" }}", "{{ eq .Values.number 42 }}", "{{ eq .Values.number 42.0 }}", "{{ eq (int .Values.number) 42 }}",
    "{{ range $k, $v, $w := .Values.map }}{{ end }}", "{{ $x, $y := .Values.map }}", "{{ if $x := .Values.text }}{{ $x }}{{ end }}{{ $x }}", "{{ . | typeOf }}",
    "{{ .Values | typeOf }}", "{{ .Values.map | typeOf }}", "{{ .Values.list | typeOf }}", "<no value>", "{{ .Values.missing }}|", "{{ len .Values.missing }}",
    "{{ (dict \"a\" 1).a }}", "{{ (list 1 2).x }}", "{{ \"x\".y }}", "{{ .Values.list.x }}", "{{ $.Values.map.a }}", "{{ (((1))) }}", "{{ ( }}", "{{ ) }}",
    "{{ range .Values.items }}{{ .name }}-{{ .port }},{{ end }}", "{{ range $_, $i := .Values.items }}{{ $i.name }}{{ end }}", "{{ .Values.big }} {{ .Values.float }} {{ .Values.negative }}",
]


def tables():
    """Every function with every operand, and the language's own cases."""
    yield from LANGUAGE
    for name in UNARY:
        for operand in OPERANDS:
            yield f"{{{{ {name} {operand} }}}}"
        yield f"{{{{ {name} }}}}"
    for form in FORMATS:
        for operand in OPERANDS:
            yield f"{{{{ printf {chr(96)}{form}{chr(96)} {operand} }}}}"
    for name in BINARY:
        for left in OPERANDS:
            for right in OPERANDS[::3]:
                yield f"{{{{ {name} {left} {right} }}}}"


def expression(source, depth):
    if depth <= 0 or source.random() < 0.3:
        return source.choice(OPERANDS)
    kind = source.randrange(5)
    inner = lambda: expression(source, depth - 1)
    if kind == 0:
        return f"({source.choice(UNARY)} {inner()})"
    if kind == 1:
        return f"({source.choice(BINARY)} {inner()} {inner()})"
    if kind == 2:
        return f"({source.choice(TERNARY)} {inner()} {inner()} {inner()})"
    if kind == 3:
        return f"({inner()} | {source.choice(UNARY)})"
    return f"({source.choice(['default', 'quote', 'toString', 'list', 'print', 'coalesce'])} {inner()})"


def block(source, depth):
    if depth <= 0:
        return source.choice(["text ", "\n  ", "{{- /* note */ -}}", " x {{- 1 }}", "{{ $.Values.text -}} \n"])
    kind = source.randrange(7)
    inner = lambda: block(source, depth - 1)
    value = expression(source, 1)
    if kind == 0:
        return f"{{{{ if {value} }}}}{inner()}{{{{ else }}}}{inner()}{{{{ end }}}}"
    if kind == 1:
        return f"{{{{ range $k, $v := {value} }}}}{{{{ $k }}}}={{{{ $v }}}}{inner()}{{{{ end }}}}"
    if kind == 2:
        return f"{{{{- with {value} }}}}{inner()}{{{{ . }}}}{{{{- end }}}}"
    if kind == 3:
        return f"{{{{ $x := {value} }}}}{{{{ $x }}}}{inner()}"
    if kind == 4:
        return f"{{{{ {expression(source, 3)} }}}}"
    if kind == 5:
        return inner() + inner()
    return inner()


def mutated(source, text):
    at = source.randrange(len(text) + 1)
    return text[:at] + source.choice(["", "{{", "}}", "(", ")", "|", ".", "-", " ", "\"", "$"]) + text[at + source.randrange(2):]


def generated(count, seed):
    source = random.Random(seed)
    for _ in range(count):
        text = block(source, 3)
        yield mutated(source, text) if source.random() < 0.15 else text
