//! `fmt.Sprintf`: verbs, flags, width, precision, argument indexes and the marks of wrong use.

use super::{
    DEPTH_LIMIT, SIZE_LIMIT,
    number::{
        float_binary, float_exponent, float_fixed, float_general, float_hexadecimal, float_shortest,
    },
    print::{display, integer, write_value},
    quote::{decode_rune, quote},
};
use crate::value::{IntegerKind, Value};

/// Widths beyond this are refused, as in Go.
const WIDTH_LIMIT: i64 = 1_000_000;

#[derive(Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    /// `%+v`: structs show the names of their fields.
    names: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    go_syntax: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Formatter<'a> {
    format: &'a [u8],
    at: usize,
    arguments: &'a [Value],
    next: usize,
    reordered: bool,
    good_index: bool,
    out: Vec<u8>,
}

/// `fmt.Sprintf`; never fails, wrong use shows as `%!verb(...)`.
pub(crate) fn sprintf(format: &[u8], arguments: &[Value]) -> Vec<u8> {
    let mut formatter = Formatter {
        format,
        at: 0,
        arguments,
        next: 0,
        reordered: false,
        good_index: true,
        out: Vec::new(),
    };
    formatter.run();
    formatter.out
}

impl Formatter<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn run(&mut self) {
        while self.at < self.format.len() {
            if self.format[self.at] != b'%' {
                self.out.push(self.format[self.at]);
                self.at += 1;
                continue;
            }
            self.at += 1;
            self.directive();
        }
        if !self.reordered && self.next < self.arguments.len() {
            self.out.extend_from_slice(b"%!(EXTRA ");
            for (index, value) in self.arguments[self.next..].iter().enumerate() {
                if index > 0 {
                    self.out.extend_from_slice(b", ");
                }
                if value.is_nil() {
                    self.out.extend_from_slice(b"<nil>");
                } else {
                    self.out.extend_from_slice(value.type_name().as_bytes());
                    self.out.push(b'=');
                    write_value(&mut self.out, value, 0);
                }
            }
            self.out.push(b')');
        }
    }

    fn directive(&mut self) {
        let mut flags = self.flags();
        let mut after_index = self.argument_index();
        self.width(&mut flags, &mut after_index);
        self.precision(&mut flags, &mut after_index);
        if !after_index {
            self.argument_index();
        }
        if self.at >= self.format.len() {
            self.out.extend_from_slice(b"%!(NOVERB)");
            return;
        }
        let (rune, length) = decode_rune(&self.format[self.at..]);
        self.at += length;
        let verb = rune.unwrap_or('\u{fffd}');
        if verb == '%' {
            self.out.push(b'%');
        } else if !self.good_index {
            self.mark(verb, b"(BADINDEX)");
        } else if self.next >= self.arguments.len() {
            self.mark(verb, b"(MISSING)");
        } else {
            let value = self.arguments[self.next].clone();
            self.next += 1;
            if verb == 'v' {
                flags.go_syntax = std::mem::take(&mut flags.sharp);
                flags.names = std::mem::take(&mut flags.plus);
            }
            print_argument(&mut self.out, &value, verb, flags, 0);
        }
        self.good_index = true;
    }

    fn mark(&mut self, verb: char, text: &[u8]) {
        self.out.extend_from_slice(format!("%!{verb}").as_bytes());
        self.out.extend_from_slice(text);
    }

    fn flags(&mut self) -> Flags {
        let mut flags = Flags::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        flags
    }

    fn width(&mut self, flags: &mut Flags, after_index: &mut bool) {
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.star() {
                Some(width) => {
                    flags.minus |= width < 0;
                    flags.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => self.out.extend_from_slice(b"%!(BADWIDTH)"),
            }
            *after_index = false;
        } else if let Some(width) = self.number() {
            flags.width = Some(width);
            if *after_index {
                self.good_index = false;
            }
        }
    }

    fn precision(&mut self, flags: &mut Flags, after_index: &mut bool) {
        if self.peek() != Some(b'.') {
            return;
        }
        self.at += 1;
        if *after_index {
            self.good_index = false;
        }
        *after_index = self.argument_index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.star() {
                Some(precision) => flags.precision = usize::try_from(precision).ok(),
                None => self.out.extend_from_slice(b"%!(BADPREC)"),
            }
            *after_index = false;
        } else {
            flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    fn star(&mut self) -> Option<i64> {
        let value = self.arguments.get(self.next);
        self.next += usize::from(value.is_some());
        match value {
            Some(Value::Integer(_, width)) if width.abs() <= WIDTH_LIMIT => Some(*width),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<usize> {
        let mut value = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let next = value.unwrap_or(0) * 10 + i64::from(digit - b'0');
            if next > WIDTH_LIMIT {
                return None;
            }
            value = Some(next);
            self.at += 1;
        }
        value.and_then(|value| usize::try_from(value).ok())
    }

    fn argument_index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let Some(close) = self.format[self.at..].iter().position(|byte| *byte == b']') else {
            self.good_index = false;
            self.at += 1;
            return false;
        };
        let text = &self.format[self.at + 1..self.at + close];
        self.at += close + 1;
        let index = std::str::from_utf8(text).ok().and_then(|text| text.parse::<usize>().ok());
        match index {
            Some(index) if index >= 1 && index <= self.arguments.len() => {
                self.next = index - 1;
                true
            }
            _ => {
                self.good_index = false;
                index.is_some()
            }
        }
    }
}

