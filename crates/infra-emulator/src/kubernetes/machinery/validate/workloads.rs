//! Controllers of pods, jobs, autoscalers and disruption budgets.

use serde_json::{Value, json};

use super::errors::Errors;
use super::{cluster_parts, names, pod};
use crate::kubernetes::machinery::selector::LabelSelector;

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Checks `metav1.LabelSelector`.
pub(super) fn label_selector(selector: &Value, field: &str, errors: &mut Errors) {
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        for error in names::qualified(key) {
            errors.invalid_text(format!("{field}.matchLabels"), key, &error);
        }
        let value = value.as_str().unwrap_or_default();
        for error in names::label_value(value) {
            errors.invalid_text(format!("{field}.matchLabels"), value, &error);
        }
    }
    let expressions = selector["matchExpressions"].as_array();
    for (index, expression) in expressions.into_iter().flatten().enumerate() {
        let field = format!("{field}.matchExpressions[{index}]");
        let some = expression["values"].as_array().is_some_and(|values| !values.is_empty());
        match text(expression, "operator") {
            "In" | "NotIn" if !some => errors.required(
                format!("{field}.values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            ),
            "Exists" | "DoesNotExist" if some => errors.forbidden(
                format!("{field}.values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.invalid_text(
                format!("{field}.operator"),
                other,
                "not a valid selector operator",
            ),
        }
        for error in names::qualified(text(expression, "key")) {
            errors.invalid_text(format!("{field}.key"), text(expression, "key"), &error);
        }
    }
}

/// The selector must be given, not be empty and match the template's labels; the template must be sound.
fn selector_and_template(spec: &Value, empty: &str, errors: &mut Errors) {
    let selector = &spec["selector"];
    if selector.is_null() {
        errors.required("spec.selector", "");
    } else {
        label_selector(selector, "spec.selector", errors);
        let blank = |key: &str| match &selector[key] {
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => true,
        };
        if blank("matchLabels") && blank("matchExpressions") {
            errors.invalid("spec.selector", selector, empty);
        }
    }
    let labels = &spec["template"]["metadata"]["labels"];
    let matches =
        !selector.is_null() && LabelSelector::from_object(selector).matches(&spec["template"]);
    if !matches {
        errors.invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        );
    }
    pod::template(&spec["template"], "spec.template", errors);
}

fn always_restarts(spec: &Value, errors: &mut Errors) {
    let template = &spec["template"]["spec"];
    let policy = text(template, "restartPolicy");
    if policy != "Always" {
        errors.unsupported("spec.template.spec.restartPolicy", policy, &["Always"]);
    }
    if !template["activeDeadlineSeconds"].is_null() {
        errors.forbidden(
            "spec.template.spec.activeDeadlineSeconds",
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        );
    }
}

pub(super) fn deployment(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    errors.not_negative("spec.replicas", &spec["replicas"]);
    selector_and_template(spec, "empty selector is invalid for deployment", errors);
    always_restarts(spec, errors);
    deployment_strategy(&spec["strategy"], errors);
    errors.not_negative("spec.minReadySeconds", &spec["minReadySeconds"]);
    errors.not_negative("spec.revisionHistoryLimit", &spec["revisionHistoryLimit"]);
    let deadline = &spec["progressDeadlineSeconds"];
    errors.not_negative("spec.progressDeadlineSeconds", deadline);
    let ready = spec["minReadySeconds"].as_i64().unwrap_or(0);
    if deadline.as_i64().is_some_and(|seconds| seconds <= ready) {
        errors.invalid(
            "spec.progressDeadlineSeconds",
            deadline,
            "must be greater than minReadySeconds",
        );
    }
}

fn deployment_strategy(strategy: &Value, errors: &mut Errors) {
    let rolling = &strategy["rollingUpdate"];
    match text(strategy, "type") {
        "Recreate" => {
            if !rolling.is_null() {
                errors.forbidden(
                    "spec.strategy.rollingUpdate",
                    "may not be specified when strategy `type` is 'Recreate'",
                );
            }
        }
        "RollingUpdate" if rolling.is_null() => {
            errors.required(
                "spec.strategy.rollingUpdate",
                "this should be defaulted and never be nil",
            );
        }
        "RollingUpdate" => rolling_update(rolling, "spec.strategy.rollingUpdate", errors),
        other => {
            errors.unsupported("spec.strategy.type", other, &["Recreate", "RollingUpdate"]);
        }
    }
}

fn rolling_update(rolling: &Value, field: &str, errors: &mut Errors) {
    for key in ["maxUnavailable", "maxSurge"] {
        int_or_percent(&rolling[key], &format!("{field}.{key}"), errors);
    }
    let zero = |value: &Value| {
        value.as_i64() == Some(0) || value.as_str().is_some_and(|text| text == "0%")
    };
    if zero(&rolling["maxUnavailable"]) && zero(&rolling["maxSurge"]) {
        errors.invalid(
            format!("{field}.maxUnavailable"),
            &rolling["maxUnavailable"],
            "may not be 0 when `maxSurge` is 0",
        );
    }
    not_over_all(&rolling["maxUnavailable"], &format!("{field}.maxUnavailable"), errors);
}

fn int_or_percent(value: &Value, field: &str, errors: &mut Errors) {
    match value {
        Value::String(text) => {
            let digits = text.strip_suffix('%');
            if digits.is_none_or(|d| d.is_empty() || !d.bytes().all(|b| b.is_ascii_digit())) {
                errors.invalid_text(
                    field,
                    text,
                    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
                );
            }
        }
        number => errors.not_negative(field, number),
    }
}

fn not_over_all(value: &Value, field: &str, errors: &mut Errors) {
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok());
    if percent.is_some_and(|percent| percent > 100) {
        errors.invalid(field, value, "must not be greater than 100%");
    }
}

