//! The executor: the only caller of providers.
