//! What the template engine shows, and that no input makes it panic.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail by panicking, like tests"
)]

use std::{collections::BTreeMap, rc::Rc};

use infra_helm::{
    Budget, Capabilities, Chart, ChartFile, ChartRenderError, Data, Limits, Moment, ReleaseInfo,
    RenderError, RenderOptions, Seeded, render_files,
};
use proptest::prelude::*;

fn values() -> Data {
    let mut map = BTreeMap::new();
    map.insert(b"text".to_vec(), Data::text("a b"));
    map.insert(b"number".to_vec(), Data::Float(1_234_567.0));
    map.insert(b"list".to_vec(), Data::List(vec![Data::Float(1.0), Data::text("x"), Data::Null]));
    Data::Map(map)
}

fn shown_within(source: &str, budget: Budget) -> Result<String, RenderError> {
    let file = |name: &str, text: &str| ChartFile::new(name, text.as_bytes().to_vec());
    let files = vec![
        file("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        file("templates/t.txt", source),
    ];
    let chart = Chart::from_files(files, Limits::default()).unwrap();
    let options = RenderOptions {
        release: ReleaseInfo::default(),
        capabilities: Capabilities::default(),
        budget,
        environment: Rc::new(Seeded::new(
            Moment { seconds: 1_700_000_000, nanoseconds: 0 },
            [7; 32],
        )),
        skip_schema: false,
        sub_notes: false,
    };
    match render_files(&chart, &values(), &options) {
        Ok(texts) => Ok(String::from_utf8_lossy(&texts["c/templates/t.txt"]).into_owned()),
        Err(ChartRenderError::Render(fault)) => Err(fault),
        Err(other) => panic!("{other}"),
    }
}

fn shown(source: &str) -> Result<String, RenderError> {
    shown_within(source, Budget::default())
}

#[test]
fn outcomes_equal_those_of_helm() {
    for (source, wanted) in [
        ("{{ .Values.number }} {{ .Values.missing }}|", "1.234567e+06 |"),
        ("a {{- /* note */}} b", "a b"),
        ("{{ $d := dict }}{{ $_ := set $d \"a\" 1 }}{{ $d.a }}", "1"),
        ("{{ range $i, $e := .Values.list }}{{ $i }}{{ $e }};{{ end }}", "01;1x;2;"),
        ("{{ (.Values.a).b }}", ""),
        ("{{ printf `%05d|%-4s|%q` 42 `x` `y` }}", "00042|x   |\"y\""),
        ("{{ define `x` }}<{{ . }}>{{ end }}{{ include `x` 3 | nindent 2 }}", "\n  <3>"),
        ("{{ toYaml (dict `a` (list 1 `yes`) `b` nil) }}", "a:\n- 1\n- \"yes\"\nb: null"),
        ("{{ fromYaml `on: 0777` }}", "map[true:511]"),
        ("{{ semverCompare `>=1.19-0` .Capabilities.KubeVersion.Version }}", "true"),
        ("{{ now | date `2006-01-02` }}", "2023-11-14"),
        ("{{ derivePassword 1 `long` `password` `user` `example.com` }}", "ZedaFaxcZaso9*"),
        ("{{ `plain` | encryptAES `k` | decryptAES `k` }}", "plain"),
    ] {
        assert_eq!(shown(source).unwrap(), wanted, "{source}");
    }
}

#[test]
fn the_same_seed_gives_the_same_secrets() {
    let source = "{{ randAlphaNum 12 }} {{ uuidv4 }} {{ (genCA `ca` 10).Cert }}";
    let first = shown(source).unwrap();
    assert_eq!(first, shown(source).unwrap());
    assert!(first.contains("BEGIN CERTIFICATE"));
}

#[test]
fn errors_name_template_line_column_and_expression() {
    let fault = shown("\n{{ .Values.a.b }}").unwrap_err().to_string();
    assert_eq!(
        fault,
        "c/templates/t.txt:2:10\n  executing \"c/templates/t.txt\" at <.Values.a.b>:\n    \
         nil pointer evaluating interface {}.b"
    );
    let fault = shown("{{ required `say it` .Values.a }}").unwrap_err();
    assert_eq!(fault.to_string(), "execution error at (c/templates/t.txt:1:3): say it");
    assert!(!fault.help().is_empty());
    for refused in ["{{ if true }}", "{{ end }}", "{{ break }}", "{{ $x }}", "{{ nope }}", "{{ 1"] {
        assert!(matches!(shown(refused), Err(RenderError::Parse { .. })), "{refused}");
    }
}

#[test]
fn budgets_end_hostile_templates() {
    let endless = "{{ define `x` }}{{ template `x` . }}{{ end }}{{ template `x` . }}";
    assert_eq!(shown(endless), Err(RenderError::Budget("depth")));
    let steps = Budget { steps: 10_000, ..Budget::default() };
    assert_eq!(
        shown_within("{{ range 100000000 }}{{ end }}", steps),
        Err(RenderError::Budget("steps"))
    );
    for hungry in [
        "{{ repeat 99999999999 `x` }}",
        "{{ $x := `a` }}{{ range 60 }}{{ $x = cat $x $x }}{{ end }}",
        "{{ $x := `aaaaaaaaaaaaaaaa` }}{{ range 60 }}{{ $x = replace `a` $x $x }}{{ end }}",
        "{{ randAlphaNum 99999999999 }}",
        "{{ $x := list 1 }}{{ range 60 }}{{ $x = concat $x $x }}{{ end }}",
        "{{ $x := `a` }}{{ range 60 }}{{ $x = printf `%s%s` $x $x }}{{ end }}",
        "{{ $x := `a` }}{{ range 60 }}{{ $x = print $x $x | quote }}{{ end }}",
        "{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
        "{{ $x := `a` }}{{ range 60 }}{{ $x = join $x (list $x $x) }}{{ end }}",
        "{{ $x := `a` }}{{ range 60 }}{{ $x = tpl (cat $x $x) . }}{{ end }}",
        "{{ range 100000 }}{{ genPrivateKey `ed25519` }}{{ end }}",
    ] {
        let small = Budget { output: 1 << 24, steps: 3_000_000, ..Budget::default() };
        assert!(matches!(shown_within(hungry, small), Err(RenderError::Budget(_))), "{hungry}");
    }
    let nested = "{{ $x := list }}{{ range 200000 }}{{ $x = list $x }}{{ end }}{{ len $x }}";
    assert_eq!(shown(nested).unwrap(), "1");
}

proptest! {
    #[test]
    fn no_text_panics(source in ".{0,60}|(\\{\\{-? ?[a-z.$()| 0-9\"`]{0,20} ?-?\\}\\}){1,4}") {
        let _ = shown(&source);
    }
}
