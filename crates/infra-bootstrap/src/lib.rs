//! The shared bootstrap stage: stack items and the catalogue, as nodes of the graph.
