//! The document of pull secrets (`kubernetes.io/dockerconfigjson`): logins by host, in the form of docker's configuration file.

use base64::Engine;
use infra_plan::Value;
use infra_provider::RegistryLogin;
use serde_json::json;

/// The content of `.dockerconfigjson` for one login: `{"auths": {HOST: {username, password, auth}}}`, a secret.
///
/// The key is the bare host, which is what the kubelet matches images against.
pub fn docker_config(login: &RegistryLogin) -> Value {
    let password = login.password.expose().unwrap_or_default();
    let pair = format!("{}:{password}", login.username);
    let auth = base64::engine::general_purpose::STANDARD.encode(pair);
    let entry = json!({ "username": login.username, "password": password, "auth": auth });
    Value::secret(json!({ "auths": { login.host.as_str(): entry } }).to_string())
}

#[cfg(test)]
mod tests {
    use infra_plan::Secret;

    use super::*;

    #[test]
    fn a_pull_secret_holds_the_login_by_host_and_is_never_shown() {
        let login = RegistryLogin {
            host: "registry.example.org:5000".into(),
            path: "hub".into(),
            endpoint: Some("http://127.0.0.1:1".into()),
            username: "me".into(),
            password: Secret::new("pass:word".into()),
            expires: None,
        };
        let document = docker_config(&login);
        assert_eq!(document.to_string(), "(secret)");
        let json: serde_json::Value = serde_json::from_str(document.text().unwrap()).unwrap();
        let entry = &json["auths"]["registry.example.org:5000"];
        assert_eq!(entry["username"], "me");
        assert_eq!(entry["auth"], "bWU6cGFzczp3b3Jk");
    }
}
