//! The natural order of keys: letters by code point, runs of digits by their number.

use std::cmp::Ordering;

use super::emit::Dialect;

fn digit(rune: char) -> bool {
    rune.is_ascii_digit()
}

/// Go's `int64` arithmetic on a run of digits, which may wrap.
fn run(runes: &[char], from: usize, start: i64) -> (usize, i64) {
    let (mut at, mut number) = (from, start);
    while at < runes.len() && digit(runes[at]) {
        let value = i64::from(u32::from(runes[at])) - i64::from(b'0');
        number = number.wrapping_mul(10).wrapping_add(value);
        at += 1;
    }
    (at, number)
}

/// Sorts keys as go-yaml does. The order has cycles (`a01`, `a10`, `a1b`), which the standard library may panic over.
pub(super) fn sort<T>(items: Vec<T>, key: &impl Fn(&T) -> &[u8], dialect: Dialect) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let (left, right) = (sort(left, key, dialect), sort(right, key, dialect));
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let taken = match compare(key(second), key(first), dialect) {
            Ordering::Less => right.next(),
            _ => left.next(),
        };
        merged.extend(taken);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

/// Compares two keys as go-yaml sorts maps.
fn compare(left: &[u8], right: &[u8], dialect: Dialect) -> Ordering {
    let left: Vec<char> = String::from_utf8_lossy(left).chars().collect();
    let right: Vec<char> = String::from_utf8_lossy(right).chars().collect();
    let mut digits = false;
    for at in 0..left.len().min(right.len()) {
        let (a, b) = (left[at], right[at]);
        if a == b {
            digits = digit(a);
            continue;
        }
        let (a_letter, b_letter) = (a.is_alphabetic(), b.is_alphabetic());
        if a_letter && b_letter {
            return a.cmp(&b);
        }
        if a_letter || b_letter {
            let first = if digits && dialect == Dialect::Three { a_letter } else { b_letter };
            return if first { Ordering::Less } else { Ordering::Greater };
        }
        // A zero inside a number that has begun is no leading zero.
        let begun = (a == '0' || b == '0')
            && left[..at].iter().rev().take_while(|rune| digit(**rune)).any(|rune| *rune != '0');
        let start = i64::from(begun);
        let ((a_end, a_number), (b_end, b_number)) =
            (run(&left, at, start), run(&right, at, start));
        return a_number.cmp(&b_number).then(a_end.cmp(&b_end)).then(a.cmp(&b));
    }
    left.len().cmp(&right.len())
}