pub(super) fn replica_set(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    errors.not_negative("spec.replicas", &spec["replicas"]);
    errors.not_negative("spec.minReadySeconds", &spec["minReadySeconds"]);
    selector_and_template(spec, "empty selector is invalid for deployment", errors);
    always_restarts(spec, errors);
}

pub(super) fn replication_controller(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    errors.not_negative("spec.replicas", &spec["replicas"]);
    let selector = spec["selector"].as_object().cloned().unwrap_or_default();
    if selector.is_empty() {
        errors.required("spec.selector", "");
    }
    let labels = &spec["template"]["metadata"]["labels"];
    if selector.iter().any(|(key, value)| labels.get(key) != Some(value)) {
        errors.invalid(
            "spec.template.metadata.labels",
            labels,
            "`selector` does not match template `labels`",
        );
    }
    if spec.get("template").is_none() {
        errors.required("spec.template", "");
    } else {
        pod::template(&spec["template"], "spec.template", errors);
        always_restarts(spec, errors);
    }
}

pub(super) fn daemon_set(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    selector_and_template(spec, "empty selector is invalid for daemonset", errors);
    always_restarts(spec, errors);
    errors.not_negative("spec.minReadySeconds", &spec["minReadySeconds"]);
    let strategy = &spec["updateStrategy"];
    match text(strategy, "type") {
        "RollingUpdate" => {
            let rolling = &strategy["rollingUpdate"];
            for key in ["maxUnavailable", "maxSurge"] {
                int_or_percent(
                    &rolling[key],
                    &format!("spec.updateStrategy.rollingUpdate.{key}"),
                    errors,
                );
            }
        }
        "OnDelete" => {}
        other => {
            errors.unsupported("spec.updateStrategy.type", other, &["OnDelete", "RollingUpdate"])
        }
    }
}

pub(super) fn stateful_set(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let management = text(spec, "podManagementPolicy");
    errors.one_of("spec.podManagementPolicy", management, &["OrderedReady", "Parallel"]);
    let strategy = &spec["updateStrategy"];
    match text(strategy, "type") {
        "RollingUpdate" => errors.not_negative(
            "spec.updateStrategy.rollingUpdate.partition",
            &strategy["rollingUpdate"]["partition"],
        ),
        "OnDelete" => {
            if !strategy["rollingUpdate"].is_null() {
                errors.invalid(
                    "spec.updateStrategy.rollingUpdate",
                    &strategy["rollingUpdate"],
                    "only allowed for updateStrategy 'RollingUpdate'",
                );
            }
        }
        "" => errors.required("spec.updateStrategy", ""),
        other => errors.invalid_text(
            "spec.updateStrategy",
            other,
            "must be 'RollingUpdate' or 'OnDelete'",
        ),
    }
    errors.not_negative("spec.replicas", &spec["replicas"]);
    errors.not_negative("spec.minReadySeconds", &spec["minReadySeconds"]);
    // Claims are mounted like volumes of their names.
    let mut with_claims = spec.clone();
    let claims: Vec<Value> = spec["volumeClaimTemplates"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|claim| json!({ "name": claim["metadata"]["name"] }))
        .collect();
    with_claims["template"]["spec"]["volumeClaimTemplates"] = Value::Array(claims);
    selector_and_template(&with_claims, "empty selector is invalid for statefulset", errors);
    always_restarts(spec, errors);
}

