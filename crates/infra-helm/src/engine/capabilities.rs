//! `.Capabilities`: what the cluster can do, or is assumed to.

use std::rc::Rc;

use crate::value::{Object, Parameter, Signature, Value};

/// What a cluster offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The version of Kubernetes as it names itself, such as `v1.33.4-gke.1245000`.
    pub kube_version: String,
    /// Group versions, and `group/version/Kind` where a cluster was asked.
    pub api_versions: Vec<String>,
    /// The version of Helm that charts are told.
    pub helm_version: String,
    /// The version of Go that charts are told Helm was built with.
    pub go_version: String,
}

/// The group versions Helm 4.2 assumes without a cluster.
const KNOWN: &str = "v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 \
    admissionregistration.k8s.io/v1beta1 internal.apiserver.k8s.io/v1alpha1 apps/v1 apps/v1beta1 apps/v1beta2 \
    authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1 authorization.k8s.io/v1 \
    authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 batch/v1 batch/v1beta1 certificates.k8s.io/v1 \
    certificates.k8s.io/v1beta1 certificates.k8s.io/v1alpha1 coordination.k8s.io/v1alpha2 \
    coordination.k8s.io/v1beta1 coordination.k8s.io/v1 discovery.k8s.io/v1 discovery.k8s.io/v1beta1 \
    events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1 \
    flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 flowcontrol.apiserver.k8s.io/v1beta3 \
    networking.k8s.io/v1 networking.k8s.io/v1beta1 node.k8s.io/v1 node.k8s.io/v1alpha1 node.k8s.io/v1beta1 \
    policy/v1 policy/v1beta1 rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1 \
    rbac.authorization.k8s.io/v1alpha1 resource.k8s.io/v1 resource.k8s.io/v1beta2 resource.k8s.io/v1beta1 \
    resource.k8s.io/v1alpha3 scheduling.k8s.io/v1alpha2 scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 \
    storage.k8s.io/v1beta1 storage.k8s.io/v1 storage.k8s.io/v1alpha1 storagemigration.k8s.io/v1beta1 \
    apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1";

impl Default for Capabilities {
    /// What `helm template` of Helm 4.2.3 assumes.
    fn default() -> Self {
        Self {
            kube_version: "v1.36.0".to_owned(),
            api_versions: KNOWN.split_whitespace().map(str::to_owned).collect(),
            helm_version: "v4.2".to_owned(),
            go_version: "go1.26.6".to_owned(),
        }
    }
}

impl Capabilities {
    /// The version without what vendors append: `v1.33.4`.
    pub(crate) fn normalised_version(&self) -> String {
        let (numbers, _) = self.numbers();
        format!("v{}", numbers.join("."))
    }

    /// The leading numbers, and major and minor.
    fn numbers(&self) -> (Vec<String>, [String; 2]) {
        let text = self.kube_version.trim_start_matches('v');
        let end =
            text.find(|rune: char| !(rune.is_ascii_digit() || rune == '.')).unwrap_or(text.len());
        let numbers: Vec<String> =
            text[..end].split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let part = |index: usize| numbers.get(index).cloned().unwrap_or_default();
        let pair = [part(0), part(1)];
        (numbers, pair)
    }

    pub(super) fn value(&self) -> Value {
        let (_, [major, minor]) = self.numbers();
        let full = if self.kube_version.starts_with('v') {
            self.kube_version.clone()
        } else {
            format!("v{}", self.kube_version)
        };
        let kube = KubeVersion { full, normalised: self.normalised_version(), major, minor };
        let kube_client = format!("v{}.{}", kube.major, kube.minor);
        Value::Object(Rc::new(Root {
            kube: Value::Object(Rc::new(kube)),
            versions: Value::Object(Rc::new(VersionSet(self.api_versions.clone()))),
            helm: Value::Object(Rc::new(BuildInfo {
                version: self.helm_version.clone(),
                go_version: self.go_version.clone(),
                kube_client,
            })),
        }))
    }
}

#[derive(Debug)]
struct Root {
    kube: Value,
    versions: Value,
    helm: Value,
}

impl Object for Root {
    fn type_name(&self) -> &str {
        "*common.Capabilities"
    }

    fn kind_name(&self) -> &str {
        "ptr"
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("KubeVersion", self.kube.clone()),
            ("APIVersions", self.versions.clone()),
            ("HelmVersion", self.helm.clone()),
        ]
    }
}

#[derive(Debug)]
struct KubeVersion {
    full: String,
    normalised: String,
    major: String,
    minor: String,
}

impl Object for KubeVersion {
    fn type_name(&self) -> &str {
        "common.KubeVersion"
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::string(&self.full)),
            ("Major", Value::string(&self.major)),
            ("Minor", Value::string(&self.minor)),
        ]
    }

    fn shown_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.fields();
        fields.insert(1, ("normalizedVersion", Value::string(&self.normalised)));
        fields
    }

    fn printed(&self) -> Option<Vec<u8>> {
        Some(self.normalised.clone().into_bytes())
    }

    fn method(&self, name: &[u8]) -> Option<Signature> {
        let known = matches!(name, b"String" | b"GitVersion");
        known.then_some(Signature { fixed: &[], variadic: None, returns_interface: false })
    }

    fn call(&self, name: &[u8], _: &[Value]) -> Result<Value, String> {
        Ok(Value::string(if name == b"String" { &self.normalised } else { &self.full }))
    }
}

#[derive(Debug)]
struct VersionSet(Vec<String>);

impl Object for VersionSet {
    fn type_name(&self) -> &str {
        "common.VersionSet"
    }

    fn kind_name(&self) -> &str {
        "slice"
    }

    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        let entries = self.0.iter().enumerate();
        let index = |index: usize| Value::int(i64::try_from(index).unwrap_or(i64::MAX));
        Some(entries.map(|(at, text)| (index(at), Value::string(text))).collect())
    }

    fn method(&self, name: &[u8]) -> Option<Signature> {
        (name == b"Has").then_some(Signature {
            fixed: &[Parameter::String],
            variadic: None,
            returns_interface: false,
        })
    }

    fn call(&self, _: &[u8], arguments: &[Value]) -> Result<Value, String> {
        let Some(Value::String(wanted)) = arguments.first() else { return Ok(Value::Bool(false)) };
        Ok(Value::Bool(self.0.iter().any(|own| own.as_bytes() == &**wanted)))
    }

    fn truth(&self) -> bool {
        !self.0.is_empty()
    }
}

#[derive(Debug)]
struct BuildInfo {
    version: String,
    go_version: String,
    kube_client: String,
}

impl Object for BuildInfo {
    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Version", Value::string(&self.version)),
            ("GitCommit", Value::string("")),
            ("GitTreeState", Value::string("")),
            ("GoVersion", Value::string(&self.go_version)),
            ("KubeClientVersion", Value::string(&self.kube_client)),
        ]
    }

    fn json_name(&self, field: &'static str) -> &'static str {
        match field {
            "Version" => "version",
            // Empty, and left out.
            "GitCommit" | "GitTreeState" => "",
            "GoVersion" => "go_version",
            _ => "kube_client_version",
        }
    }
}
