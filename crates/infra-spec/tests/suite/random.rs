//! Random input: the parser never panics, and every error it makes can be shown.

use std::time::{Duration, Instant};

use infra_spec::{Sources, SpecErrors};
use proptest::prelude::*;

use super::support::{fixtures, load_with};

fn texts() -> Vec<Vec<u8>> {
    ["valid", "wrong"]
        .into_iter()
        .flat_map(fixtures)
        .map(|folder| std::fs::read(folder.join("infra.yaml")).unwrap())
        .collect()
}

fn try_to_load(content: &[u8]) {
    let sources = Sources::single("infra.yaml", content);
    match load_with(&sources, Some("digitalocean"), true) {
        Ok(loaded) => {
            let _ = serde_json::to_string(&loaded.spec).unwrap();
        }
        Err(errors) => shown(&errors),
    }
}

fn shown(errors: &SpecErrors) {
    assert!(!errors.is_empty());
    assert!(
        errors
            .iter()
            .all(|error| error.line >= 1 && error.column >= 1 && !error.summary.is_empty())
    );
    assert!(!errors.render().is_empty());
    let _ = serde_json::to_string(errors).unwrap();
}

/// Pieces of which YAML that almost means something is made.
const PIECES: [&str; 40] = [
    "apiVersion: infra/v1\n",
    "name: hub\n",
    "cluster:\n",
    "clusters:\n",
    "providers:\n",
    "  digitalocean: {}\n",
    "  pools:\n",
    "    - name: a\n",
    "stack:\n",
    "  - use: x\n",
    "  - name: y\n",
    "    manifests: z\n",
    "    after: [x]\n",
    "    after: [y]\n",
    "*a",
    "&a ",
    "- ",
    "? ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "|\n",
    ">-\n",
    "\t",
    "\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "!!str ",
    "!x ",
    "\"",
    "'",
    "# ",
    "${env:",
    "${file:a}",
    "\u{feff}",
    "é\u{85}\u{2028}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(content in proptest::collection::vec(any::<u8>(), 0..400)) {
        try_to_load(&content);
    }

    #[test]
    fn any_text(content in "\\PC{0,200}") {
        try_to_load(content.as_bytes());
    }

    #[test]
    fn any_pieces(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..60)) {
        try_to_load(pieces.concat().as_bytes());
    }

    #[test]
    fn mutated_files(
        file in proptest::sample::select(texts()),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0..5u8, any::<u8>()), 1..8),
    ) {
        let mut content = file;
        for (index, kind, byte) in changes {
            if content.is_empty() {
                break;
            }
            let at = index.index(content.len());
            match kind {
                0 => content[at] = byte,
                1 => content.insert(at, byte),
                2 => { content.remove(at); }
                3 => content.truncate(at),
                _ => {
                    let end = (at + usize::from(byte)).min(content.len());
                    let piece = content[at..end].to_vec();
                    content.extend(piece);
                }
            }
        }
        try_to_load(&content);
    }
}

#[test]
fn hostile_files_are_refused_in_time() {
    let start = Instant::now();
    let many_keys: String = (0..60_000).map(|n| format!("k{n}: {{}}\n")).collect();
    let one_line = format!("a: [{}]", "x, ".repeat(90_000));
    let anchors: String = (0..40_000).map(|n| format!("- &a{n} x\n")).collect();
    let nested = format!("{}x{}", "- &a [".repeat(60), "]".repeat(60));
    let deep = "[".repeat(500_000);
    let deep_maps = "{a: ".repeat(100_000);
    let indented: String = (0..900).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let long_line = format!("name: {}", "x".repeat(900_000));
    let items =
        (0..9_000).map(|n| format!("- {{use: i{n}, after: [i{}]}}\n", n + 1)).collect::<String>();
    let chain = super::support::file(&format!("cluster: {{}}\nstack:\n{items}"));
    let interpolations = format!("name: {}", "${env:X}".repeat(100_000));
    for text in [
        many_keys,
        one_line,
        anchors,
        nested,
        deep,
        deep_maps,
        indented,
        long_line,
        chain,
        interpolations,
    ] {
        try_to_load(text.as_bytes());
    }
    try_to_load(&vec![b' '; 2 << 20]);
    // Unoptimised, on a slow machine; quadratic work would take minutes.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}
