//! What a whole render shares: the templates, the budgets, the nesting of `include`.

use std::{collections::BTreeMap, rc::Rc};

use crate::{
    template::{self, List},
    value::{Text, Value},
};

/// Bounds on what a chart may spend; beyond them the render fails instead of hanging.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Evaluated nodes over the whole render.
    pub steps: u64,
    /// Bytes written over the whole render, text dropped later included.
    pub output: u64,
    /// Nested `template`, `include` and `tpl` calls.
    pub depth: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 200_000_000, output: 1 << 30, depth: 20_000 }
    }
}

/// Why a template could not be rendered.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RenderError {
    /// A template's syntax; the text names file and line.
    #[error("parse error at ({file}): {message}; correct the template")]
    Parse {
        /// The template's path.
        file: String,
        /// Go's text.
        message: String,
    },
    /// A template failed while it ran; the text is Go's chain of template, line, column and expression.
    #[error("{0}")]
    Execute(String),
    /// A budget is used up.
    #[error("the chart spent its budget of {0}; simplify the chart or raise the budget")]
    Budget(&'static str),
}

/// Why an evaluation stopped.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// A function's own message, not yet placed.
    Message(String),
    /// A complete error chain.
    Chain(String),
    /// A budget is used up.
    Budget(&'static str),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}

/// A named tree and the file it came from.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) name: Text,
    pub(crate) file: Text,
    pub(crate) source: Text,
    pub(crate) list: List,
}

/// The templates that see each other.
pub(crate) type TemplateSet = BTreeMap<Text, Rc<Template>>;

/// One render of one chart.
pub(crate) struct Session {
    pub(crate) set: Rc<TemplateSet>,
    pub(crate) out: Vec<u8>,
    pub(crate) includes: BTreeMap<Text, usize>,
    pub(crate) depth: usize,
    /// The file being rendered; `tpl` names its text after it.
    pub(crate) current: Text,
    budget: Budget,
    steps: u64,
    written: u64,
}

impl Session {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            set: Rc::new(TemplateSet::new()),
            out: Vec::new(),
            includes: BTreeMap::new(),
            depth: 0,
            current: Rc::from(&b"gotpl"[..]),
            budget,
            steps: 0,
            written: 0,
        }
    }

    pub(crate) fn step(&mut self) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > self.budget.steps { Err(Failure::Budget("steps")) } else { Ok(()) }
    }

    pub(crate) fn write(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.spend(text.len())?;
        self.out.extend_from_slice(text);
        Ok(())
    }

    /// Counts bytes that are about to be made.
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), Failure> {
        self.written = self.written.saturating_add(bytes as u64);
        if self.written > self.budget.output { Err(Failure::Budget("output")) } else { Ok(()) }
    }

    /// Parses a file into the set and gives its own template; a whitespace-only definition does not replace another.
    pub(crate) fn add(&mut self, file: &[u8], source: &[u8]) -> Result<Rc<Template>, String> {
        let trees =
            template::parse(file, source, &crate::function::is_known).map_err(|fault| fault.0)?;
        let (file, source): (Text, Text) = (Rc::from(file), Rc::from(source));
        let set = Rc::make_mut(&mut self.set);
        let mut own = None;
        for (name, list) in trees {
            let keeps = set.contains_key(&name) && template::is_empty_tree(&list);
            let (file, source) = (file.clone(), source.clone());
            let template = Rc::new(Template { name: name.clone(), file, source, list });
            if template.name == template.file {
                own = Some(template.clone());
            }
            if !keeps {
                set.insert(name, template);
            }
        }
        own.ok_or_else(|| "incomplete or empty template".to_owned())
    }

    /// Runs a template with its own output and gives it back.
    pub(crate) fn execute(&mut self, name: &[u8], dot: Value) -> Result<Vec<u8>, Failure> {
        let Some(template) = self.set.get(name).cloned() else {
            let shown = crate::format::quote(name, '"', false);
            return Err(Failure::Message(format!(
                "template: no template {shown} associated with template \"gotpl\""
            )));
        };
        self.execute_template(&template, dot)
    }

    /// The same for a template that the set may know in another version.
    pub(crate) fn execute_template(
        &mut self,
        template: &Rc<Template>,
        dot: Value,
    ) -> Result<Vec<u8>, Failure> {
        let before = std::mem::take(&mut self.out);
        let outcome = super::walk::run(self, template, super::evaluate::Operand::plain(dot));
        let written = std::mem::replace(&mut self.out, before);
        outcome.map(|()| written)
    }

    /// Enters a nested template call.
    pub(crate) fn nested<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.depth >= self.budget.depth {
            return Err(Failure::Budget("depth"));
        }
        self.depth += 1;
        let outcome = stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || work(self));
        self.depth -= 1;
        outcome
    }
}
