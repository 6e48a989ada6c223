//! Sessions with pods, whatever carries them: websockets, SPDY/3.1, or SPDY/3.1 within a websocket.

mod dictionary;
mod duplex;
mod session;
mod shell;
mod spdy;

pub(super) use duplex::over_websocket;
pub(super) use session::{Exec, exec_over_spdy, forward_over_spdy};
pub(super) use shell::{Environment, Foretold, Outcome, foretell, run};
