//! The state as its users see it: all trials on all local stores, and what only a folder and processes can show.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use infra_state::trials::{self, Seen, StandingClock, StoreFactory};
use infra_state::{
    DirectoryStore, ErrorKind, Holder, KeySettings, LeaseError, MemoryStore, Object, Precondition,
    RunRecord, RunRecorder, State, StateError, StateOptions, Store, StoreError, Version,
    probe_conditions,
};
use proptest::prelude::*;

/// Set for the processes that these tests start.
const CHILD_FOLDER: &str = "INFRA_STATE_TEST_FOLDER";

fn options(folder: &Path) -> StateOptions {
    StateOptions::new("hub", false, KeySettings::file(folder.join("config/key.txt")))
}

fn directory(folder: &Path) -> Arc<dyn Store> {
    Arc::new(DirectoryStore::new(folder.join("state")))
}

async fn open(folder: &Path) -> State<Seen, String> {
    State::open(directory(folder), options(folder)).await.unwrap()
}

async fn run_all(factory: StoreFactory) {
    let mut failures = Vec::new();
    for trial in trials::all() {
        if let Err(failure) = trial.run(Arc::clone(&factory)).await {
            failures.push(format!("{}: {failure}", trial.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_trials_in_memory() {
    run_all(Arc::new(|| Arc::new(MemoryStore::new()))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_trials_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    run_all(Arc::new(move || {
        let own = tempfile::tempdir_in(&root).unwrap().keep();
        Arc::new(DirectoryStore::new(own.join("state")))
    }))
    .await;
}

/// Every file and folder below `folder`.
fn everything(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push(path);
        }
    }
    found
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_it_and_nothing_is_in_clear_text() {
    use std::os::unix::fs::PermissionsExt;
    const CANARY: &str = "canary-51c0ffee";
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).await;
    let key_file = folder.path().join("config/key.txt");
    assert_eq!(state.created_key_file(), Some(key_file.as_path()));
    let session = state.lock(Holder::current("infra up"), Duration::ZERO).await.unwrap();
    let recorder = RunRecorder::start(state.store(), RunRecord::begin("infra up", ().into()));
    let recorder = recorder.await.unwrap();
    let sealed = session.sealer().seal(CANARY.as_bytes()).unwrap();
    recorder.record(format!("{{\"password\":\"{sealed}\"}}"));
    session.append(sealed).await.unwrap();
    session.compact().await.unwrap();
    session.append("plain".into()).await.unwrap();
    recorder.finish("done").await.unwrap();
    let files = everything(folder.path());
    assert!(files.len() > 10, "{files:?}");
    for path in files {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_file() {
            let content = String::from_utf8(std::fs::read(&path).unwrap()).unwrap();
            assert!(!content.contains(CANARY), "{}", path.display());
            let key = content.contains("AGE-SECRET-KEY");
            assert_eq!(key, path == key_file, "{}", path.display());
        }
    }
    session.close().await.unwrap();
    // The next state of this user says nothing, as the key file is there.
    let store = Arc::new(DirectoryStore::new(folder.path().join("second")));
    let second = State::<Seen, String>::open(store, options(folder.path())).await.unwrap();
    assert_eq!(second.created_key_file(), None);
    assert_ne!(second.head().deployment_id, state.head().deployment_id);
}

#[tokio::test]
async fn a_lost_key_file_is_exit_code_3_and_reading_works_without() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).await;
    std::fs::remove_file(folder.path().join("config/key.txt")).unwrap();
    let state = open(folder.path()).await;
    assert_eq!(state.read().await.unwrap().content, Seen::default());
    let error = state.lock(Holder::current("x"), Duration::ZERO).await.err().unwrap();
    assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Key, 3));
    assert!(error.next_step().contains("INFRA_STATE_PASSPHRASE"), "{}", error.next_step());
    assert!(!folder.path().join("config/key.txt").exists(), "an existing state makes no key");
    // A new shared state without a key is refused before anything is written.
    let mut shared = options(folder.path());
    shared.keys.create_key_file = false;
    let place = folder.path().join("shared");
    let refused = State::<Seen, String>::open(Arc::new(DirectoryStore::new(&place)), shared).await;
    assert_eq!(refused.err().unwrap().kind(), ErrorKind::Key);
    assert!(!place.exists());
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "in the way").unwrap();
    let place = folder.path().join("file/state");
    let store = Arc::new(DirectoryStore::new(&place));
    let error = State::<Seen, String>::open(store, options(folder.path())).await.err().unwrap();
    assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Io, 1));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains(&place.display().to_string()), "{source}");
    assert!(error.next_step().contains("file/state"), "{}", error.next_step());
}

