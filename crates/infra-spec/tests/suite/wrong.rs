//! Wrong files: each has the snapshot of its errors beside it.

use super::support::{fixture, fixtures, load_with};
use infra_spec::Severity;

#[test]
fn every_wrong_file_is_refused_with_its_snapshot() {
    let folders = fixtures("wrong");
    assert!(folders.len() >= 40, "{}", folders.len());
    for folder in folders {
        let (sources, provider) = fixture(&folder);
        let errors = load_with(&sources, provider.as_deref(), false)
            .map(|_| ())
            .expect_err(&format!("{} loads", folder.display()));
        assert!(errors.iter().any(|error| error.severity == Severity::Error));
        for error in &errors {
            assert!(!error.next_step.is_empty());
            assert!(error.line >= 1 && error.column >= 1 && error.length >= 1);
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("error", errors.render()));
    }
}

#[test]
fn errors_are_data_too() {
    let (sources, _) = fixture(&fixtures("wrong")[0]);
    let errors = load_with(&sources, None, false).map(|_| ()).unwrap_err();
    insta::assert_json_snapshot!(errors);
}
