//! What went wrong or is worth knowing, with causes and next steps.

use infra_event::{Diagnostic, NextStep, Severity};

use crate::markup::Markup;
use crate::model::RunModel;

/// The section; nothing when there is no diagnostic.
pub(super) fn section(model: &RunModel) -> Markup {
    let mut page = Markup::new();
    if model.diagnostics.is_empty() {
        return page;
    }
    page.raw("<section id=\"diagnostics\" aria-labelledby=\"diagnostics-title\">\n");
    page.raw("<h2 id=\"diagnostics-title\">Diagnostics</h2>\n");
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        for diagnostic in model.diagnostics_of(severity) {
            one(&mut page, diagnostic);
        }
    }
    page.raw("</section>\n");
    page
}

fn one(page: &mut Markup, diagnostic: &Diagnostic) {
    let (class, word) = match diagnostic.severity {
        Severity::Error => ("bad", "error"),
        Severity::Warning => ("warn", "warning"),
        Severity::Note => ("note", "note"),
    };
    page.raw("<article class=\"diagnostic ").raw(class).raw("\">\n<h3><span class=\"code\">");
    page.raw(word).raw("[").text(&diagnostic.code).raw("]</span> ");
    page.text(&diagnostic.summary).raw("</h3>\n");
    if let Some(address) = &diagnostic.address {
        page.raw("<p class=\"about\"><code>").text(address).raw("</code></p>\n");
    }
    if let Some(location) = &diagnostic.location {
        page.raw("<p class=\"about\">").text(&location.file).raw(":").integer(location.line);
        page.raw(":").integer(location.column).raw("</p>\n");
        if let Some(text) = &location.text {
            page.raw("<pre>").text(text).raw("</pre>\n");
        }
    }
    for paragraph in diagnostic.detail.iter().flat_map(|detail| detail.lines()) {
        page.raw("<p>").text(paragraph).raw("</p>\n");
    }
    if !diagnostic.causes.is_empty() {
        page.raw("<p class=\"label\">Caused by</p>\n<ol class=\"causes\">\n");
        for cause in &diagnostic.causes {
            page.raw("<li>").text(cause).raw("</li>\n");
        }
        page.raw("</ol>\n");
    }
    if !diagnostic.next_steps.is_empty() {
        page.raw("<p class=\"label\">What to do</p>\n<ul class=\"next\">\n");
        for step in &diagnostic.next_steps {
            page.raw("<li>");
            match step {
                NextStep::Run { command } => {
                    page.raw("run <code>").text(command).raw("</code>");
                }
                other => {
                    page.text(other.to_string());
                }
            }
            page.raw("</li>\n");
        }
        page.raw("</ul>\n");
    }
    page.raw("</article>\n");
}