/// Only some fields of a stateful set may change.
pub(super) fn stateful_set_update(object: &Value, old: &Value, errors: &mut Errors) {
    let mutable = [
        "minReadySeconds",
        "ordinals",
        "persistentVolumeClaimRetentionPolicy",
        "replicas",
        "revisionHistoryLimit",
        "template",
        "updateStrategy",
    ];
    let fixed = |set: &Value| {
        let mut spec = set["spec"].as_object().cloned().unwrap_or_default();
        spec.retain(|key, _| !mutable.contains(&key.as_str()));
        spec
    };
    if fixed(object) != fixed(old) {
        errors.forbidden(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        );
    }
}

pub(super) fn job(object: &Value, errors: &mut Errors) {
    job_spec(&object["spec"], "spec", errors);
    let spec = &object["spec"];
    if spec["selector"].is_null() {
        errors.required("spec.selector", "");
    } else {
        label_selector(&spec["selector"], "spec.selector", errors);
        if !LabelSelector::from_object(&spec["selector"]).matches(&spec["template"]) {
            errors.invalid(
                "spec.template.metadata.labels",
                &spec["template"]["metadata"]["labels"],
                "`selector` does not match template `labels`",
            );
        }
    }
}

fn job_spec(spec: &Value, field: &str, errors: &mut Errors) {
    for key in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ] {
        errors.not_negative(format!("{field}.{key}"), &spec[key]);
    }
    let mode = text(spec, "completionMode");
    if !matches!(mode, "" | "NonIndexed" | "Indexed") {
        errors.unsupported(format!("{field}.completionMode"), mode, &["Indexed", "NonIndexed"]);
    }
    if mode == "Indexed" && spec["completions"].is_null() {
        errors.required(format!("{field}.completions"), "when completion mode is Indexed");
    }
    pod::template(&spec["template"], &format!("{field}.template"), errors);
    let policy = text(&spec["template"]["spec"], "restartPolicy");
    let place = format!("{field}.template.spec.restartPolicy");
    if policy == "Always" {
        errors.required(place, "valid values: \"OnFailure\", \"Never\"");
    } else if policy == "OnFailure" && !spec["podFailurePolicy"].is_null() {
        errors.invalid_text(
            place,
            policy,
            "only \"Never\" is supported when podFailurePolicy is specified",
        );
    }
}

pub(super) fn job_update(object: &Value, old: &Value, errors: &mut Errors) {
    let (new, was) = (&object["spec"], &old["spec"]);
    if text(new, "completionMode") != "Indexed" {
        errors.immutable("spec.completions", &new["completions"], &was["completions"]);
    }
    errors.immutable("spec.selector", &new["selector"], &was["selector"]);
    let suspended = was["suspend"].as_bool() == Some(true) && old["status"]["startTime"].is_null();
    let template = |spec: &Value| {
        let mut template = spec["template"].clone();
        if suspended {
            // A job that has not begun may still be placed elsewhere.
            for (part, keys) in [
                ("metadata", &["labels", "annotations"][..]),
                ("spec", &["nodeSelector", "tolerations", "schedulingGates", "affinity"][..]),
            ] {
                for key in keys {
                    if let Some(map) = template.get_mut(part).and_then(Value::as_object_mut) {
                        map.shift_remove(*key);
                    }
                }
            }
            let containers = template.get_mut("spec").and_then(|spec| spec.get_mut("containers"));
            for container in containers.and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(map) = container.as_object_mut() {
                    map.shift_remove("resources");
                }
            }
        }
        template
    };
    if template(new)["spec"] != template(was)["spec"] {
        errors.invalid("spec.template.spec", &new["template"]["spec"], "field is immutable");
    } else if template(new) != template(was) {
        errors.invalid("spec.template", &new["template"], "field is immutable");
    }
    errors.immutable("spec.completionMode", &new["completionMode"], &was["completionMode"]);
}

