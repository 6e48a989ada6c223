//! What the template engine shows, and that no input makes it panic.

use std::collections::BTreeMap;

use infra_helm::{Budget, Data, RenderError, TemplateFile, render};
use proptest::prelude::*;

fn values() -> Data {
    let mut map = BTreeMap::new();
    map.insert(b"text".to_vec(), Data::text("a b"));
    map.insert(b"number".to_vec(), Data::Float(1_234_567.0));
    map.insert(b"list".to_vec(), Data::List(vec![Data::Float(1.0), Data::text("x"), Data::Null]));
    Data::Map(BTreeMap::from([(b"Values".to_vec(), Data::Map(map))]))
}

fn shown_within(source: &str, budget: Budget) -> Result<String, RenderError> {
    let path = "c/templates/t.txt".to_owned();
    let file = TemplateFile { path: path.clone(), source: source.into(), context: values() };
    let texts = render(&[file], budget)?;
    Ok(String::from_utf8_lossy(&texts[&path]).into_owned())
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
    ] {
        assert_eq!(shown(source).unwrap(), wanted, "{source}");
    }
}

#[test]
fn errors_name_template_line_column_and_expression() {
    let fault = shown("\n{{ .Values.a.b }}").unwrap_err().to_string();
    assert_eq!(
        fault,
        "template: c/templates/t.txt:2:10: executing \"c/templates/t.txt\" at <.Values.a.b>: \
         nil pointer evaluating interface {}.b"
    );
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
    assert_eq!(shown("{{ repeat 99999999999 `x` }}"), Err(RenderError::Budget("output")));
    let nested = "{{ $x := list }}{{ range 200000 }}{{ $x = list $x }}{{ end }}{{ len $x }}";
    assert_eq!(shown(nested).unwrap(), "1");
}

proptest! {
    #[test]
    fn no_text_panics(source in ".{0,60}|(\\{\\{-? ?[a-z.$()| 0-9\"`]{0,20} ?-?\\}\\}){1,4}") {
        let _ = shown(&source);
    }
}