#[test]
fn io_errors_have_their_own_next_steps() {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, StorageFull};
    for (error, words) in [
        (StorageFull, "Free some space"),
        (ReadOnlyFilesystem, "writable"),
        (PermissionDenied, "writable"),
    ] {
        let path = "/somewhere/state".to_owned();
        let error = StoreError::Io { action: "write", path, source: error.into() };
        assert!(error.next_step().contains(words), "{}", error.next_step());
        assert!(error.next_step().contains("/somewhere/state"));
    }
}

/// A store that takes conditions and ignores them, as some S3-compatible servers do.
struct Careless(MemoryStore);

impl Store for Careless {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Object>, StoreError>> {
        self.0.get(key)
    }

    fn put<'a>(
        &'a self,
        key: &'a str,
        content: Bytes,
        _: Precondition,
    ) -> BoxFuture<'a, Result<Version, StoreError>> {
        self.0.put(key, content, Precondition::None)
    }

    fn delete<'a>(
        &'a self,
        key: &'a str,
        _: Precondition,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.0.delete(key, Precondition::None)
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.0.list(prefix)
    }

    fn location(&self) -> String {
        "s3://careless".into()
    }
}

#[tokio::test]
async fn a_store_that_ignores_conditions_is_refused_with_the_reason() {
    let store = Careless(MemoryStore::new());
    let error = probe_conditions(&store).await.unwrap_err();
    assert!(error.to_string().contains("s3://careless"), "{error}");
    assert!(error.next_step().contains("backend: local"), "{}", error.next_step());
    assert_eq!(store.list("").await.unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsals_world_stands_still_while_the_disk_works() {
    let clock = infra_clock::WorldClock::jumping(Duration::ZERO);
    let folder = tempfile::tempdir().unwrap();
    let store = DirectoryStore::new(folder.path()).with_world_clock(clock.clone());
    let hour = tokio::spawn({
        let clock = clock.clone();
        async move { clock.sleep(Duration::from_secs(3600)).await }
    });
    // In a task, as the clock watches the runtime's workers, and this function runs beside them.
    let writes = tokio::spawn(async move {
        let large = Bytes::from(vec![7; 4 << 20]);
        for _ in 0..10 {
            store.put("snapshots/a", large.clone(), Precondition::None).await.unwrap();
            assert_eq!(clock.now().as_duration(), Duration::ZERO);
        }
    });
    writes.await.unwrap();
    hour.await.unwrap();
}

#[tokio::test]
async fn what_killed_writers_left_and_strangers_put_is_no_content() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).await;
    let session = state.lock(Holder::current("x"), Duration::ZERO).await.unwrap();
    session.append("one".into()).await.unwrap();
    let root = folder.path().join("state");
    for stray in [".tmp/.tmpABC", "journal/0000000003.bak", "journal/.swp", "journal/notes", ".x"] {
        std::fs::write(root.join(stray), "half a wri").unwrap();
    }
    session.append("two".into()).await.unwrap();
    assert_eq!(state.read().await.unwrap().content, session.content());
    session.close().await.unwrap();
    assert!(root.join("journal/notes").exists(), "what is not ours stays");
}

/// Starts this test binary again, to run one of the functions below that are ignored otherwise.
fn child(function: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", function, "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD_FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "run in a process of its own by the test below"]
async fn child_appends_until_it_is_killed() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    let state = open(Path::new(&folder)).await;
    let session = state.lock(Holder::current("infra up"), Duration::ZERO).await.unwrap();
    for number in 0.. {
        session.append(number.to_string()).await.unwrap();
        println!("\ndurable {number}");
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_and_its_lease_is_taken_over_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut victim = child("child_appends_until_it_is_killed", folder.path());
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "durable 20"));
    let state = open(folder.path()).await;
    let error = state.lock(Holder::current("infra down"), Duration::ZERO).await.err().unwrap();
    assert_eq!((error.kind(), error.kind().exit_code()), (ErrorKind::Locked, 4));
    let StateError::Lease(LeaseError::Locked(locked)) = &error else { panic!("{error}") };
    assert_eq!((locked.lease.holder.pid, locked.lease.fencing), (victim.id(), 1));
    victim.kill().unwrap();
    victim.wait().unwrap();
    let durable = lines.map_while(Result::ok).filter(|line| line.starts_with("durable ")).last();
    let durable: usize = durable.map_or(20, |line| line[8..].parse().unwrap());
    // Linux tells that the process is dead; elsewhere its silence has to be waited for, which no test does.
    if cfg!(target_os = "linux") {
        let session = state.lock(Holder::current("infra down"), Duration::ZERO).await.unwrap();
        assert_eq!(session.fencing(), 2);
        let found = session.content().0;
        assert!(found.len() > durable, "{} of {durable} are left", found.len());
        session.close().await.unwrap();
    }
    let content = state.read().await.unwrap().content.0;
    assert!(content.iter().enumerate().all(|(place, entry)| *entry == place.to_string()));
}

const STEPS: u32 = 40;

