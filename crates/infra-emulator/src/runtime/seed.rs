//! Ids, keys and durations that follow from the seed of the world.
//!
//! Each value is derived from the seed and a name for what it is for, not drawn from a stream: so it does not depend on the order
//! in which requests happen to arrive.

use std::time::Duration;

use sha2::{Digest, Sha256};

/// The seed of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    fn digest(self, purpose: &str) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.0.to_be_bytes());
        hasher.update(purpose.as_bytes());
        hasher.finalize().into()
    }

    /// A UUID of version 4 in form.
    pub(crate) fn uuid(self, purpose: &str) -> String {
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&self.digest(purpose)[..16]);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// Sixty-four hexadecimal digits.
    pub(crate) fn hex(self, purpose: &str) -> String {
        hex::encode(self.digest(purpose))
    }

    /// A number below `limit` (0 if `limit` is 0).
    pub(crate) fn below(self, purpose: &str, limit: u64) -> u64 {
        let mut bytes = [0_u8; 8];
        bytes.copy_from_slice(&self.digest(purpose)[..8]);
        u64::from_be_bytes(bytes).checked_rem(limit).unwrap_or(0)
    }

    /// A duration between `shortest` and `longest`, in whole milliseconds.
    pub(crate) fn between(self, purpose: &str, shortest: Duration, longest: Duration) -> Duration {
        let span = u64::try_from(longest.saturating_sub(shortest).as_millis()).unwrap_or(u64::MAX);
        shortest + Duration::from_millis(self.below(purpose, span.saturating_add(1)))
    }

    /// `length` letters of the base-36 alphabet that names of Droplets end in.
    pub(crate) fn letters(self, purpose: &str, length: usize) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let digest = self.digest(purpose);
        digest
            .iter()
            .take(length)
            .map(|byte| char::from(ALPHABET[usize::from(byte % 36)]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_follow_from_seed_and_purpose_only() {
        assert_eq!(Seed(1).uuid("a"), Seed(1).uuid("a"));
        assert_ne!(Seed(1).uuid("a"), Seed(1).uuid("b"));
        assert_ne!(Seed(1).uuid("a"), Seed(2).uuid("a"));
        assert_eq!(uuid::Uuid::parse_str(&Seed(3).uuid("x")).unwrap().get_version_num(), 4);
        let (short, long) = (Duration::from_secs(60), Duration::from_secs(90));
        for index in 0..50 {
            let drawn = Seed(9).between(&format!("lb{index}"), short, long);
            assert!((short..=long).contains(&drawn));
        }
        assert_eq!(Seed(5).below("nothing", 0), 0);
        assert_eq!(Seed(5).letters("node", 5).len(), 5);
    }
}
