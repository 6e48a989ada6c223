//! Pulling images: what the surroundings say, with the pull secrets of the pod.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::kubernetes::controllers::objects::{items, namespace, text};
use crate::kubernetes::server::{Client, PodScript, seconds};
use crate::surroundings::{ImageAnswer, Surroundings};

/// How a pull goes.
pub(super) enum Pull {
    /// It takes this long.
    Takes(Duration),
    /// It fails with the runtime's words.
    Fails(String),
}

/// Begins to pull an image.
pub(super) async fn pull(
    client: &Client,
    surroundings: &dyn Surroundings,
    pod: &Value,
    image: &str,
    script: Option<&PodScript>,
) -> Pull {
    if let Some(error) = script.and_then(|script| script.pull_error.as_ref()) {
        return Pull::Fails(failure(image, "Unknown", error));
    }
    if let Some(time) = script.and_then(|script| script.pull_seconds) {
        return Pull::Takes(seconds(time));
    }
    let secrets = pull_secrets(client, pod);
    match surroundings.image(image, &secrets).await {
        ImageAnswer::Pullable(time) => Pull::Takes(time),
        ImageAnswer::NotFound => Pull::Fails(failure(
            image,
            "NotFound",
            &format!("failed to resolve reference {image:?}: {image}: not found"),
        )),
        ImageAnswer::Unauthorized => Pull::Fails(failure(
            image,
            "Unknown",
            &format!(
                "failed to resolve reference {image:?}: failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"
            ),
        )),
        ImageAnswer::Unreachable(words) => Pull::Fails(failure(image, "Unknown", &words)),
    }
}

fn failure(image: &str, code: &str, words: &str) -> String {
    format!("rpc error: code = {code} desc = failed to pull and unpack image {image:?}: {words}")
}

/// The `.dockerconfigjson` documents of a pod's pull secrets; secrets that are missing or damaged open nothing.
fn pull_secrets(client: &Client, pod: &Value) -> Vec<Value> {
    items(pod, "/spec/imagePullSecrets")
        .filter_map(|reference| {
            let secret = client.get("secrets", namespace(pod), text(reference, "/name"))?;
            let encoded = secret["data"][".dockerconfigjson"].as_str()?;
            serde_json::from_slice(&STANDARD.decode(encoded).ok()?).ok()
        })
        .collect()
}

/// How long a kubelet waits before it tries again.
pub(super) fn back_off(failures: u32) -> Duration {
    Duration::from_secs(10).saturating_mul(1 << failures.min(5)).min(Duration::from_secs(300))
}
