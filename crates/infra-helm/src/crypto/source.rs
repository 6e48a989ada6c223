//! The environment's randomness as the cryptographic crates take it.

use std::{convert::Infallible, rc::Rc};

use rsa::rand_core::{TryCryptoRng, TryRng};

use crate::environment::Environment;

/// Random numbers from the environment.
pub(crate) struct Source(pub(crate) Rc<dyn Environment>);

impl TryRng for Source {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(buffer);
        Ok(())
    }
}

impl TryCryptoRng for Source {}
