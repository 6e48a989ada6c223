"""Expressions for every function of sprig and Helm, grouped by what they are about."""

import itertools

VERSIONS = ["1.2.3", "v1.2.3", "1.2", "1", "1.2.3-alpha.1", "1.2.3-alpha.1+meta", "2.0.0-rc.10", "0.2.3", "0.0.3", "01.2.3", "1.2.3-01",
            "x", "", "1.2.3.4", "1.x", "18446744073709551616.0.0", "1.33.4-gke.1245000", "v2", "1.2.3-", "1.2.3+", " 1.2.3", "10.0.0"]
RANGES = [">=1.2", ">=1.2-0", "<2", "^1.2", "^0.2", "^0.0.3", "^0", "^0.0", "~1.2", "~1", "~0.0.0", "1.x", "1.2.x", "*", "x", "", "=1.2.3", "!=1.2",
          "!=1.2.3", ">1.2", ">1", "<=1.2", "=>1.2", "=<1.2.3", "~>1.2", "1.2 - 1.4", "1.2.0 - 2", ">=1.0 <2.0", ">=1.0, <2.0", "<1 || >1.5",
          ">= 1.2.3 , < 3", "1.2.3 || 2", "v1.2", ">=v1.2.3", "foo", "> 1.2 <", "^1.2.3-beta", ">1.2.3-alpha.2", "1,2", ">=1.2||", "||", "~1.2.3-0", "^x"]
PATTERNS = ["a", "a+", "(a)(b)?", "^a.*z$", "[a-z]+", "[[:alpha:]]+", r"\d+", r"\w+", r"\s", r"\bfoo\b", "(?i)FOO", "(?P<n>f)o", "[^a]", "x*", "", "(", "[", "a**",
            "a{2}", "a{1,}", "a{,2}", "a{1001}", r"\/", r"\Qa.b\E", r"\pL+", r"\p{Greek}", "[a&&b]", "[[]", "[]a]", "[a-]", r"[\d-x]", "(?x)a", r"\8", "a|b|",
            "(?s).", "(?U)a+", "\u00e9", "[\u00e0-\u00ff]", ".", "^", "$", r"\.", r"\-", "(?:ab)+", r"\x41", r"\x{e9}", r"\z", r"\C", "{", "a{2,1}", "+", "a|*"]
SUBJECTS = ["foo bar", "abcabc", "aaa", "", "a.b", "FOO42 x", "gr\u00fc\u00dfe \u03b1\u03b2", "12 34", "a/b-c", "{a}", "line1\nline2", "\u0663"]
REPLACEMENTS = ["X", "$1", "${1}y", "$1y", "$n", "$$", "${n}z", "$0-", "\\1"]
WORDS = ["", "foo", "fooBar", "FooBar", "HTTPServer", "foo_bar", "foo-bar baz", "FOO_BAR", "foo2bar", "Bld4Floor3rd", "HTTP2xx", "_foo__bar_", "a", "A", "aB", "ABC",
         "foo.bar", "foo!bar", "1st place", "gr\u00fc\u00dfeGott", "\u65e5\u672c\u8a9e", "x1Y2z3", "--a--b--", "  foo  bar ", "OneTwo3Four", "ID3v2tag", "a1", "1a", "getHTTPResponseCode", "\u00c9t\u00e9"]
LONG = ["the quick brown fox jumps over the lazy dog", "a verylongwordindeedthatgoeson and on", "short", "", "  lead and trail  ", "a  b   c", "one\ntwo three four"]
LAYOUTS = ["2006-01-02", "15:04:05", "Mon Jan 2 15:04:05 MST 2006", "Monday, 02-Jan-06 15:04:05 MST", "2006-01-02T15:04:05Z07:00", "20060102150405", "Jan _2 3:04PM", "02/01/06 03:04:05.000 pm",
           "2006-01-02T15:04:05.999999999-0700", "January 2, 2006", "__2 002", "text only", "", "5 05 4 04 3 03 1 01", "Z0700 -07 Z07 -07:00:00", "Jan. Mond 2006x", "_2006 .00 ,000"]
