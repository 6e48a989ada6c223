//! What `Chart.yaml` says, and whether that is valid.

use std::collections::BTreeMap;

use super::decode::{Place, field};
use crate::{
    format::is_print,
    value::{Data, Map, MapKind, Value},
    version::Version,
};

/// A person who keeps a chart.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of Chart.yaml")]
pub struct Maintainer {
    pub name: String,
    pub email: String,
    pub url: String,
}

/// A chart that a chart needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The name in its own `Chart.yaml`; the alias, when it has one, after dependencies are processed.
    pub name: String,
    /// A constraint on its version.
    pub version: String,
    /// Where it is fetched from.
    pub repository: String,
    /// Paths into the values, separated by commas; the first that holds a boolean decides.
    pub condition: String,
    /// Words of the values' `tags` that switch it.
    pub tags: Vec<String>,
    /// Whether it is used.
    pub enabled: bool,
    /// What the parent takes over from its values: texts, or maps with `child` and `parent`.
    pub import_values: Vec<Data>,
    /// The name it goes by here.
    pub alias: String,
}

/// The content of `Chart.yaml`.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs, reason = "the fields of Chart.yaml")]
pub struct Metadata {
    pub name: String,
    pub home: String,
    pub sources: Vec<String>,
    pub version: String,
    pub description: String,
    pub keywords: Vec<String>,
    pub maintainers: Vec<Maintainer>,
    pub icon: String,
    pub api_version: String,
    pub condition: String,
    pub tags: String,
    pub app_version: String,
    pub deprecated: bool,
    /// Nothing when the file has none, which templates can tell from an empty map.
    pub annotations: Option<BTreeMap<String, String>>,
    pub kube_version: String,
    pub dependencies: Vec<Dependency>,
    pub kind: String,
    missing_maintainer: bool,
    missing_dependency: bool,
}

type Fields = BTreeMap<Vec<u8>, Data>;

fn text(fields: &Fields, structure: &str, name: &str, into: &mut String) -> Result<(), String> {
    match field(fields, name) {
        Some(Data::Null) | None => Ok(()),
        Some(data) => {
            *into = Place { structure, field: name }.text(data)?;
            Ok(())
        }
    }
}

fn maintainer(data: &Data) -> Result<Maintainer, String> {
    let Data::Map(fields) = data else {
        return Place { structure: "Metadata", field: "maintainers" }.refuse(data, "v2.Maintainer");
    };
    let mut own = Maintainer::default();
    text(fields, "Maintainer", "name", &mut own.name)?;
    text(fields, "Maintainer", "email", &mut own.email)?;
    text(fields, "Maintainer", "url", &mut own.url)?;
    Ok(own)
}

fn dependency(data: &Data) -> Result<Dependency, String> {
    let Data::Map(fields) = data else {
        return Place { structure: "Metadata", field: "dependencies" }
            .refuse(data, "v2.Dependency");
    };
    let mut own = Dependency::default();
    let place = |field| Place { structure: "Dependency", field };
    text(fields, "Dependency", "name", &mut own.name)?;
    text(fields, "Dependency", "version", &mut own.version)?;
    text(fields, "Dependency", "repository", &mut own.repository)?;
    text(fields, "Dependency", "condition", &mut own.condition)?;
    text(fields, "Dependency", "alias", &mut own.alias)?;
    if let Some(data) = field(fields, "tags") {
        own.tags = place("tags").texts(data)?;
    }
    if let Some(data) = field(fields, "enabled") {
        own.enabled = place("enabled").bool(data)?;
    }
    if let Some(data) = field(fields, "import-values") {
        own.import_values =
            place("import-values").list(data, "[]interface {}", |item| Ok(item.clone()))?;
    }
    Ok(own)
}

