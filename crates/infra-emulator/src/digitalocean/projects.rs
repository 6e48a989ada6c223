//! Projects and the resources that are assigned to them.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::call::Call;
use super::fields::{self, Fields, has_form};
use super::paging::page;
use super::reply::{ApiError, Outcome, Reply};
use super::state::Project;
use crate::runtime::Dates;

const ENVIRONMENTS: [&str; 3] = ["Development", "Staging", "Production"];

impl Project {
    fn json(&self, owner: &str) -> Value {
        json!({
            "id": self.id,
            "owner_uuid": owner,
            "owner_id": 258_992,
            "name": self.name,
            "description": self.description,
            "purpose": self.purpose,
            "environment": self.environment,
            "is_default": self.is_default,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

fn owner(call: &Call<'_>) -> String {
    call.state.seed().uuid("account")
}

/// The id itself, or that of the default project for `default`.
fn id_of(call: &Call<'_>, id: &str) -> Result<String, ApiError> {
    let id = if id == "default" { call.state.default_project() } else { id.to_owned() };
    if call.state.projects.contains_key(&id) { Ok(id) } else { Err(ApiError::not_found()) }
}

pub(super) fn list(call: &mut Call<'_>) -> Outcome {
    let owner = owner(call);
    let projects = call.state.projects.values().map(|project| project.json(&owner)).collect();
    Reply::ok(page(&call.address(), &call.query, "projects", projects)?)
}

pub(super) fn get(call: &mut Call<'_>, id: &str) -> Outcome {
    let id = id_of(call, id)?;
    let owner = owner(call);
    Reply::ok(
        json!({ "project": call.state.projects.get(&id).map(|project| project.json(&owner)) }),
    )
}

fn limited<'a>(fields: &Fields<'a>, name: &str, most: usize) -> Result<Option<&'a str>, ApiError> {
    match fields.text(name)? {
        Some(text) if text.chars().count() > most => Err(ApiError::unprocessable(format!(
            "{name} is too long (maximum is {most} characters)"
        ))),
        text => Ok(text),
    }
}

fn free_name(call: &Call<'_>, name: &str, own: &str) -> Result<(), ApiError> {
    if call.state.projects.values().any(|project| project.name == name && project.id != own) {
        return Err(ApiError::conflict("name is already in use"));
    }
    Ok(())
}

pub(super) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    let name = limited(&fields, "name", 175)?.ok_or_else(|| fields::missing("name"))?;
    let purpose = limited(&fields, "purpose", 255)?.ok_or_else(|| fields::missing("purpose"))?;
    free_name(call, name, "")?;
    let now = Dates::date_now();
    let project = Project {
        id: call.state.uuid("project", name),
        name: name.to_owned(),
        description: limited(&fields, "description", 255)?.unwrap_or_default().to_owned(),
        purpose: purpose.to_owned(),
        environment: fields
            .choice("environment", &ENVIRONMENTS)?
            .unwrap_or("Development")
            .to_owned(),
        is_default: false,
        created_at: now.clone(),
        updated_at: now,
        resources: IndexMap::new(),
    };
    let reply = project.json(&owner(call));
    call.state.projects.insert(project.id.clone(), project);
    Reply::created(json!({ "project": reply }))
}

/// `PUT` (all fields) and `PATCH`.
pub(super) fn update(call: &mut Call<'_>, id: &str) -> Outcome {
    let id = id_of(call, id)?;
    let body = call.body()?;
    let fields = Fields::of(&body)?;
    if call.method == "PUT" {
        for name in ["name", "description", "purpose", "environment", "is_default"] {
            fields.value(name).ok_or_else(|| fields::missing(name))?;
        }
    }
    let name = limited(&fields, "name", 175)?;
    if let Some(name) = name {
        free_name(call, name, &id)?;
    }
    let (description, purpose) =
        (limited(&fields, "description", 255)?, limited(&fields, "purpose", 255)?);
    let environment = fields.choice("environment", &ENVIRONMENTS)?;
    if fields.boolean("is_default")? == Some(true) {
        for project in call.state.projects.values_mut() {
            project.is_default = project.id == id;
        }
    }
    let owner = owner(call);
    let project = call.state.projects.get_mut(&id).ok_or_else(ApiError::not_found)?;
    for (field, given) in [
        (&mut project.name, name),
        (&mut project.description, description),
        (&mut project.purpose, purpose),
        (&mut project.environment, environment),
    ] {
        if let Some(given) = given {
            given.clone_into(field);
        }
    }
    project.updated_at = Dates::date_now();
    Reply::ok(json!({ "project": project.json(&owner) }))
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Outcome {
    let id = id_of(call, id)?;
    let refuse = |message: &str| Err(ApiError::new(http::StatusCode::PRECONDITION_FAILED, message));
    match call.state.projects.get(&id) {
        Some(project) if project.is_default => refuse("cannot delete a default project"),
        Some(project) if !project.resources.is_empty() => {
            refuse("cannot delete a project with resources. move or remove the resources first")
        }
        _ => {
            call.state.projects.shift_remove(&id);
            Reply::nothing()
        }
    }
}

fn resource(call: &Call<'_>, urn: &str, date: &str, status: &str) -> Value {
    let mut parts = urn.splitn(3, ':').skip(1);
    let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let folder = match kind {
        "kubernetes" => "kubernetes/clusters",
        "floatingip" | "reservedip" => "reserved_ips",
        "loadbalancer" => "load_balancers",
        "volume" => "volumes",
        "droplet" => "droplets",
        other => other,
    };
    let link = format!("{}/v2/{folder}/{id}", call.base);
    json!({ "urn": urn, "assigned_at": date, "links": { "self": link }, "status": status })
}

pub(super) fn list_resources(call: &mut Call<'_>, id: &str) -> Outcome {
    let id = id_of(call, id)?;
    let project = call.state.projects.get(&id).ok_or_else(ApiError::not_found)?;
    let list =
        project.resources.iter().map(|(urn, date)| resource(call, urn, date, "ok")).collect();
    Reply::ok(page(&call.address(), &call.query, "resources", list)?)
}

pub(super) fn assign(call: &mut Call<'_>, id: &str) -> Outcome {
    let id = id_of(call, id)?;
    let body = call.body()?;
    let urns = Fields::of(&body)?.texts("resources")?.unwrap_or_default();
    let form = "^do:(dbaas|domain|droplet|floatingip|reservedip|loadbalancer|space|volume|kubernetes|vpc):.+";
    if let Some(wrong) = urns.iter().find(|urn| !has_form(urn, form)) {
        return Err(ApiError::unprocessable(format!("{wrong} is not a valid URN")));
    }
    let now = Dates::date_now();
    let mut replies = Vec::new();
    for urn in urns {
        let already = call
            .state
            .projects
            .get(&id)
            .is_some_and(|project| project.resources.contains_key(&urn));
        for project in call.state.projects.values_mut() {
            if project.id == id {
                project.resources.entry(urn.clone()).or_insert_with(|| now.clone());
            } else {
                project.resources.shift_remove(&urn);
            }
        }
        let status = if already { "already_assigned" } else { "assigned" };
        replies.push(resource(call, &urn, &now, status));
    }
    Reply::ok(json!({ "resources": replies }))
}