fn pad(out: &mut Vec<u8>, text: &[u8], flags: Flags, zero: bool) {
    let count = String::from_utf8_lossy(text).chars().count();
    let fill = flags.width.unwrap_or(0).saturating_sub(count);
    if flags.minus {
        out.extend_from_slice(text);
        out.extend(std::iter::repeat_n(b' ', fill));
    } else {
        out.extend(std::iter::repeat_n(if zero { b'0' } else { b' ' }, fill));
        out.extend_from_slice(text);
    }
}

fn bad_verb(out: &mut Vec<u8>, value: &Value, verb: char, flags: Flags) {
    out.extend_from_slice(format!("%!{verb}(").as_bytes());
    if value.is_nil() {
        out.extend_from_slice(b"<nil>");
    } else {
        out.extend_from_slice(value.type_name().as_bytes());
        out.push(b'=');
        print_argument(out, value, 'v', flags, 0);
    }
    out.push(b')');
}

fn print_argument(out: &mut Vec<u8>, value: &Value, verb: char, flags: Flags, depth: usize) {
    if depth > DEPTH_LIMIT || out.len() > SIZE_LIMIT {
        return;
    }
    match (verb, value) {
        ('T', _) => return pad(out, value.type_name().as_bytes(), flags, false),
        ('v', Value::Nil) if depth == 0 => return pad(out, b"<nil>", flags, false),
        (_, Value::Nil) => {
            if depth > 0 {
                return out.extend_from_slice(b"<nil>");
            }
            return bad_verb(out, value, verb, flags);
        }
        ('v', _) if flags.go_syntax => {
            return pad(out, go_syntax(value, 0).as_bytes(), flags, false);
        }
        _ => {}
    }
    match value {
        Value::Nil => {}
        Value::Bool(truth) => match verb {
            't' | 'v' => pad(out, truth.to_string().as_bytes(), flags, flags.zero),
            _ => bad_verb(out, value, verb, flags),
        },
        Value::Integer(IntegerKind::Duration, _) if matches!(verb, 'v' | 's') => {
            pad(out, &display(value), flags, false);
        }
        Value::Integer(kind, number) => print_integer(out, value, *kind, *number, verb, flags),
        Value::Float(number) => print_float(out, *number, value, verb, flags),
        Value::String(text) => print_text(out, text, value, verb, flags),
        Value::Bytes(text) if matches!(verb, 's' | 'q' | 'x' | 'X') => {
            print_text(out, text, value, verb, flags);
        }
        Value::Bytes(text) => {
            let items: Vec<_> = text
                .iter()
                .map(|byte| Value::Integer(IntegerKind::Uint8, i64::from(*byte)))
                .collect();
            print_list(out, &items, verb, flags, depth);
        }
        Value::List(list) => print_list(out, &list.items, verb, flags, depth),
        Value::Map(map) => {
            let entries = map.snapshot();
            out.extend_from_slice(b"map[");
            for (index, (key, item)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(b' ');
                }
                print_argument(out, &Value::String(key.clone()), verb, flags, depth + 1);
                out.push(b':');
                print_argument(out, item, verb, flags, depth + 1);
            }
            out.push(b']');
        }
        Value::Object(object) => print_object(out, &**object, value, verb, flags, depth),
    }
}

