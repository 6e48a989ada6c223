//! Serves a world for other programs until it is interrupted: `serve_world DIR [SPEED] [FAULTS]`.

use std::path::{Path, PathBuf};

use infra_clock::WorldClock;
use infra_emulator::{Emulator, EmulatorOptions, FaultScript, World};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("give the directory of the world")?);
    let speed: f64 = arguments.next().map_or(Ok(60.0), |text| text.parse())?;
    let clock = WorldClock::scaled(speed, World::elapsed(&directory)?);
    let mut options = EmulatorOptions::new(directory, clock);
    if let Some(faults) = arguments.next() {
        options.faults = FaultScript::read(Path::new(&faults))?;
    }
    let emulator = Emulator::start(options).await?;
    println!("{}", serde_json::to_string(&emulator.endpoints())?);
    tokio::signal::ctrl_c().await?;
    emulator.stop().await?;
    Ok(())
}