pub(super) fn cron_job(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let schedule = text(spec, "schedule");
    if schedule.is_empty() {
        errors.required("spec.schedule", "");
    } else if let Some(error) = schedule_error(schedule) {
        errors.invalid_text("spec.schedule", schedule, &error);
    }
    errors.not_negative("spec.startingDeadlineSeconds", &spec["startingDeadlineSeconds"]);
    errors.not_negative("spec.successfulJobsHistoryLimit", &spec["successfulJobsHistoryLimit"]);
    errors.not_negative("spec.failedJobsHistoryLimit", &spec["failedJobsHistoryLimit"]);
    errors.one_of(
        "spec.concurrencyPolicy",
        text(spec, "concurrencyPolicy"),
        &["Allow", "Forbid", "Replace"],
    );
    if let Some(zone) = spec["timeZone"].as_str()
        && !jiff::tz::db().is_definitively_empty()
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        errors.invalid_text("spec.timeZone", zone, &format!("unknown time zone {zone}"));
    }
    job_spec(&spec["jobTemplate"]["spec"], "spec.jobTemplate.spec", errors);
}

/// What is wrong with a schedule of five fields or a descriptor such as `@daily`.
fn schedule_error(schedule: &str) -> Option<String> {
    if schedule.contains("TZ=") {
        return Some("cannot use TZ or CRON_TZ in schedule, use timeZone field instead".into());
    }
    if let Some(descriptor) = schedule.strip_prefix('@') {
        let known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"]
            .contains(&descriptor);
        return (!known && !descriptor.starts_with("every "))
            .then(|| format!("unrecognized descriptor: {schedule}"));
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        return Some(format!(
            "expected exactly 5 fields, found {}: [{}]",
            fields.len(),
            fields.join(" ")
        ));
    }
    let limits = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
    fields.iter().zip(limits).find_map(|(field, limits)| field_error(field, limits))
}

fn field_error(field: &str, (low, high): (u32, u32)) -> Option<String> {
    const NAMES: &str =
        "jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat";
    let number = |text: &str| -> Result<(), String> {
        if NAMES.split(' ').any(|name| name.eq_ignore_ascii_case(text)) {
            return Ok(());
        }
        let value: u32 = text.parse().map_err(|_| {
            format!(
                "failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"
            )
        })?;
        if value < low {
            Err(format!("beginning of range ({value}) below minimum ({low}): {text}"))
        } else if value > high {
            Err(format!("end of range ({value}) above maximum ({high}): {text}"))
        } else {
            Ok(())
        }
    };
    for part in field.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        if step.parse::<u32>().ok().filter(|step| *step > 0).is_none() {
            return Some(format!("step of range should be a positive number: {part}"));
        }
        if matches!(range, "*" | "?") {
            continue;
        }
        for end in range.splitn(2, '-') {
            if let Err(error) = number(end) {
                return Some(error);
            }
        }
    }
    None
}

pub(super) fn autoscaler(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let (min, max) = (&spec["minReplicas"], &spec["maxReplicas"]);
    if min.as_i64().is_some_and(|number| number < 1) {
        errors.invalid("spec.minReplicas", min, "must be greater than or equal to 1");
    }
    let most = max.as_i64().unwrap_or(0);
    if most < 1 {
        if most == 0 {
            errors.required("spec.maxReplicas", "");
        } else {
            errors.invalid("spec.maxReplicas", max, "must be greater than or equal to 1");
        }
    }
    if min.as_i64().is_some_and(|least| most < least) {
        errors.invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`");
    }
    let target = &spec["scaleTargetRef"];
    for key in ["kind", "name"] {
        if text(target, key).is_empty() {
            errors.required(format!("spec.scaleTargetRef.{key}"), "");
        }
    }
    let version = text(target, "apiVersion");
    let core = ["ReplicationController", "Pod"].contains(&text(target, "kind"));
    if version.is_empty() && !core {
        errors.invalid_text("spec.scaleTargetRef.apiVersion", version, "must specify API group");
    }
    for (index, metric) in spec["metrics"].as_array().into_iter().flatten().enumerate() {
        cluster_parts::metric(metric, &format!("spec.metrics[{index}]"), errors);
    }
}

pub(super) fn disruption_budget(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
    }
    for key in ["minAvailable", "maxUnavailable"] {
        if !spec[key].is_null() {
            let field = format!("spec.{key}");
            int_or_percent(&spec[key], &field, errors);
            not_over_all(&spec[key], &field, errors);
        }
    }
    if !spec["selector"].is_null() {
        label_selector(&spec["selector"], "spec.selector", errors);
    }
    let policy = text(spec, "unhealthyPodEvictionPolicy");
    if !matches!(policy, "" | "AlwaysAllow" | "IfHealthyBudget") {
        errors.unsupported(
            "spec.unhealthyPodEvictionPolicy",
            policy,
            &["AlwaysAllow", "IfHealthyBudget"],
        );
    }
}
