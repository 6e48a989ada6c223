//! A terminal in memory: what would stand on the screen.

use std::io::Write;
use std::sync::{Arc, Mutex};

/// Bytes that were written, readable while a listener holds the other end.
#[derive(Clone, Default)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// What stands on a screen without end, after all control sequences that the tree uses. Panics at any other one.
    pub(crate) fn screen(&self) -> String {
        let mut lines: Vec<Vec<char>> = vec![Vec::new()];
        let (mut row, mut column) = (0, 0);
        let text = self.text();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            match character {
                '\r' => column = 0,
                '\n' => {
                    row += 1;
                    column = 0;
                    if row == lines.len() {
                        lines.push(Vec::new());
                    }
                }
                '\u{1b}' => {
                    assert_eq!(characters.next(), Some('['));
                    let mut number = String::new();
                    let command = loop {
                        match characters.next().unwrap() {
                            digit if digit.is_ascii_digit() || digit == ';' => number.push(digit),
                            command => break command,
                        }
                    };
                    match command {
                        'A' => row = row.checked_sub(number.parse::<usize>().unwrap()).unwrap(),
                        'K' => lines[row].truncate(column),
                        'J' => {
                            lines[row].truncate(column);
                            lines.truncate(row + 1);
                        }
                        'm' => {}
                        other => panic!("unknown control sequence {other}"),
                    }
                }
                other => {
                    let line = &mut lines[row];
                    if line.len() <= column {
                        line.resize(column + 1, ' ');
                    }
                    line[column] = other;
                    column += 1;
                }
            }
        }
        let text: Vec<String> = lines.iter().map(|line| line.iter().collect()).collect();
        text.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }
}