impl Metadata {
    /// Adds what a document says; later documents add to earlier ones.
    pub(super) fn fill(&mut self, data: &Data) -> Result<(), String> {
        let fields = match data {
            Data::Null => return Ok(()),
            Data::Map(fields) => fields,
            other => {
                let kind = match other {
                    Data::List(_) => "array",
                    Data::String(_) => "string",
                    Data::Bool(_) => "bool",
                    _ => "number",
                };
                return Err(format!(
                    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {kind} into Go value of \
                     type v2.Metadata"
                ));
            }
        };
        for (name, into) in [
            ("name", &mut self.name),
            ("home", &mut self.home),
            ("version", &mut self.version),
            ("description", &mut self.description),
            ("icon", &mut self.icon),
            ("apiVersion", &mut self.api_version),
            ("condition", &mut self.condition),
            ("tags", &mut self.tags),
            ("appVersion", &mut self.app_version),
            ("kubeVersion", &mut self.kube_version),
            ("type", &mut self.kind),
        ] {
            text(fields, "Metadata", name, into)?;
        }
        let place = |field| Place { structure: "Metadata", field };
        if let Some(data) = field(fields, "sources") {
            self.sources = place("sources").texts(data)?;
        }
        if let Some(data) = field(fields, "keywords") {
            self.keywords = place("keywords").texts(data)?;
        }
        if let Some(data) = field(fields, "deprecated") {
            self.deprecated = place("deprecated").bool(data)?;
        }
        if let Some(data) = field(fields, "annotations") {
            self.annotations = place("annotations").map(data)?;
        }
        if let Some(data) = field(fields, "maintainers") {
            self.missing_maintainer = has_null(data);
            self.maintainers =
                place("maintainers").list(&without_null(data), "[]*v2.Maintainer", maintainer)?;
        }
        if let Some(data) = field(fields, "dependencies") {
            self.missing_dependency = has_null(data);
            self.dependencies =
                place("dependencies").list(&without_null(data), "[]*v2.Dependency", dependency)?;
        }
        Ok(())
    }

