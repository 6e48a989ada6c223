//! Volumes, claims, storage classes, drivers.

use serde_json::{Value, json};

use super::fill::{set, set_zero, with};

pub(super) fn claim(object: &mut Value) {
    with(object, "spec", claim_spec);
    set(object, "status", json!({}));
    with(object, "status", |status| set_zero(status, "phase", json!("Pending")));
}

pub(super) fn claim_spec(spec: &mut Value) {
    set(spec, "volumeMode", json!("Filesystem"));
}

pub(super) fn volume(object: &mut Value) {
    with(object, "status", |status| set_zero(status, "phase", json!("Pending")));
    with(object, "spec", |spec| {
        set_zero(spec, "persistentVolumeReclaimPolicy", json!("Retain"));
        set(spec, "volumeMode", json!("Filesystem"));
        with(spec, "hostPath", |path| set(path, "type", json!("")));
        with(spec, "iscsi", |iscsi| set_zero(iscsi, "iscsiInterface", json!("default")));
        with(spec, "rbd", rbd);
        with(spec, "azureDisk", azure_disk);
        with(spec, "scaleIO", scale_io);
    });
}

pub(super) fn rbd(source: &mut Value) {
    set_zero(source, "pool", json!("rbd"));
    set_zero(source, "user", json!("admin"));
    set_zero(source, "keyring", json!("/etc/ceph/keyring"));
}

pub(super) fn azure_disk(source: &mut Value) {
    set(source, "cachingMode", json!("ReadWrite"));
    set(source, "kind", json!("Shared"));
    set(source, "fsType", json!("ext4"));
    set(source, "readOnly", json!(false));
}

pub(super) fn scale_io(source: &mut Value) {
    set_zero(source, "storageMode", json!("ThinProvisioned"));
    set_zero(source, "fsType", json!("xfs"));
}

pub(super) fn class(object: &mut Value) {
    set(object, "reclaimPolicy", json!("Delete"));
    set(object, "volumeBindingMode", json!("Immediate"));
}

pub(super) fn driver(object: &mut Value) {
    with(object, "spec", |spec| {
        set(spec, "attachRequired", json!(true));
        set(spec, "podInfoOnMount", json!(false));
        set(spec, "storageCapacity", json!(false));
        set(spec, "fsGroupPolicy", json!("ReadWriteOnceWithFSType"));
        set(spec, "volumeLifecycleModes", json!(["Persistent"]));
        set(spec, "requiresRepublish", json!(false));
        set(spec, "seLinuxMount", json!(false));
    });
}
