//! The `infra` command: arguments, settings, one file per command, the list of providers.

mod arguments;
mod commands;
mod fleet;
mod output;
mod project;
mod run;

use std::process::ExitCode as ProcessExit;

use clap::Parser;
use infra_event::ExitCode;

use crate::arguments::Arguments;
use crate::output::Told;

fn main() -> ProcessExit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout with code 0; everything else is an invalid argument.
            let exit = if error.use_stderr() { ExitCode::Invalid } else { ExitCode::Done };
            let _ = error.print();
            return ProcessExit::from(exit.code());
        }
    };
    let exit = match commands::dispatch(arguments) {
        Ok(exit) => exit,
        Err(Told(problems)) => output::print_problems(&problems).code(),
    };
    ProcessExit::from(exit)
}