    /// Cleans all texts and checks what Helm checks.
    pub(super) fn validate(&mut self) -> Result<(), String> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ]
        .into_iter()
        .chain(&mut self.sources)
        .chain(&mut self.keywords)
        {
            *text = sanitised(text);
        }
        let invalid = |message: String| Err(format!("validation: {message}"));
        let quoted = |text: &str| crate::format::quote(text.as_bytes(), '"', false);
        if self.api_version.is_empty() {
            return invalid("chart.metadata.apiVersion is required".to_owned());
        }
        if self.name.is_empty() {
            return invalid("chart.metadata.name is required".to_owned());
        }
        if self.name == "." || self.name == ".." {
            return invalid(format!("chart.metadata.name {} is not allowed", quoted(&self.name)));
        }
        if self.name.contains('/') {
            return invalid(format!("chart.metadata.name {} is invalid", quoted(&self.name)));
        }
        if self.version.is_empty() {
            return invalid("chart.metadata.version is required".to_owned());
        }
        if Version::parse(&self.version).is_err() {
            return invalid(format!("chart.metadata.version {} is invalid", quoted(&self.version)));
        }
        if !matches!(self.kind.as_str(), "" | "application" | "library") {
            return invalid("chart.metadata.type must be application or library".to_owned());
        }
        if self.missing_maintainer {
            return invalid("maintainers must not contain empty or null nodes".to_owned());
        }
        for own in &mut self.maintainers {
            for text in [&mut own.name, &mut own.email, &mut own.url] {
                *text = sanitised(text);
            }
        }
        self.validate_dependencies()
    }

    fn validate_dependencies(&mut self) -> Result<(), String> {
        let invalid = |message: String| Err(format!("validation: {message}"));
        let quoted = |text: &str| crate::format::quote(text.as_bytes(), '"', false);
        let mut names = Vec::new();
        for own in &mut self.dependencies {
            for text in [&mut own.name, &mut own.version, &mut own.repository, &mut own.condition]
                .into_iter()
                .chain(&mut own.tags)
            {
                *text = sanitised(text);
            }
            let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            if !own.alias.bytes().all(word) {
                let name = quoted(&own.name);
                return invalid(format!(
                    "dependency {name} has disallowed characters in the alias"
                ));
            }
            let key = if own.alias.is_empty() { &own.name } else { &own.alias };
            if names.contains(key) {
                let key = quoted(key);
                return invalid(format!("more than one dependency with name or alias {key}"));
            }
            names.push(key.clone());
        }
        if self.missing_dependency {
            return invalid("dependencies must not contain empty or null nodes".to_owned());
        }
        Ok(())
    }

    /// Whether the chart is a library, of which only parts are rendered.
    pub fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }

    /// `.Chart` as templates see it: Go's field names.
    pub(crate) fn value(&self, is_root: bool) -> Value {
        let map = Map::new(MapKind::Any);
        let set = |name: &str, value: Value| map.set(name.as_bytes().into(), value);
        for (name, text) in [
            ("Name", &self.name),
            ("Home", &self.home),
            ("Version", &self.version),
            ("Description", &self.description),
            ("Icon", &self.icon),
            ("APIVersion", &self.api_version),
            ("Condition", &self.condition),
            ("Tags", &self.tags),
            ("AppVersion", &self.app_version),
            ("KubeVersion", &self.kube_version),
            ("Type", &self.kind),
        ] {
            set(name, Value::string(text));
        }
        set("Sources", texts(&self.sources));
        set("Keywords", texts(&self.keywords));
        set("Deprecated", Value::Bool(self.deprecated));
        set("IsRoot", Value::Bool(is_root));
        let kind = if self.annotations.is_some() { MapKind::Strings } else { MapKind::NilStrings };
        let annotations = Map::new(kind);
        for (key, text) in self.annotations.iter().flatten() {
            annotations.set(key.as_bytes().into(), Value::string(text));
        }
        set("Annotations", Value::Map(annotations));
        set("Maintainers", Value::list(self.maintainers.iter().map(Maintainer::value).collect()));
        set("Dependencies", Value::list(self.dependencies.iter().map(Dependency::value).collect()));
        Value::Map(map)
    }
}

fn texts(texts: &[String]) -> Value {
    Value::list(texts.iter().map(Value::string).collect())
}

fn record(fields: Vec<(&str, Value)>) -> Value {
    let map = Map::new(MapKind::Any);
    for (name, value) in fields {
        map.set(name.as_bytes().into(), value);
    }
    Value::Map(map)
}

impl Maintainer {
    fn value(&self) -> Value {
        record(vec![
            ("Name", Value::string(&self.name)),
            ("Email", Value::string(&self.email)),
            ("URL", Value::string(&self.url)),
        ])
    }
}

impl Dependency {
    fn value(&self) -> Value {
        record(vec![
            ("Name", Value::string(&self.name)),
            ("Version", Value::string(&self.version)),
            ("Repository", Value::string(&self.repository)),
            ("Condition", Value::string(&self.condition)),
            ("Tags", texts(&self.tags)),
            ("Enabled", Value::Bool(self.enabled)),
            ("ImportValues", Value::list(self.import_values.iter().map(Value::from).collect())),
            ("Alias", Value::string(&self.alias)),
        ])
    }
}

fn has_null(data: &Data) -> bool {
    matches!(data, Data::List(items) if items.iter().any(Data::is_null))
}

fn without_null(data: &Data) -> Data {
    match data {
        Data::List(items) => {
            Data::List(items.iter().filter(|item| !item.is_null()).cloned().collect())
        }
        other => other.clone(),
    }
}

/// White space becomes a space; what cannot be printed goes.
fn sanitised(text: &str) -> String {
    text.chars()
        .filter_map(
            |rune| {
                if rune.is_whitespace() { Some(' ') } else { is_print(rune).then_some(rune) }
            },
        )
        .collect()
}