#[tokio::test]
#[ignore = "run in processes of their own by the test below"]
async fn child_counts_up() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    let store = directory(Path::new(&folder));
    for _ in 0..STEPS {
        loop {
            let (content, version) = store.get("count").await.unwrap().unwrap();
            let number: u32 = std::str::from_utf8(&content).unwrap().parse().unwrap();
            let next = Bytes::from((number + 1).to_string());
            match store.put("count", next, Precondition::Matches(version)).await {
                Ok(_) => break,
                Err(error) => assert!(error.is_precondition(), "{error}"),
            }
        }
    }
}

#[tokio::test]
async fn processes_do_not_lose_each_others_swaps() {
    let folder = tempfile::tempdir().unwrap();
    let store = directory(folder.path());
    store.put("count", Bytes::from_static(b"0"), Precondition::Absent).await.unwrap();
    let children: Vec<_> = (0..4).map(|_| child("child_counts_up", folder.path())).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    let (content, _) = store.get("count").await.unwrap().unwrap();
    assert_eq!(content, (4 * STEPS).to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_intents_at_once_take_few_writes() {
    let folder = tempfile::tempdir().unwrap();
    let state = open(folder.path()).await;
    let session = state.lock(Holder::current("infra up"), Duration::ZERO).await.unwrap();
    let appends = (0..500).map(|number| session.append(number.to_string()));
    let results = futures::future::join_all(appends).await;
    assert!(results.iter().all(Result::is_ok));
    assert!(session.position().await.length() < 100, "{:?}", session.position().await);
    session.close().await.unwrap();
}

/// What version 1 wrote, to be read by every later version.
const HEAD_1: &str = r#"{"format":1,"revision":3,"deployment_id":"q1w2e3r4t5","name":"hub",
    "rehearsed":false,"created":"2026-01-02T03:04:05Z","snapshot":{"key":"snapshots/0000000003-000001",
    "sha256":"SHA"},"journal_base":3,"fencing":1,"keys":{"current":"00000000","keys":[]}}"#;
const SNAPSHOT_1: &str = r#"{"format":1,"journal_base":3,"fencing":1,"written":"2026-01-02T03:04:06Z",
    "content":["one","two"]}"#;
const JOURNAL_1: &str = concat!(
    r#"{"format":1,"sequence":3,"fencing":2,"lease":"l","entries":1,"sha256":"#,
    r#""e928734e4640bd1c213092e91e274d80ab4be0946b94dcc06b8c306914651d2d"}"#,
    "\n\"three\"\n"
);

#[tokio::test]
async fn format_1_stays_readable() {
    let store = Arc::new(MemoryStore::new());
    let sha256 = "4bd92d4c8fce753bdeff236943dfaa0581ccd5bb685fdc68bc7da3600cefce74";
    let head = HEAD_1.replace("SHA", sha256);
    for (key, content) in [
        ("head", head.as_str()),
        ("snapshots/0000000003-000001", SNAPSHOT_1),
        ("journal/0000000003", JOURNAL_1),
        ("journal/0000000002", "pruned at the next snapshot"),
    ] {
        store.put(key, content.to_owned().into(), Precondition::Absent).await.unwrap();
    }
    let state = State::<Seen, String>::open(store, options(Path::new("/none"))).await.unwrap();
    let view = state.read().await.unwrap();
    assert_eq!(view.content.0, ["one", "two", "three"]);
    assert_eq!((view.position.base, view.position.next), (3, 4));
    assert_eq!(view.head.deployment_id, "q1w2e3r4t5");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_in_any_key_make_it_panic(bytes: Vec<u8>, text in ".{0,200}", which in 0..5_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        runtime.block_on(async {
            for content in [bytes, text.into_bytes(), b"{\"format\":1}".to_vec()] {
                let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
                let mut options = options(folder.path());
                options.clock = StandingClock::at(Duration::ZERO);
                let state = State::<Seen, String>::open(Arc::clone(&store), options.clone());
                let state = state.await.unwrap();
                let session = state.lock(Holder::current("x"), Duration::ZERO).await.unwrap();
                session.compact().await.unwrap();
                session.append("one".into()).await.unwrap();
                let id = "runs/01";
                let snapshot = store.list("snapshots/").await.unwrap().remove(0);
                let keys = ["head", "lease", "journal/0000000002", snapshot.as_str(), "runs/01/run.json"];
                store.put(keys[which], content.into(), Precondition::None).await.unwrap();
                drop(session.close().await);
                let _ = infra_state::list_runs(store.as_ref(), 5).await;
                let _ = infra_state::read_events(store.as_ref(), id).await;
                let state = State::<Seen, String>::open(Arc::clone(&store), options).await;
                if let Ok(state) = state {
                    let _ = state.read().await;
                    let _ = state.holder().await;
                    let _ = state.lock(Holder::current("x"), Duration::ZERO).await;
                }
            }
        });
    }
}
