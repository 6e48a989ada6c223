//! Helm's own: `include`, `tpl`, `required`.

use super::{Function, Outcome, any, bytes, lossy, typed};
use crate::{
    exec::{Failure, Session, warning},
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
        if missing { Err(warning(&lossy(&v[0])).into()) } else { Ok(v[1].clone()) }
    }),
    any("fail", &[String], None, |_, v| Err(warning(&lossy(&v[0])).into())),
    typed("lookup", &[String, String, String, String], None, |session, v| {
        let [version, kind, namespace, name] = [0, 1, 2, 3].map(|index| lossy(&v[index]));
        let found = session.environment.lookup(&version, &kind, &namespace, &name)?;
        Ok(Value::from(&found))
    }),
    typed("getHostByName", &[String], None, |session, v| {
        Ok(Value::string(session.environment.host(&lossy(&v[0]))))
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
    let source = bytes(&values[0]);
    let shown = || crate::format::quote(source, '"', false);
    let outcome = match session.add_text(source) {
        Ok(template) => session
            .nested(|session| session.execute_template(&template, values[1].clone()))
            .map_err(|failure| match failure {
                Failure::Message(text) => failed(&shown(), &text),
                Failure::Chain(chain) => failed(&shown(), &chain.text),
                budget => budget,
            }),
        Err(message) => {
            Err(Failure::Message(format!("cannot parse template {}: {message}", shown())))
        }
    };
    session.set = outer;
    let text = outcome?;
    Ok(Value::string(without_no_value(&text)))
}

fn failed(source: &str, text: &str) -> Failure {
    Failure::Message(format!("error during tpl function execution for {source}: {text}"))
}

/// Helm drops the mark of missing values from a finished text.
pub(crate) fn without_no_value(text: &[u8]) -> Vec<u8> {
    super::text::split_list(text, b"<no value>").concat()
}