ZONES = ["UTC", "Local", "", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Nowhere/Land"]
STAMPS = ["0", "1700000000", "-1", "951782400", "(int64 1700000000)", '"x"', "1709164800", "4102444800"]
SPANS = ["1h", "-1.5h", "2h45m", "300ms", "1s", "", "x", "1", "-24h", "1h1m1s1ms", "10us", "1.5.5h", "1d", ".5s", "+3m", "0", "9999999999h"]
URLS = ["http://user:pass@host:8080/path/x?q=1&r=2#frag", "https://host", "mailto:a@b.c", "/just/path", "host/path", "//host/path", "http://[::1]:80/x", "", "a b", "http://host:port/",
        "http://h/%41%zz", "http://h/a%20b", "HTTP://Host/", "x:y", ":x", "http://u@h", "http://h?x#y", "http://h/a b", "ftp://h/\u00e9", "http://a b/", "1http://x", "http://h/p#a%20b", "foo:bar/baz?x"]
PATHS = ["", "/", "a", "a/b", "/a/b/", "a//b/../c", "..", "../a", "./a", "/..", "a.tar.gz", ".hidden", "a/b.c/d", "/a/./b", "a/..", "x."]
FLOATS = ["1.5", "2", "0.1", "0.2", "-3.7", "1e3", '"4.25"', '"x"', "1e-7", "123456789.123", "0", "3", "7", "true", "nil", "1e300"]
INTS = ["0", "1", "-1", "3", "7", "10", "2.9", '"5"', '"08"', '"0x1f"', '"x"', "true", "nil", "9223372036854775807"]
TOMLS = ["a = 1", "a = 1.5\nb = \"x\"\n[t]\nc = true", "[[x]]\na = 1\n[[x]]\na = 2", "a = [1, 2]", "a.b.c = 1", "a = {b = 1}", "x = 'lit'", "bad", "a = 1\na = 2", "", "s = \"\"\"m\nl\"\"\"", "h = 0x1F", "f = 1e3"]
JSONS = ['{"a":1}', "[1,2]", '"x"', "1", "null", "true", "", "{", '{"a":', '{"a":1,}', "[1,]", "{'a':1}", '{"a":1} x', "01", "1.", "-", '"\\u00e9\\ud83d\\ude00"', '"\\ud800"', '"\\x"', "1e400", " [ ] ",
         '{"a":{"b":[1,2.5,"x",null,true]}}', '"a\nb"', "nul", "[1 2]", '{"a" 1}', "123456789012345678901", '{"b":1,"a":2,"b":3}', "\u00e9", "tru", '{"a":1e5}', "-0", "1E+2"]
YAMLS = ["a: 1", "- 1\n- x", "x", "", "a: b: c", "a:\n  - b\n  -c", "? x\n: y", "a: &x 1\nb: *x", "a: !!str 1", "a: |\n  x\n  y", "a: >\n  x\n  y\n", "{a: [b, {c: d}]}", "a: 'it''s'", "\ta: 1", "a: \"\\x41\"",
         "<<: {a: 1}\nb: 2", "a: 0777", "a: 1_000", "a: yes", "on: off", "a: 2001-01-01", "a: .inf", "~: 1", "1: 2", "a: 1\n---\nb: 2", "---\na: 1\n...\n", "# only", "a: b #c", "a: b#c", "[a", "{a: 1", "a: *nope"]
LISTS = ["(list)", "(list 1 2 3)", '(list "b" "a" "c" "a")', '(list 1 "x" nil true)', "(list (list 1) (list 2))", "(list nil)", '(tuple "x" 0)', '(splitList "," "c,a,b")', "(until 3)", '(list 0 "" false)', "nil", '"text"', "1", "(dict)"]
MAPS = ["(dict)", '(dict "a" 1)', '(dict "a" 1 "b" (dict "c" 2))', '(dict "a" "" "b" (dict "c" 0 "d" nil))', '(dict "b" (dict "c" 9 "e" "x") "z" nil)', '(dict "a" (list 1))', '(dict "b" "flat")', '(dict "a" nil)', '(dict "b" (dict))']


def raw(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def calls(name, *columns):
    for row in itertools.product(*columns):
        yield "{{ " + " ".join((name, *row)) + " | toJson }}"


def shown(name, *columns):
    for row in itertools.product(*columns):
        yield "{{ " + " ".join((name, *row)) + " }}"


def versions():
    texts = [raw(text) for text in VERSIONS]
    yield from shown("semver", texts)
    for text in texts:
        for part in ("Major", "Minor", "Patch", "Prerelease", "Metadata", "Original", "String", "IncMajor", "IncMinor", "IncPatch", "Nope"):
            yield f"{{{{ (semver {text}).{part} }}}}"
    yield from shown("semverCompare", [raw(text) for text in RANGES], texts)
    for left, right in itertools.product(texts[:8], texts[:8]):
        for method in ("Compare", "Equal", "GreaterThan", "LessThan"):
            yield f"{{{{ (semver {left}).{method} (semver {right}) }}}}"


def patterns():
    found, subjects = [raw(text) for text in PATTERNS], [raw(text) for text in SUBJECTS]
    yield from shown("regexMatch", found, subjects)
    yield from calls("regexFind", found, subjects[:6])
    yield from calls("regexFindAll", found, subjects[:7], ["-1", "2", "0"])
    yield from calls("regexSplit", found, subjects[:6], ["-1", "2", "0", "1"])
    for name in ("regexReplaceAll", "regexReplaceAllLiteral"):
        yield from calls(name, found[:16], subjects[:6], [raw(text) for text in REPLACEMENTS])
    for name in ("mustRegexMatch", "mustRegexFind"):
        yield from shown(name, found, subjects[:3])
    yield from calls("mustRegexFindAll", found[:12], subjects[:3], ["-1"])
    yield from calls("mustRegexReplaceAll", found[:12], subjects[:3], ['"x"'])
    yield from calls("mustRegexReplaceAllLiteral", found[:12], subjects[:3], ['"$1"'])
    yield from calls("mustRegexSplit", found[:12], subjects[:3], ["-1"])
    yield from shown("regexQuoteMeta", found)


def texts():
    words = [raw(text) for text in WORDS]
    for name in ("snakecase", "kebabcase", "camelcase", "title", "untitle", "swapcase", "initials", "nospace", "upper", "lower", "b32enc", "b64enc", "sha1sum", "squote", "quote", "len"):
        yield from calls(name, words)
    yield from calls("b32dec", ['"MZXW6==="', '"MZXW6"', '"M1"', '""', '"mzxw6==="', '"MZXW6YTB"', '"MZXW6YTBOI======"', '"MZXW6YTBOI="', '"A"', '"========"'])
    yield from calls("b64dec", ['"Zm9v"', '"Zm9"', '"Zm9vYg=="', '"Zm9vYg="', '"!"', '""', '"Zm 9v"', '"Zm9vYg==x"', '"Zg=="', '"Zh=="'])
    long = [raw(text) for text in LONG]
    yield from calls("wrap", ["-1", "0", "1", "5", "10", "80"], long)
    yield from calls("wrapWith", ["0", "5", "12"], ['"|"', '""', '"<br>"'], long)
    yield from calls("abbrev", ["0", "3", "4", "5", "10", "100"], long)
    yield from calls("abbrevboth", ["0", "4", "5", "10", "60"], ["3", "4", "6", "7", "10", "20"], long)
    yield from calls("trunc", ["0", "3", "-3", "100", "-100"], words)
    yield from calls("substr", ["-1", "0", "2"], ["-1", "0", "1", "5"], long)
    yield from calls("plural", ['"one"'], ['"many"'], ["0", "1", "2"])
    yield from calls("repeat", ["0", "3"], words[:5])
    yield from calls("cat", words[:4], ["1", "nil", "true", "(list 1)"])
    yield from calls("trimAll", ['"-"', '"_ "', '"\u00e9"'], words)
    yield from calls("splitn", ['"-"', '""', '"o"'], ["-1", "0", "1", "2", "5"], words[:12])
    yield from calls("join", ['","', '""'], LISTS)
    yield from calls("js", words) if False else iter(())
    for name in ("html", "urlquery", "js"):
        yield from shown(name, ['"<a href=\\"x\\">"', '"a b&c=\u00e9\'"', "1", "nil", '"\\n\\t\\u0000"', '"\\\\ / = & + ; \u2028"'])


def dates():
    layouts = [raw(text) for text in LAYOUTS]
    yield from shown("date", layouts, STAMPS[:5])
    yield from shown("dateInZone", layouts, STAMPS[:5], [raw(text) for text in ZONES])
    yield from shown("date_in_zone", layouts[:3], STAMPS, ['"UTC"'])
    yield from shown("htmlDate", STAMPS)
    yield from shown("htmlDateInZone", STAMPS, [raw(text) for text in ZONES])
    for layout, text in (("2006-01-02", "2024-02-29"), ("2006-01-02", "2024-13-01"), ("2006-01-02 15:04", "2024-01-02 03:04"), ("2006-01-02T15:04:05Z07:00", "2024-01-02T03:04:05+02:00"),
                         ("2006-01-02T15:04:05Z07:00", "2024-01-02T03:04:05.123Z"), ("Jan 2, 2006", "Feb 3, 2021"), ("3:04PM", "4:05AM"), ("2006-01-02", "x"), ("", ""), ("15:04", "24:00"), ("2006-1-2", "2024-1-2"), ("02 January 2006", "05 march 1999")):
        yield f"{{{{ toDate {raw(layout)} {raw(text)} }}}}"
        yield f"{{{{ mustToDate {raw(layout)} {raw(text)} }}}}"
        yield f"{{{{ toDate {raw(layout)} {raw(text)} | unixEpoch }}}}"
        for span in SPANS[:6]:
            yield f"{{{{ toDate {raw(layout)} {raw(text)} | dateModify {raw(span)} }}}}"
            yield f"{{{{ toDate {raw(layout)} {raw(text)} | mustDateModify {raw(span)} }}}}"
    day = '(toDate "2006-01-02 15:04:05" "2023-11-14 22:13:20")'
    for method in ("Unix", "UnixNano", "UnixMilli", "Year", "Month", "Day", "Hour", "Minute", "Second", "Nanosecond", "Weekday", "YearDay", "UTC", "IsZero", "String", "Nope", 'Format "Jan 2"', "AddDate 0 1 20", "AddDate 1 -13 0", f"Sub {day}", f"Before {day}", f"Equal {day}"):
        yield f"{{{{ {day}.{method} }}}}"
    yield f"{{{{ {day} | toJson }}}} {{{{ {day} | toYaml }}}} {{{{ {day} | typeOf }}}} {{{{ {day} | kindOf }}}} {{{{ printf \"%v\" {day} }}}}"
    yield from shown("duration", ["0", "1", "95", "(int64 95)", '"3600"', '"x"', "(int64 -5)", "1.5"])
    yield from shown("durationRound", [raw(span) for span in SPANS] + ["(int64 3600000000000)", "1", "nil", '"2400h10m"', '"24h5s"', '"-100h"'])
    yield '{{ now | date "2006" | len }}{{ ago now }}'
    yield "{{ typeOf now }}"


def addresses():
    yield from calls("urlParse", [raw(text) for text in URLS])
    for text in URLS:
        yield f"{{{{ urlParse {raw(text)} | urlJoin }}}}"
    yield from shown("urlJoin", ['(dict "scheme" "http" "host" "h:80" "path" "/p" "query" "q=1" "fragment" "f" "userinfo" "u:p")', '(dict "path" "a b")', '(dict "host" "h" "path" "p")', '(dict "scheme" 1)', "(dict)", '(dict "opaque" "x" "scheme" "s")', '(dict "path" "a:b")', '(dict "host" "h" "userinfo" "u@x")'])
    for name in ("base", "dir", "clean", "ext", "isAbs", "osBase", "osDir", "osClean", "osExt", "osIsAbs"):
        yield from calls(name, [raw(text) for text in PATHS])


def numbers():
    for name in ("addf", "subf", "mulf", "divf", "maxf", "minf"):
        yield from calls(name, FLOATS, FLOATS)
    yield from calls("addf", FLOATS[:4], FLOATS[:4], FLOATS[:4])
    yield from calls("add1f", FLOATS)
    for name in ("add", "sub", "mul", "div", "mod", "max", "min", "biggest"):
        yield from calls(name, INTS, INTS)
    yield from calls("round", FLOATS, ["0", "1", "2", "-1", "5"])
    yield from calls("round", FLOATS[:6], ["0", "1"], ["0.1", "0.9"])
    for name in ("floor", "ceil", "int", "int64", "float64", "toDecimal", "atoi", "add1", "toString", "toStrings", "typeOf", "kindOf", "empty"):
        yield from calls(name, INTS + FLOATS)
    yield from calls("seq", ["0", "3", "-2", "1"])
    yield from calls("seq", ["0", "5"], ["2", "-3"], ["7", "-7", "0"])
    yield from calls("untilStep", ["0", "5"], ["0", "9", "-9"], ["1", "3", "-2", "0"])


def data():
    for text in JSONS:
        for name in ("fromJson", "fromJsonArray", "mustFromJson"):
            yield f"{{{{ {name} {raw(text)} | toJson }}}}"
    for text in YAMLS:
        for name in ("fromYaml", "fromYamlArray"):
            yield f"{{{{ {name} {raw(text)} | toJson }}}}"
    for text in TOMLS:
        yield f"{{{{ $t := fromToml {raw(text)} }}}}{{{{ hasKey $t \"Error\" }}}}{{{{ if not (hasKey $t \"Error\") }}}}{{{{ toJson $t }}}} {{{{ $t }}}}{{{{ end }}}}"
    values = MAPS + LISTS + ['"a<b>&"', "1.5", "1e21", "true", '"multi\\nline\\n"', '(dict "x" (list (dict "a" 1) (dict "b" 2)))', '(dict "k.k" "v" "" 1 "q\\"" 2)', '(dict "f" 1.5 "g" 1e20 "h" 3.0 "i" 1 "s" "a\\tb\\u0001")',
                             '(dict "t" (dict "u" (dict "v" 1) "w" 2) "a" 1)', '(dict "l" (list 1 nil))', '(dict "l" (list (dict "a" 1) 2))', '(dict "l" (list))', ".Values", ".Chart", ".Release", ".Capabilities.KubeVersion", ".Files", ".Template", "(list 1 (list 2 (list)))", "(dict \"d\" (dict))"]
    for name in ("toJson", "toPrettyJson", "toRawJson", "mustToJson", "mustToPrettyJson", "mustToRawJson", "toYaml", "toYamlPretty", "mustToYaml", "toToml", "mustToToml"):
        yield from shown(name, values)


def collections():
    for name in ("merge", "mergeOverwrite", "mustMerge", "mustMergeOverwrite"):
        yield from calls(name, MAPS, MAPS)
        yield from calls(name, MAPS[:4], MAPS[:4], MAPS[:4])
    for left, right in itertools.product(MAPS, MAPS):
        yield f"{{{{ $a := {left} }}}}{{{{ $b := {right} }}}}{{{{ $_ := merge $a $b }}}}{{{{ $_ := set $b \"new\" 1 }}}}{{{{ with $a.b }}}}{{{{ if kindIs \"map\" . }}}}{{{{ $_ := set . \"in\" 2 }}}}{{{{ end }}}}{{{{ end }}}}{{{{ toJson $a }}}} {{{{ toJson $b }}}}"
    for name in ("first", "last", "rest", "initial", "reverse", "uniq", "compact", "sortAlpha", "mustFirst", "mustLast", "mustRest", "mustInitial", "mustReverse", "mustUniq", "mustCompact", "deepCopy", "mustDeepCopy", "toStrings", "len", "list", "empty", "coalesce", "all", "any"):
        yield from calls(name, LISTS)
    for name in ("append", "prepend", "mustAppend", "mustPrepend", "push", "without", "concat", "mustWithout", "mustPush"):
        yield from calls(name, LISTS, ['"a"', "1", "nil", "(list 9)"])
    yield from calls("has", ['"a"', "1", "nil", "true"], LISTS)
    yield from calls("mustHas", ['"a"', "1"], LISTS)
    yield from calls("chunk", ["0", "1", "2", "5", "-1"], LISTS)
    yield from calls("mustChunk", ["2"], LISTS)
    yield from calls("slice", LISTS, ["0", "1"])
    yield from calls("mustSlice", LISTS, ["0", "1"], ["2", "3"])
    yield from calls("dig", ['"a"', '"b"'], ['"c"', '"z"'], ['"none"'], MAPS)
    yield from calls("dig", ['"a"', '"zz"'], ["1"], MAPS + ["nil"])
    for name in ("get", "hasKey", "unset", "pick", "omit"):
        yield from calls(name, MAPS, ['"a"', '"b"', '"zz"', "1"])
    yield from calls("pluck", ['"a"', '"b"'], MAPS, MAPS)
    yield from calls("values", MAPS[:2])
    yield from calls("keys", MAPS[:2])
    yield from calls("ternary", ['"y"'], ['"n"'], ["true", "false", "1", "nil"])
    yield from calls("default", ["1", '""', "nil"], MAPS + LISTS)
    yield from calls("typeIs", ['"string"', '"int"', '"map[string]interface {}"', '"[]interface {}"'], MAPS[:2] + LISTS)
    yield from calls("typeIsLike", ['"string"', '"int"'], LISTS)
    yield from calls("deepEqual", LISTS, LISTS)


def secrets():
    for kind in ("maximum", "long", "medium", "short", "basic", "pin", "nope"):
        yield f"{{{{ derivePassword 1 \"{kind}\" \"password\" \"user\" \"example.com\" }}}}"
    yield '{{ encryptAES "secret" "plain text" | decryptAES "secret" }}'
    yield '{{ decryptAES "secretkey" "30tEfhuJSVRhpG97XCuWgz2okj7L8vQ1s6V9zVUPeDQ=" }}'
    yield '{{ htpasswd "a:b" "x" }}'
    yield '{{ genPrivateKey "nope" }}'
    for name, arguments in (("genCA", '"ca" 10'), ("genSelfSignedCert", '"x" nil nil 10'), ("genSelfSignedCert", '"x" (list "10.0.0.1") (list "a.b") 10')):
        yield f"{{{{ $c := {name} {arguments} }}}}{{{{ $c.Cert | trim | splitList \"\\n\" | first }}}} {{{{ $c.Key | trim | splitList \"\\n\" | last }}}} {{{{ typeOf $c }}}} {{{{ kindOf $c }}}}"
    yield '{{ genSelfSignedCert "x" (list "bad") nil 10 }}'
    yield '{{ genSelfSignedCert "x" (list 1) nil 10 }}'
    yield '{{ genSelfSignedCert "x" nil (list 1) 10 }}'
    yield '{{ genSignedCert "x" nil nil 10 1 }}'
    yield '{{ buildCustomCert "x" "y" }}'
    yield '{{ genCAWithKey "x" 1 "bad" }}'
    for name, count in (("randAlphaNum", 10), ("randAlpha", 0), ("randNumeric", 5), ("randAscii", 7), ("randBytes", 9)):
        yield f"{{{{ {name} {count} | len }}}}"
    yield "{{ regexMatch `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$` uuidv4 }}"
    yield "{{ randInt 3 4 }}{{ shuffle `aaa` }}{{ htpasswd `u` `p` | trunc 9 }}{{ bcrypt `p` | trunc 7 }}"
    yield "{{ randInt 4 3 }}"
    yield "{{ getHostByName `localhost` }}|{{ lookup `v1` `Secret` `x` `y` }}|{{ hello }}"
    yield "{{ env `HOME` }}"
    yield "{{ expandenv `HOME` }}"


def objects():
    files = {"files/a.txt": "one\ntwo\n", "files/b.conf": "k: v", "files/deep/c.txt": "\u00e9\n", "top.bin": "x\u0000y", "empty.txt": ""}
    for pattern in ("files/*", "files/**", "**.txt", "*", "**", "files/?.txt", "files/[ab].*", "files/{a,b}.*", "nope", "[", "files/[!a].*", "f*/a.txt", "\\*"):
        yield f"{{{{ range $k, $v := .Files.Glob {raw(pattern)} }}}}{{{{ $k }}}};{{{{ end }}}}", files
        yield f"{{{{ (.Files.Glob {raw(pattern)}).AsConfig }}}}\n{{{{ (.Files.Glob {raw(pattern)}).AsSecrets }}}}", files
    for name in files:
        yield f"{{{{ .Files.Get {raw(name)} }}}}|{{{{ .Files.GetBytes {raw(name)} }}}}|{{{{ .Files.Lines {raw(name)} | toJson }}}}|{{{{ index .Files {raw(name)} }}}}", files
    for text in ("{{ .Files.Get \"nope\" }}", "{{ len .Files }}", "{{ .Files }}", "{{ toJson .Files }}", "{{ range $k, $v := .Files }}{{ $k }}={{ $v }};{{ end }}", "{{ .Files.nope }}", "{{ if .Files }}y{{ end }}", "{{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Minor }} {{ .Capabilities.HelmVersion }}",
                 "{{ .Capabilities.APIVersions.Has \"apps/v1\" }}{{ .Capabilities.APIVersions.Has \"apps/v9\" }}{{ has \"v1\" .Capabilities.APIVersions }}", "{{ .Capabilities.APIVersions | len }}", "{{ range .Capabilities.APIVersions }}{{ . }},{{ end }}", "{{ .Release }}", "{{ .Chart }}", "{{ .Template }}", "{{ .Values }}", "{{ . | keys | sortAlpha }}",
                 "{{ toYaml .Capabilities }}", "{{ toYamlPretty .Capabilities }}", "{{ toJson . | len }}", "{{ printf \"%v %+v\" .Capabilities.KubeVersion .Capabilities.HelmVersion }}", "{{ .Capabilities.Nope }}", "{{ .Chart.Nope }}", "{{ .Nope }}", "{{ .Subcharts }}", "{{ quote .Capabilities.KubeVersion }}", "{{ $k := .Capabilities.KubeVersion }}{{ $k }}"):
        yield text, files


GROUPS = {"versions": versions, "patterns": patterns, "texts": texts, "dates": dates, "addresses": addresses, "numbers": numbers, "data": data, "collections": collections, "secrets": secrets, "objects": objects}
