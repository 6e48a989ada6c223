//! Label selectors of queries and of objects.

use serde_json::{Map, Value};

use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::machinery::validate::{label_value, qualified};

/// A parsed label selector: requirements that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    Missing,
    Greater,
    Less,
}

impl LabelSelector {
    /// From the text of a query (`a=b,c in (d,e),!f`).
    ///
    /// # Errors
    /// 400 with the parser's text.
    pub fn parse(text: &str) -> Result<Self, Status> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        let requirements = parser.requirements().map_err(|error| {
            Status::bad_request(format!("unable to parse requirement: {error}"))
        })?;
        Ok(Self { requirements })
    }

    /// From `metav1.LabelSelector` (`matchLabels`, `matchExpressions`); an empty one matches all.
    pub fn from_object(selector: &Value) -> Self {
        let mut requirements = Vec::new();
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            requirements.push(Requirement {
                key: key.clone(),
                operator: Operator::In,
                values: vec![value.as_str().unwrap_or_default().to_owned()],
            });
        }
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            let operator = match expression["operator"].as_str().unwrap_or_default() {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                _ => Operator::Missing,
            };
            let values = expression["values"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect();
            let key = expression["key"].as_str().unwrap_or_default().to_owned();
            requirements.push(Requirement { key, operator, values });
        }
        Self { requirements }
    }

    /// From a map of labels, as services have it.
    pub fn from_map(labels: &Value) -> Self {
        Self::from_object(&serde_json::json!({ "matchLabels": labels }))
    }

    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether the labels of an object (`metadata.labels`) match.
    pub fn matches(&self, object: &Value) -> bool {
        let labels = object["metadata"]["labels"].as_object();
        self.requirements.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = labels.and_then(|labels| labels.get(&self.key)).and_then(Value::as_str);
        let listed = || value.is_some_and(|value| self.values.iter().any(|own| own == value));
        let number = |text: &str| text.parse::<i64>().ok();
        let compared = || {
            let own = number(value?)?;
            Some(own.cmp(&number(self.values.first()?)?))
        };
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => value.is_some(),
            Operator::Missing => value.is_none(),
            Operator::Greater => compared().is_some_and(std::cmp::Ordering::is_gt),
            Operator::Less => compared().is_some_and(std::cmp::Ordering::is_lt),
        }
    }
}

/// Words and symbols of a selector.
fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_whitespace() || "=!(),<>".contains(c) {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
            if c.is_whitespace() {
                continue;
            }
            let mut symbol = c.to_string();
            if (c == '!' || c == '=') && chars.peek() == Some(&'=') {
                symbol.extend(chars.next());
            }
            out.push(symbol);
        } else {
            word.push(c);
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> String {
        let token = self.tokens.get(self.at).cloned().unwrap_or_default();
        self.at += 1;
        token
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn requirements(&mut self) -> Result<Vec<Requirement>, String> {
        let mut out = Vec::new();
        while self.at < self.tokens.len() {
            out.push(self.requirement()?);
            match self.next().as_str() {
                "" => break,
                "," if self.at >= self.tokens.len() => {
                    return Err("found '', expected: identifier after ','".into());
                }
                "," => {}
                other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
            }
        }
        Ok(out)
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let missing = self.peek() == "!";
        if missing {
            self.next();
        }
        let key = self.next();
        if key.is_empty() || "=!(),<>".contains(&key[..1]) {
            return Err(format!("found '{key}', expected: !, identifier, or 'end of string'"));
        }
        if let Some(error) = qualified(&key).first() {
            return Err(format!("<nil>: Invalid value: {key:?}: {error}"));
        }
        if missing {
            return Ok(Requirement { key, operator: Operator::Missing, values: Vec::new() });
        }
        if matches!(self.peek(), "" | ",") {
            return Ok(Requirement { key, operator: Operator::Exists, values: Vec::new() });
        }
        let operator = self.next();
        let (operator, values) = match operator.as_str() {
            "=" | "==" => (Operator::In, vec![self.exact()?]),
            "!=" => (Operator::NotIn, vec![self.exact()?]),
            ">" => (Operator::Greater, vec![self.number()?]),
            "<" => (Operator::Less, vec![self.number()?]),
            "in" => (Operator::In, self.set()?),
            "notin" => (Operator::NotIn, self.set()?),
            other => {
                return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt"));
            }
        };
        for value in &values {
            if let Some(error) = label_value(value).first() {
                return Err(format!("values[0][{key}]: Invalid value: {value:?}: {error}"));
            }
        }
        Ok(Requirement { key, operator, values })
    }

    fn exact(&mut self) -> Result<String, String> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            token if "=!()<>".contains(&token[..1]) => {
                Err(format!("found '{token}', expected: identifier"))
            }
            _ => Ok(self.next()),
        }
    }

    fn number(&mut self) -> Result<String, String> {
        let value = self.exact()?;
        if value.parse::<i64>().is_err() {
            return Err("for 'Gt', 'Lt' operators, the value must be an integer".into());
        }
        Ok(value)
    }

    fn set(&mut self) -> Result<Vec<String>, String> {
        let open = self.next();
        if open != "(" {
            return Err(format!("found '{open}' expected: '('"));
        }
        let mut values = vec![String::new()];
        loop {
            match self.next().as_str() {
                ")" => return Ok(values),
                "," => values.push(String::new()),
                "" => return Err("found '', expected: ',' or ')'".into()),
                word if "=!(<>".contains(&word[..1]) => {
                    return Err(format!("found '{word}', expected: ',', ')' or identifier"));
                }
                word => {
                    if let Some(last) = values.last_mut() {
                        if !last.is_empty() {
                            return Err(format!("found '{word}', expected: ',' or ')'"));
                        }
                        word.clone_into(last);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::LabelSelector;

    #[test]
    fn parses_and_matches() {
        let object =
            json!({ "metadata": { "labels": { "tier": "front", "n": "3", "empty": "" } } });
        for (text, expected) in [
            ("", true),
            ("tier", true),
            ("!tier", false),
            ("!other", true),
            ("tier=front,n==3", true),
            ("tier!=front", false),
            ("other!=x", true),
            ("tier in (back, front)", true),
            ("tier notin (back,front)", false),
            ("other notin (a)", true),
            ("n>2,n<4", true),
            ("n>3", false),
            ("empty=", true),
        ] {
            let selector = LabelSelector::parse(text).unwrap();
            assert_eq!(selector.matches(&object), expected, "{text}");
        }
        for bad in ["a===b", "in in in", "a in b", "a in (b", "a b", "=b", "a=b,", "a>b", "-a=b"] {
            assert_eq!(LabelSelector::parse(bad).unwrap_err().code, 400, "{bad}");
        }
    }
}
