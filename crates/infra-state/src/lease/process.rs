//! What the operating system tells about processes, where it tells it (Linux: `/proc`).
//!
//! A process id alone proves nothing: it is given away again, and means different processes in different containers. So it is
//! judged only together with the start time, the boot and the process namespace.

use std::fs;

/// The boot and process namespace of this process; `None` where they cannot be told.
pub(super) fn space() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

/// When process `pid` of this namespace began, in clock ticks after the boot; `None` if there is none, or only its remains.
pub(super) fn start_of(pid: u32) -> Option<u64> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&line)
}

/// `pid (name) state ppid ... starttime(22nd) ...`; the name may hold blanks and parentheses (see `man 5 proc_pid_stat`).
fn parse_stat(line: &str) -> Option<u64> {
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    // Zombies and the dead hold nothing any more.
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_the_22nd_field() {
        let stat = |state: &str| {
            format!("12 (a) b) {state} 1 12 12 0 -1 4194560 1 0 0 0 2 1 0 0 20 0 1 0 98765 3 4 5")
        };
        assert_eq!(parse_stat(&stat("S")), Some(98765));
        assert_eq!(parse_stat(&stat("Z")), None);
        assert_eq!(parse_stat(""), None);
        assert_eq!(parse_stat("1 (x) S 1 2"), None);
    }
}