fn print_object(
    out: &mut Vec<u8>,
    object: &dyn crate::value::Object,
    value: &Value,
    verb: char,
    flags: Flags,
    depth: usize,
) {
    match object.text() {
        Some(text) if matches!(verb, 'v' | 's' | 'q' | 'x' | 'X') => {
            print_text(out, &text, value, verb, flags);
        }
        _ if flags.names && object.entries().is_none() => {
            let fields = object.shown_fields();
            let parts: Vec<Vec<u8>> = fields
                .iter()
                .map(|(name, item)| {
                    let mut part = format!("{name}:").into_bytes();
                    print_argument(&mut part, item, verb, flags, depth + 1);
                    part
                })
                .collect();
            let pointer: &[u8] = if object.kind_name() == "ptr" && depth == 0 { b"&" } else { b"" };
            pad(out, &[pointer, b"{", &parts.join(&b' '), b"}"].concat(), flags, false);
        }
        _ => pad(out, &display(value), flags, false),
    }
}

fn print_list(out: &mut Vec<u8>, items: &[Value], verb: char, flags: Flags, depth: usize) {
    out.push(b'[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        print_argument(out, item, verb, flags, depth + 1);
    }
    out.push(b']');
}

fn print_text(out: &mut Vec<u8>, text: &[u8], value: &Value, verb: char, flags: Flags) {
    let cut: &[u8] = match flags.precision {
        Some(precision) if !matches!(verb, 'x' | 'X') => {
            let mut end = 0;
            for _ in 0..precision {
                if end >= text.len() {
                    break;
                }
                end += decode_rune(&text[end..]).1;
            }
            &text[..end]
        }
        Some(precision) => &text[..precision.min(text.len())],
        None => text,
    };
    match verb {
        'v' | 's' => pad(out, cut, flags, flags.zero),
        'q' if flags.sharp
            && !cut
                .iter()
                .any(|byte| *byte == b'`' || *byte == 0x7f || *byte < b' ' && *byte != b'\t')
            && std::str::from_utf8(cut).is_ok() =>
        {
            pad(out, &[b"`", cut, b"`"].concat(), flags, flags.zero);
        }
        'q' => pad(out, quote(cut, '"', flags.plus).as_bytes(), flags, flags.zero),
        'x' | 'X' => {
            let hex: Vec<String> = cut
                .iter()
                .map(|byte| if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") })
                .collect();
            let prefix = match (flags.sharp && !cut.is_empty(), verb) {
                (true, 'x') => "0x",
                (true, _) => "0X",
                _ => "",
            };
            let join = if flags.space { format!(" {prefix}") } else { String::new() };
            pad(out, format!("{prefix}{}", hex.join(&join)).as_bytes(), flags, flags.zero);
        }
        _ => bad_verb(out, value, verb, flags),
    }
}

fn print_integer(
    out: &mut Vec<u8>,
    value: &Value,
    kind: IntegerKind,
    number: i64,
    verb: char,
    flags: Flags,
) {
    let magnitude = if kind.is_unsigned() { number.cast_unsigned() } else { number.unsigned_abs() };
    let negative = !kind.is_unsigned() && number < 0;
    let (digits, prefix) = match verb {
        'v' | 'd' => (magnitude.to_string(), ""),
        'b' => (format!("{magnitude:b}"), if flags.sharp { "0b" } else { "" }),
        'o' => (format!("{magnitude:o}"), if flags.sharp { "0" } else { "" }),
        'O' => (format!("{magnitude:o}"), "0o"),
        'x' => (format!("{magnitude:x}"), if flags.sharp { "0x" } else { "" }),
        'X' => (format!("{magnitude:X}"), if flags.sharp { "0X" } else { "" }),
        'c' => return pad(out, rune_of(number).to_string().as_bytes(), flags, false),
        'q' => {
            let text = quote(rune_of(number).to_string().as_bytes(), '\'', flags.plus);
            return pad(out, text.as_bytes(), flags, false);
        }
        'U' => {
            return pad(out, format!("U+{:04X}", number.cast_unsigned()).as_bytes(), flags, false);
        }
        _ => return bad_verb(out, value, verb, flags),
    };
    let sign = match (negative, flags.plus, flags.space) {
        (true, ..) => "-",
        (_, true, _) => "+",
        (_, _, true) => " ",
        _ => "",
    };
    let mut digits = digits;
    if flags.precision == Some(0) && magnitude == 0 {
        digits.clear();
    }
    let zero = flags.zero && !flags.minus && flags.precision.is_none();
    let wanted = match (flags.precision, flags.width) {
        (Some(precision), _) => precision,
        (None, Some(width)) if zero => width.saturating_sub(sign.len()),
        _ => 0,
    };
    let fill = "0".repeat(wanted.saturating_sub(digits.len()));
    pad(out, format!("{sign}{prefix}{fill}{digits}").as_bytes(), flags, false);
}

fn rune_of(number: i64) -> char {
    u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

fn print_float(out: &mut Vec<u8>, number: f64, value: &Value, verb: char, flags: Flags) {
    let text = match verb {
        'v' | 'g' => match flags.precision {
            None => float_shortest(number, 6),
            Some(precision) => float_general(number, precision),
        },
        'G' => match flags.precision {
            None => float_shortest(number, 6).to_uppercase(),
            Some(precision) => float_general(number, precision).to_uppercase(),
        },
        'e' => float_exponent(number, Some(flags.precision.unwrap_or(6))),
        'E' => float_exponent(number, Some(flags.precision.unwrap_or(6))).to_uppercase(),
        'b' => float_binary(number),
        'x' => float_hexadecimal(number, flags.precision),
        'X' => float_hexadecimal(number, flags.precision).to_uppercase(),
        'f' | 'F' => float_fixed(number, Some(flags.precision.unwrap_or(6))),
        _ => return bad_verb(out, value, verb, flags),
    };
    let (mut sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text[..1].to_owned(), rest.to_owned()),
        None => (String::new(), text),
    };
    if sign == "+" && !flags.plus {
        sign = if number.is_infinite() { "+".to_owned() } else { String::new() };
    }
    if sign.is_empty() && flags.plus {
        "+".clone_into(&mut sign);
    } else if sign.is_empty() && flags.space {
        " ".clone_into(&mut sign);
    }
    if flags.zero && !flags.minus && number.is_finite() {
        let fill = flags.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
        return pad(out, format!("{sign}{}{digits}", "0".repeat(fill)).as_bytes(), flags, false);
    }
    pad(out, format!("{sign}{digits}").as_bytes(), flags, false);
}

/// `%#v`: the value in Go's own syntax.
fn go_syntax(value: &Value, depth: usize) -> String {
    if depth > DEPTH_LIMIT {
        return String::new();
    }
    match value {
        Value::Nil => "interface {}(nil)".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(kind, value) if kind.is_unsigned() => {
            format!("{:#x}", value.cast_unsigned())
        }
        Value::Integer(kind, value) => integer(*kind, *value),
        Value::Float(value) => float_shortest(*value, 6),
        Value::String(text) => quote(text, '"', false),
        Value::Bytes(text) => {
            let items: Vec<String> = text.iter().map(|byte| format!("{byte:#x}")).collect();
            format!("[]byte{{{}}}", items.join(", "))
        }
        Value::List(list) => {
            let items: Vec<String> =
                list.items.iter().map(|item| go_syntax(item, depth + 1)).collect();
            format!("{}{{{}}}", list.kind.type_name(), items.join(", "))
        }
        Value::Map(map) => {
            let items: Vec<String> = map
                .snapshot()
                .iter()
                .map(|(key, item)| {
                    format!("{}:{}", quote(key, '"', false), go_syntax(item, depth + 1))
                })
                .collect();
            format!("{}{{{}}}", map.kind.type_name(), items.join(", "))
        }
        Value::Object(object) => {
            let items: Vec<String> = object
                .fields()
                .iter()
                .map(|(name, item)| format!("{name}:{}", go_syntax(item, depth + 1)))
                .collect();
            format!("{}{{{}}}", object.type_name(), items.join(", "))
        }
    }
}
