//! URLs in parts and back, after Go's `net/url`.

use super::{Function, bytes, lossy, typed};
use crate::value::{
    Map, MapKind,
    Parameter::{Map as MapParameter, String},
    Value,
};

pub(super) const FUNCTIONS: &[Function] = &[
    typed("urlParse", &[String], None, |_, v| {
        let url = parse(&lossy(&v[0])).map_err(|fault| format!("unable to parse url: {fault}"))?;
        let map = Map::new(MapKind::Any);
        for (name, text) in [
            ("scheme", &url.scheme),
            ("host", &url.host),
            ("hostname", &hostname(&url.host)),
            ("path", &url.path),
            ("query", &url.query),
            ("opaque", &url.opaque),
            ("fragment", &url.fragment),
            ("userinfo", &url.user),
        ] {
            map.set(name.as_bytes().into(), Value::string(text));
        }
        Ok(Value::Map(map))
    }),
    typed("urlJoin", &[MapParameter], None, |_, v| {
        let Value::Map(map) = &v[0] else { return Ok(Value::string("")) };
        let part = |name: &str| match map.get(name.as_bytes()) {
            None => Ok(std::string::String::new()),
            Some(value @ Value::String(_)) => {
                Ok(std::string::String::from_utf8_lossy(bytes(&value)).into_owned())
            }
            Some(other) => Err(format!(
                "unable to parse {name} key, must be of type string, but {} found",
                other.kind_name()
            )),
        };
        let user = part("userinfo")?;
        let url = Url {
            scheme: part("scheme")?,
            host: part("host")?,
            path: part("path")?,
            query: part("query")?,
            opaque: part("opaque")?,
            fragment: part("fragment")?,
            user: if user.is_empty() {
                user
            } else {
                parse(&format!("proto://{user}@host"))
                    .map_err(|fault| format!("unable to parse userinfo in dict: {fault}"))?
                    .user
            },
        };
        Ok(Value::string(url.text()))
    }),
];

#[derive(Debug, Default)]
struct Url {
    scheme: std::string::String,
    opaque: std::string::String,
    /// As it is written, not decoded.
    user: std::string::String,
    host: std::string::String,
    path: std::string::String,
    query: std::string::String,
    fragment: std::string::String,
}

type Fault = std::string::String;

fn quoted(text: &str) -> Fault {
    crate::format::quote(text.as_bytes(), '"', false)
}

/// Decodes `%41`.
fn unescape(text: &str) -> Result<std::string::String, Fault> {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = text
                .get(at + 1..at + 3)
                .filter(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let Some(digits) = digits else {
                let shown = text.get(at..(at + 3).min(text.len())).unwrap_or("%");
                return Err(format!("invalid URL escape {}", quoted(shown)));
            };
            out.push(u8::from_str_radix(digits, 16).unwrap_or(0));
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    Ok(std::string::String::from_utf8_lossy(&out).into_owned())
}

/// Encodes what a path or fragment may not hold.
fn escape(text: &str, keep: &str) -> std::string::String {
    let mut out = std::string::String::new();
    for byte in text.bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || byte.is_ascii() && keep.contains(char::from(byte));
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

const PATH: &str = "-_.~$&+,/:;=@!'()*";
const FRAGMENT: &str = "-_.~$&+,/:;=?@!'()*";

fn hostname(host: &str) -> std::string::String {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or("").to_owned();
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => host.to_owned(),
    }
}

fn scheme(text: &str) -> Result<(&str, &str), Fault> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => return Ok(("", text)),
        }
    }
    Ok(("", text))
}

fn parse(text: &str) -> Result<Url, Fault> {
    let wrong = |fault: Fault| format!("parse {}: {fault}", quoted(text));
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err(wrong("net/url: invalid control character in URL".to_owned()));
    }
    let (body, fragment) = text.split_once('#').unwrap_or((text, ""));
    let mut url = Url { fragment: unescape(fragment).map_err(wrong)?, ..Url::default() };
    if body == "*" {
        url.path = "*".to_owned();
        return Ok(url);
    }
    let (name, rest) = scheme(body).map_err(wrong)?;
    url.scheme = name.to_ascii_lowercase();
    let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    url.query = query.to_owned();
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_owned();
            return Ok(url);
        }
        let first = rest.split('/').next().unwrap_or("");
        if first.contains(':') {
            return Err(wrong("first path segment in URL cannot contain colon".to_owned()));
        }
    }
    let authority = !url.scheme.is_empty() || !rest.starts_with("///");
    if authority && let Some(after) = rest.strip_prefix("//") {
        let end = after.find('/').unwrap_or(after.len());
        let (own, path) = after.split_at(end);
        rest = path;
        let host = match own.rsplit_once('@') {
            Some((user, host)) => {
                url.user = user_text(user).map_err(wrong)?;
                host
            }
            None => own,
        };
        url.host = host_text(host).map_err(wrong)?;
    }
    url.path = unescape(rest).map_err(wrong)?;
    Ok(url)
}

fn user_text(user: &str) -> Result<std::string::String, Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !user.bytes().all(allowed) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let keep = "-_.~$&+,;=";
    Ok(match user.split_once(':') {
        Some((name, password)) => {
            format!("{}:{}", escape(&unescape(name)?, keep), escape(&unescape(password)?, keep))
        }
        None => escape(&unescape(user)?, keep),
    })
}

fn host_text(host: &str) -> Result<std::string::String, Fault> {
    let port = if let Some(inside) = host.strip_prefix('[') {
        match inside.split_once(']') {
            Some((_, port)) => port,
            None => return Err("missing ']' in host".to_owned()),
        }
    } else {
        host.find(':').map_or("", |at| &host[at..])
    };
    let digits = port.strip_prefix(':').unwrap_or("");
    if !(port.is_empty()
        || port.starts_with(':') && digits.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(format!("invalid port {} after host", quoted(port)));
    }
    if let Some(bad) = host.chars().find(|rune| " <>\"\\^`{|}".contains(*rune)) {
        return Err(format!("invalid character {} in host name", quoted(&bad.to_string())));
    }
    unescape(host)
}

impl Url {
    fn text(&self) -> std::string::String {
        let mut out = std::string::String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme);
            out.push(':');
        }
        if self.opaque.is_empty() {
            if !self.scheme.is_empty() || !self.host.is_empty() || !self.user.is_empty() {
                if !self.host.is_empty() || !self.path.is_empty() || !self.user.is_empty() {
                    out.push_str("//");
                }
                if !self.user.is_empty() {
                    out.push_str(&self.user);
                    out.push('@');
                }
                out.push_str(&escape(&self.host, "-_.~!$&'()*+,;=:[]<>\""));
            }
            let path = escape(&self.path, PATH);
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                out.push('/');
            }
            let first = path.split('/').next().unwrap_or("");
            if out.is_empty() && first.contains(':') {
                out.push_str("./");
            }
            out.push_str(&path);
        } else {
            out.push_str(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push('?');
            out.push_str(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push('#');
            out.push_str(&escape(&self.fragment, FRAGMENT));
        }
        out
    }
}
