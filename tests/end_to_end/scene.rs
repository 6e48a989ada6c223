//! A folder with a file, and the binary run in it with a clean environment.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// World seconds per wall second of an emulator in another process.
pub const SPEED: &str = "400";

/// A folder with a file.
pub struct Scene {
    folder: TempDir,
    /// Variables of every command.
    pub environment: BTreeMap<String, String>,
}

/// What a command gave.
pub struct Told {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Told {
    /// The JSON document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Asserts the exit code, showing all output if it is another.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl Scene {
    /// A folder with this `infra.yaml`.
    pub fn new(file: &str) -> Self {
        let scene = Self { folder: TempDir::new().unwrap(), environment: BTreeMap::new() };
        scene.write("infra.yaml", file);
        scene
    }

    /// A folder with a copy of an example.
    pub fn of_example(name: &str) -> Self {
        let scene = Self { folder: TempDir::new().unwrap(), environment: BTreeMap::new() };
        copy(&example(name), scene.path());
        scene
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Replaces a text of the file that must be there.
    pub fn edit(&self, from: &str, to: &str) {
        let file = self.read("infra.yaml");
        assert!(file.contains(from), "`{from}` is not in the file");
        self.write("infra.yaml", &file.replace(from, to));
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_infra"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("INFRA_CONFIG_HOME", self.path().join("config"))
            .envs(&self.environment)
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Told {
        told(self.command(arguments).output().unwrap())
    }

    /// All that exists in a world, read from the world itself.
    pub fn world(&self, folder: &str) -> Value {
        self.run(&["emulator", "show", "--world", folder]).ends(0).json()
    }

    /// How many requests that change something a world has seen.
    pub fn writes(&self, folder: &str) -> usize {
        let journal = self.path().join(folder).join("requests.jsonl");
        let text = std::fs::read_to_string(journal).unwrap_or_default();
        let requests = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        requests.filter(|request| request["mutating"] == true).count()
    }
}

pub fn told(output: Output) -> Told {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Told {
        code: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The folder of an example.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let source = entry.unwrap().path();
        let name = source.file_name().unwrap().to_owned();
        if name == ".infra" {
            continue;
        }
        let target = to.join(name);
        if source.is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&source, &target);
        } else {
            std::fs::copy(&source, &target).unwrap();
        }
    }
}

/// Emulated clouds in a process of their own; ended with it.
pub struct Emulator {
    child: Child,
    /// The line that it printed when it was ready.
    pub endpoints: Value,
}

impl Emulator {
    /// Serves the world in `folder` of the scene.
    pub fn start(scene: &Scene, folder: &str, more: &[&str]) -> Self {
        let mut arguments = vec!["emulator", "--world", folder, "--speed", SPEED];
        arguments.extend(more);
        let mut child = scene.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let endpoints =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { child, endpoints }
    }

    /// The id of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Where DigitalOcean is, and its token.
    pub fn digitalocean(&self) -> (String, String) {
        let text = |key: &str| self.endpoints["digitalocean"][key].as_str().unwrap().to_owned();
        (text("url"), text("token"))
    }

    /// What of the file makes the provider speak to this emulator, and the variables that it needs.
    pub fn connect(&self, scene: &mut Scene) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let url = text(&self.endpoints["digitalocean"]["url"]);
        let registry = text(&self.endpoints["registry"]["host"]);
        scene
            .environment
            .insert("EMULATED_TOKEN".into(), text(&self.endpoints["digitalocean"]["token"]));
        scene.environment.insert("INFRA_WORLD_SPEED".into(), SPEED.into());
        let there = format!(
            "region: ams3, endpoint: \"{url}\", registry_endpoint: \"http://{registry}\", token: \"${{env:EMULATED_TOKEN}}\""
        );
        scene.edit("region: ams3", &there);
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
