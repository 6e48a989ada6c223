//! What a whole render shares: the templates, the budgets, the nesting of `include`.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use super::chain::Chain;
use crate::{
    environment::Environment,
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
    #[error("parse error at ({location}): {message}")]
    Parse {
        /// The template's path and line.
        location: String,
        /// Go's text.
        message: String,
    },
    /// A template failed while it ran; the text is Go's chain of template, line, column and expression.
    #[error("{0}")]
    Execute(String),
    /// A budget is used up.
    #[error("the chart spent its budget of {0}")]
    Budget(&'static str),
}

impl RenderError {
    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Parse { .. } => "correct the template at the line named",
            Self::Execute(_) => "set the values the message asks for, or correct the template",
            Self::Budget(_) => "simplify the chart, or raise the budget if you trust it",
        }
    }
}

/// Why an evaluation stopped.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// A function's own message, not yet placed.
    Message(String),
    /// A complete error chain.
    Chain(Box<Chain>),
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

/// The name Helm gives texts of `tpl`.
const TPL_NAME: &[u8] = b"gotpl";
/// How many parsed texts of `tpl` are kept.
const PARSED_LIMIT: usize = 4_096;

fn parse(file: &[u8], source: &[u8]) -> Result<Vec<Rc<Template>>, String> {
    let trees =
        template::parse(file, source, &crate::function::is_known).map_err(|fault| fault.0)?;
    let (file, source): (Text, Text) = (Rc::from(file), Rc::from(source));
    let template =
        |(name, list)| Rc::new(Template { name, file: file.clone(), source: source.clone(), list });
    Ok(trees.into_iter().map(template).collect())
}

/// One render of one chart.
pub(crate) struct Session {
    pub(crate) set: Rc<TemplateSet>,
    pub(crate) out: Vec<u8>,
    pub(crate) includes: BTreeMap<Text, usize>,
    pub(crate) depth: usize,
    pub(crate) environment: Rc<dyn Environment>,
    pub(crate) patterns: HashMap<Vec<u8>, Rc<regex::bytes::Regex>>,
    /// Texts of `tpl`, parsed.
    parsed: HashMap<Text, Rc<Vec<Rc<Template>>>>,
    budget: Budget,
    steps: u64,
    written: u64,
}

impl Session {
    pub(crate) fn new(budget: Budget, environment: Rc<dyn Environment>) -> Self {
        Self {
            set: Rc::new(TemplateSet::new()),
            out: Vec::new(),
            includes: BTreeMap::new(),
            depth: 0,
            environment,
            patterns: HashMap::new(),
            parsed: HashMap::new(),
            budget,
            steps: 0,
            written: 0,
        }
    }

    /// A session with no templates.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        let seeded =
            crate::environment::Seeded::new(crate::environment::Moment::default(), [0; 32]);
        Self::new(Budget::default(), Rc::new(seeded))
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

    /// Parses a file into the set; a whitespace-only definition does not replace another.
    pub(crate) fn add(&mut self, file: &[u8], source: &[u8]) -> Result<(), String> {
        let templates = parse(file, source)?;
        self.insert(&templates);
        Ok(())
    }

    fn insert(&mut self, templates: &[Rc<Template>]) {
        let set = Rc::make_mut(&mut self.set);
        for template in templates {
            let keeps = set.contains_key(&template.name) && template::is_empty_tree(&template.list);
            if !keeps {
                set.insert(template.name.clone(), template.clone());
            }
        }
    }

    /// Parses a text of `tpl`; its definitions join the set, which the caller restores. Gives the text's own tree.
    pub(crate) fn add_text(&mut self, source: &[u8]) -> Result<Rc<Template>, String> {
        let templates = match self.parsed.get(source) {
            Some(templates) => templates.clone(),
            None => {
                let templates = Rc::new(parse(TPL_NAME, source)?);
                if self.parsed.len() >= PARSED_LIMIT {
                    self.parsed.clear();
                }
                self.parsed.insert(source.into(), templates.clone());
                templates
            }
        };
        // Copying the set is only worth it for definitions.
        if templates.len() > 1 || source.windows(TPL_NAME.len()).any(|part| part == TPL_NAME) {
            self.insert(&templates);
        }
        let own = templates.iter().rev().find(|template| &*template.name == TPL_NAME);
        own.cloned().ok_or_else(|| "incomplete or empty template".to_owned())
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
