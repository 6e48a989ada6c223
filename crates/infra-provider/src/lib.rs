//! The provider SDK: resource traits, errors, HTTP with retries, waits.
