//! [`Terminal`]: the listener that draws the live tree.

use std::io::Write;
use std::time::{Duration, Instant};

use infra_event::{Envelope, Listener};

use super::frame::{Frame, Size, frame_lines};
use super::screen::Screen;
use super::summary::final_lines;
use crate::model::RunModel;
use crate::text::Appearance;

/// Between two pictures drawn because of events; ticks draw in any case.
const FRAME_INTERVAL: Duration = Duration::from_millis(80);
/// The size that is assumed when the terminal does not tell it.
const USUAL_SIZE: Size = Size { columns: 80, rows: 24 };

/// No line is wider.
const WIDEST: usize = 130;

/// Draws the live tree while the run goes on, and prints its final state and a summary when it is over.
pub struct Terminal {
    screen: Screen,
    appearance: Appearance,
    size: Box<dyn Fn() -> Size + Send>,
    interval: Duration,
    drawn: Option<Instant>,
    step: usize,
    model: RunModel,
    over: bool,
}

impl Terminal {
    /// Draws on the standard error stream of this process, in its size.
    pub fn stderr(appearance: Appearance) -> Self {
        Self::new(Box::new(std::io::stderr()), appearance, || {
            let size = console::Term::stderr().size_checked();
            size.map_or(USUAL_SIZE, |(rows, columns)| Size {
                columns: usize::from(columns),
                rows: usize::from(rows),
            })
        })
    }

    /// Whether the standard error stream is a terminal on which a tree can be drawn; else [`crate::Plain`] is the one to use.
    pub fn fits_stderr() -> bool {
        std::io::IsTerminal::is_terminal(&std::io::stderr())
            && std::env::var("TERM").map_or(true, |term| term != "dumb")
    }

    /// Draws on `out`; `size` is asked before each picture, so that a terminal can be resized.
    pub fn new(
        out: Box<dyn Write + Send>,
        appearance: Appearance,
        size: impl Fn() -> Size + Send + 'static,
    ) -> Self {
        Self {
            screen: Screen::new(out, appearance.colour),
            appearance,
            size: Box::new(size),
            interval: FRAME_INTERVAL,
            drawn: None,
            step: 0,
            model: RunModel::default(),
            over: false,
        }
    }

    /// Draws at every event, not only when enough time has passed since the last picture.
    #[must_use]
    pub fn draw_every_event(mut self) -> Self {
        self.interval = Duration::ZERO;
        self
    }

    fn draw(&mut self) {
        if self.over {
            return;
        }
        self.step = self.step.wrapping_add(1);
        let size = (self.size)();
        let inner = Size { columns: usable(size.columns), ..size };
        let frame = Frame { size: inner, appearance: self.appearance, step: self.step };
        let lines = frame_lines(&self.model, &frame);
        self.screen.draw(&lines, size.columns);
        self.drawn = Some(Instant::now());
    }
}

impl Listener for Terminal {
    fn event(&mut self, event: &Envelope) {
        self.model.take(event);
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= self.interval) {
            self.draw();
        }
    }

    fn tick(&mut self, elapsed: f64) {
        self.model.advance(elapsed);
        self.draw();
    }

    fn finish(&mut self) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        let columns = (self.size)().columns;
        let lines = final_lines(&self.model, self.appearance, usable(columns));
        self.screen.print(&lines, columns);
    }
}

/// How many columns are drawn on. The last one stays free, because terminals differ in what they do after it is filled; on a very
/// wide terminal, times would stand too far from what they belong to.
fn usable(columns: usize) -> usize {
    columns.saturating_sub(1).min(WIDEST)
}
