//! The shared bootstrap stage: stack items and the catalogue, as nodes of the graph.
pub struct ExpandRequest<'a> {
    pub spec: &'a infra_spec::Spec,
    pub files: &'a dyn infra_spec::FileReader,
    pub cloud_nodes: &'a [infra_plan::Node],
}
pub fn expand(
    _: &ExpandRequest<'_>,
) -> Result<Vec<infra_plan::Node>, Vec<infra_event::Diagnostic>> {
    Ok(vec![])
}
pub fn resources() -> Vec<std::sync::Arc<dyn infra_provider::Resource>> {
    vec![]
}
