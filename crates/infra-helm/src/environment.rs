//! What a render needs from outside: the time, randomness, a cluster. Handed in, so that a render can be repeated.

use crate::value::Data;

/// A point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970, UTC.
    pub seconds: i64,
    /// Nanoseconds of the second, below 1,000,000,000.
    pub nanoseconds: u32,
}

/// What templates can ask of the world.
pub trait Environment {
    /// The time `now` gives.
    fn now(&self) -> Moment;

    /// Fills the buffer with random bytes. For real secrets they must come from a secure source, never from a fixed seed.
    fn random(&self, buffer: &mut [u8]);

    /// An object of the cluster, or a list when `name` is empty; an empty map when there is none. Without a cluster,
    /// as `helm template` runs, always an empty map.
    ///
    /// # Errors
    /// The cluster cannot answer; the text ends up in the template's error.
    fn lookup(
        &self,
        _api_version: &str,
        _kind: &str,
        _namespace: &str,
        _name: &str,
    ) -> Result<Data, String> {
        Ok(Data::Map(std::collections::BTreeMap::new()))
    }

    /// An address of a host, for `getHostByName`; empty, as Helm has it unless DNS is enabled.
    fn host(&self, _name: &str) -> String {
        String::new()
    }
}

/// A fixed time and a stream of bytes from a seed: for tests and previews, not for secrets that are used.
#[derive(Debug)]
pub struct Seeded {
    moment: Moment,
    state: std::cell::RefCell<(u64, [u8; 32])>,
}

impl Seeded {
    /// The bytes are the SHA-256 of the seed and a counter.
    pub fn new(moment: Moment, seed: [u8; 32]) -> Self {
        Self { moment, state: std::cell::RefCell::new((0, seed)) }
    }
}

impl Environment for Seeded {
    fn now(&self) -> Moment {
        self.moment
    }

    fn random(&self, buffer: &mut [u8]) {
        use sha2::Digest;
        let mut state = self.state.borrow_mut();
        for part in buffer.chunks_mut(32) {
            let mut digest = sha2::Sha256::new();
            digest.update(state.1);
            digest.update(state.0.to_le_bytes());
            state.0 += 1;
            part.copy_from_slice(&digest.finalize()[..part.len()]);
        }
    }
}
