//! Serves a world for other programs until it is interrupted: `serve_world --world DIR [--speed N] [--faults FILE]`.

use std::path::{Path, PathBuf};

use infra_clock::WorldClock;
use infra_emulator::{Emulator, EmulatorOptions, FaultScript, World};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut directory = None;
    let mut speed = 60.0;
    let mut faults = FaultScript::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--world" => directory = Some(PathBuf::from(value)),
            "--speed" => speed = value.parse()?,
            "--faults" => faults = FaultScript::read(Path::new(&value))?,
            _ => return Err(format!("unknown argument {name}").into()),
        }
    }
    let directory = directory.ok_or("give --world DIR")?;
    let clock = WorldClock::scaled(speed, World::elapsed(&directory)?);
    let options = EmulatorOptions { faults, ..EmulatorOptions::new(directory, clock) };
    let emulator = Emulator::start(options).await?;
    println!("{}", serde_json::to_string(&emulator.endpoints())?);
    tokio::signal::ctrl_c().await?;
    emulator.stop().await?;
    Ok(())
}
