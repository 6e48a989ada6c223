//! Values, kinds, addresses, graph, diff, planner and checker.
//!
//! Everything here is pure: no IO, no clock, no randomness. A desired [`Graph`], the prior [`Record`]s and what was [`Observed`] go in;
//! a [`Plan`] comes out, whose operations have every input bound, or bound by name to another operation's output.

mod address;
mod checker;
mod diff;
pub mod draw;
mod graph;
mod kind;
mod observed;
mod plan;
mod planner;
mod record;
pub mod show;
mod value;

pub use address::{Address, AddressError};
pub use checker::check;
pub use diff::{Change, Effect, diff};
pub use graph::{Graph, GraphError, Node, Ownership};
pub use kind::{Field, IdentityClass, Kind, OnChange};
pub use observed::{Observed, Readiness, Row};
pub use plan::{Operation, OperationId, PLAN_FORMAT, Plan};
pub use planner::{Approvals, Planner, PlanningError, Purpose};
pub use record::{Marker, Record};
pub use value::{Reference, Secret, Value, resolve};
