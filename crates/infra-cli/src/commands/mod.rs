//! One file per command. A command reads its arguments, calls a library and hands what comes to `output`.

mod apply;
mod drift;
mod emulator;
mod explain;
mod file;
mod graph;
mod kubeconfig;
mod outputs;
mod plan;
mod replay;
mod run;
mod shell;
mod status;
mod workloads;

pub(crate) use workloads::PortPair;

use crate::arguments::{Arguments, Command};
use crate::output::Outcome;
use crate::run::block_on;

/// Runs the command; gives the number that the process exits with.
pub(crate) fn dispatch(arguments: Arguments) -> Outcome<u8> {
    let global = arguments.global;
    let exit = match arguments.command {
        // The one command whose exit code is another's.
        Command::Exec(arguments) => {
            return block_on(async move { workloads::exec(&global, &arguments).await });
        }
        Command::Init(arguments) => file::init(&global, &arguments),
        Command::Validate => file::validate(&global),
        Command::Schema => file::schema(),
        Command::Completions { shell } => shell::completions(shell),
        Command::Man => shell::manual(),
        Command::Plan(arguments) => block_on(async move { plan::run(&global, &arguments).await }),
        Command::Drift => block_on(async move { drift::run(&global).await }),
        Command::Apply(arguments) => block_on(async move { apply::run(&global, &arguments).await }),
        Command::Up(arguments) => block_on(async move { run::up(&global, &arguments).await }),
        Command::Down(arguments) => block_on(async move { run::down(&global, &arguments).await }),
        Command::Status => block_on(async move { status::run(&global).await }),
        Command::Output(arguments) => {
            block_on(async move { outputs::run(&global, &arguments).await })
        }
        Command::Kubeconfig(arguments) => {
            block_on(async move { kubeconfig::run(&global, &arguments).await })
        }
        Command::Graph(arguments) => block_on(async move { graph::run(&global, &arguments).await }),
        Command::Replay(arguments) => {
            block_on(async move { replay::run(&global, &arguments).await })
        }
        Command::Emulator(arguments) => {
            block_on(async move { emulator::run(&global, &arguments).await })
        }
        Command::Explain => block_on(async move { explain::run(&global).await }),
        Command::Logs(arguments) => {
            block_on(async move { workloads::logs(&global, &arguments).await })
        }
        Command::Forward(arguments) => {
            block_on(async move { workloads::forward(&global, &arguments).await })
        }
        Command::Test(arguments) => {
            block_on(async move { workloads::test(&global, &arguments).await })
        }
    };
    exit.map(infra_event::ExitCode::code)
}
