//! Admission webhooks.

use serde_json::Value;

use super::caller::{Caller, Target};
use crate::kubernetes::machinery::status::Status;
use crate::kubernetes::server::api::Api;

impl Api {
    pub(super) async fn call_mutating_webhooks(
        &self,
        _operation: &str,
        _target: &Target,
        _object: &mut Value,
        _live: Option<&Value>,
        _caller: &Caller,
        _warnings: &mut Vec<String>,
    ) -> Result<(), Status> {
        Ok(())
    }

    pub(super) async fn call_validating_webhooks(
        &self,
        _operation: &str,
        _target: &Target,
        _object: &Value,
        _live: Option<&Value>,
        _caller: &Caller,
        _warnings: &mut Vec<String>,
    ) -> Result<(), Status> {
        Ok(())
    }
}
