//! [`expand`]: one node per image and registry. The layout is read now, so that the plan shows when it has changed.

use std::collections::HashSet;

use infra_event::{Diagnostic, ExitCode};
use infra_plan::{Address, Node, Value};
use infra_spec::model::{Image, Spec};
use infra_spec::{FileReader, Location};

use crate::image::KIND;
use crate::layout::Layout;

/// Instance of the nodes of this crate: they belong to no cloud.
const INSTANCE: &str = "infra";

/// The images of the file as nodes: `image.NAME/REGISTRY`; further tags of the same name are `image.NAME:TAG/REGISTRY`.
///
/// # Errors
/// All layouts that are missing or damaged, with the place in the file, the file of the layout and what to do.
pub fn expand(spec: &Spec, files: &dyn FileReader) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let mut names: HashSet<&str> = HashSet::new();
    let mut nodes = Vec::new();
    let mut problems = Vec::new();
    for image in &spec.images {
        let first = names.insert(&image.name);
        let folder = image.oci_layout.resolve();
        let layout = match Layout::read(&folder, &image.tag, files) {
            Ok(layout) => layout,
            Err(error) => {
                let summary = format!("the layout of the image `{}` cannot be used", image.name);
                let mut problem = Diagnostic::error("image-layout", summary)
                    .set(error.next_step(&image.oci_layout.written, &image.tag))
                    .exit(ExitCode::Invalid);
                problem.causes.push(error.to_string());
                problems.push(at(problem, &image.oci_layout.location));
                continue;
            }
        };
        let folder = folder.to_string_lossy().into_owned();
        nodes.extend(image.to.iter().map(|to| node(image, to.as_str(), first, &folder, &layout)));
    }
    if problems.is_empty() { Ok(nodes) } else { Err(problems) }
}

fn at(problem: Diagnostic, location: &Location) -> Diagnostic {
    Diagnostic { location: Some(location.into()), ..problem }
}

fn node(image: &Image, registry: &str, first: bool, folder: &str, layout: &Layout) -> Node {
    let at = Address::of("registry", registry);
    let name = if first { image.name.clone() } else { format!("{}:{}", image.name, image.tag) };
    let inputs = Value::map([
        ("name", Value::from(image.name.as_str())),
        ("registry", Value::from(at.as_str())),
        ("registry_id", Value::reference(&at, "id")),
        ("host", Value::reference(&at, "host")),
        ("path", Value::reference(&at, "path")),
        ("repository", Value::from(image.name.as_str())),
        ("tag", Value::from(image.tag.as_str())),
        ("digest", Value::from(layout.digest())),
        ("layout", Value::from(folder)),
    ]);
    let address = Address::of(KIND.name, format!("{name}/{registry}"));
    let mut node = Node::new(address, KIND.name, INSTANCE, inputs);
    node.note = Some(format!("{} in {} blobs", size(layout.size()), layout.blobs.len()));
    node
}

/// Bytes as people read them.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    let mut amount = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{amount:.1} {unit}") }
}
