//! Server-side apply, readiness and watches against a Kubernetes API.
