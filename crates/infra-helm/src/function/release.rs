//! Helm's own: `include`, `tpl`, `required`.

use super::{Function, Outcome, any, bytes, lossy, typed};
use crate::{
    exec::{Failure, Session},
    value::{
        Parameter::{Any, String},
        Text, Value,
    },
};

/// How often one name may be included inside itself, as in Helm.
const RECURSION_LIMIT: usize = 1_000;

pub(super) const FUNCTIONS: &[Function] = &[
    typed("include", &[String, Any], None, include),
    typed("tpl", &[String, Any], None, tpl),
    any("required", &[String, Any], None, |_, v| {
        let missing = match &v[1] {
            Value::Nil => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if missing { Err(lossy(&v[0]).into_owned().into()) } else { Ok(v[1].clone()) }
    }),
];

fn include(session: &mut Session, values: &[Value]) -> Outcome {
    let name: Text = bytes(&values[0]).into();
    let count = session.includes.get(&name).copied().unwrap_or(0);
    if count > RECURSION_LIMIT {
        let shown = std::string::String::from_utf8_lossy(&name).into_owned();
        return Err(format!(
            "rendering template has a nested reference name: {shown}: unable to execute template"
        )
        .into());
    }
    session.includes.insert(name.clone(), count + 1);
    let outcome = session.nested(|session| session.execute(&name, values[1].clone()));
    session.includes.insert(name, count);
    outcome.map(Value::string)
}

fn tpl(session: &mut Session, values: &[Value]) -> Outcome {
    let outer = session.set.clone();
    let name = session.current.clone();
    let source = bytes(&values[0]).to_vec();
    let outcome = match session.add(&name, &source) {
        Ok(template) => {
            session.nested(|session| session.execute_template(&template, values[1].clone()))
        }
        Err(message) => {
            let shown = crate::format::quote(&source, '"', false);
            Err(Failure::Message(format!("cannot parse template {shown}: {message}")))
        }
    };
    session.set = outer;
    let text = outcome?;
    Ok(Value::string(without_no_value(&text)))
}

/// Helm drops the mark of missing values from a finished text.
pub(crate) fn without_no_value(text: &[u8]) -> Vec<u8> {
    super::text::split_list(text, b"<no value>").concat()
}
