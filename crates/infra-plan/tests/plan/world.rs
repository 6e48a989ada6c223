//! A small world to plan in: kinds, desired nodes, records and what is observed.

use std::collections::{BTreeMap, BTreeSet};

use infra_event::Action;
use infra_plan::{
    Address, Approvals, Field, Graph, IdentityClass, Kind, Marker, Node, Observed, Operation,
    Ownership, Plan, Planner, PlanningError, Purpose, Readiness, Record, Value,
};

const fn kind(name: &'static str, fields: &'static [Field]) -> Kind {
    Kind {
        name,
        fields,
        identity: IdentityClass::MarkedAtCreate,
        protected: false,
        waits: false,
        exclusive_within: None,
        dies_with: None,
        expected_seconds: 10.0,
    }
}

/// Every kind of the test world.
pub(crate) static KINDS: [Kind; 5] = [
    Kind {
        protected: true,
        waits: true,
        expected_seconds: 300.0,
        ..kind(
            "cluster",
            &[
                Field::replace("region"),
                Field::update("version"),
                Field::update("token").secret(),
                Field::at_create("template"),
            ],
        )
    },
    Kind {
        waits: true,
        exclusive_within: Some("cluster"),
        dies_with: Some("cluster"),
        ..kind("node_pool", &[Field::replace("cluster"), Field::replace("size")])
    },
    Kind { protected: true, ..kind("address", &[Field::replace("region")]) },
    Kind {
        waits: true,
        dies_with: Some("cluster"),
        ..kind("manifests", &[Field::update("cluster")])
    },
    kind("network", &[Field::replace("base"), Field::update("secret").secret()]),
];

/// Reads an address.
pub(crate) fn at(text: &str) -> Address {
    text.parse().unwrap()
}

/// A map of inputs.
pub(crate) fn inputs<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::map(entries)
}

/// A reference such as `cluster.main#id`.
pub(crate) fn refer(text: &str) -> Value {
    let (address, path) = text.split_once('#').unwrap();
    Value::reference(&at(address), path)
}

/// A node; the kind is told by the address, `CLUSTER/ITEM` being manifests.
pub(crate) fn node(address: &str, inputs: Value) -> Node {
    let address = at(address);
    let kind = match address.cluster() {
        Some(_) => "manifests",
        None => address.as_str().split('.').next().unwrap(),
    };
    let provider = if address.cluster().is_some() { "kubernetes" } else { "cloud" };
    Node::new(address.clone(), kind, provider, inputs)
}

/// Everything that a plan is made from.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) nodes: Vec<Node>,
    pub(crate) records: BTreeMap<Address, Record>,
    pub(crate) observed: BTreeMap<Address, Observed>,
    pub(crate) approvals: Approvals,
    pub(crate) targets: BTreeSet<Address>,
    pub(crate) replace: BTreeSet<Address>,
    /// How many ids were given.
    pub(crate) ids: usize,
}

impl World {
    /// A world in which these are desired and nothing is there.
    pub(crate) fn desiring(nodes: impl IntoIterator<Item = Node>) -> Self {
        Self { nodes: nodes.into_iter().collect(), ..Self::default() }
    }

    /// A world in which these are desired, there, and as desired.
    pub(crate) fn holding(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut world = Self::desiring(nodes);
        let plan = world.plan();
        assert_eq!(plan.refusals, [], "a world that can be made");
        world.apply(&plan);
        assert_eq!(lines(&world.plan()), Vec::<String>::new());
        world
    }

    pub(crate) fn graph(&self) -> Graph {
        Graph::new(self.nodes.iter().cloned()).unwrap()
    }

    pub(crate) fn try_plan(&self, purpose: Purpose) -> Result<Plan, PlanningError> {
        let planner = Planner {
            graph: &self.graph(),
            records: &self.records,
            observed: &self.observed,
            kinds: &|_, name| KINDS.iter().find(|kind| kind.name == name),
            purpose,
            approvals: &self.approvals,
            targets: &self.targets,
            replace: &self.replace,
            expected: &|_, _| None,
            deployment: Marker { name: "hub".to_owned(), deployment: "d1".to_owned() },
            inputs_digest: "digest".to_owned(),
            notes: Vec::new(),
        };
        planner.plan()
    }

    /// The plan of `up`, which must be consistent in itself.
    pub(crate) fn plan(&self) -> Plan {
        let plan = self.try_plan(Purpose::Apply).unwrap();
        assert_eq!(infra_plan::check(&plan), Vec::<String>::new());
        plan
    }

    /// The plan of `down`, which must be consistent in itself.
    pub(crate) fn destroy(&self) -> Plan {
        let plan = self.try_plan(Purpose::Destroy).unwrap();
        assert_eq!(infra_plan::check(&plan), Vec::<String>::new());
        plan
    }

    pub(crate) fn node_mut(&mut self, address: &str) -> &mut Node {
        let address = at(address);
        self.nodes.iter_mut().find(|node| node.address == address).unwrap()
    }

    /// Sets an input of a desired node.
    pub(crate) fn set(&mut self, address: &str, field: &str, value: impl Into<Value>) {
        let Value::Map(inputs) = &mut self.node_mut(address).inputs else { panic!("no map") };
        inputs.insert(field.to_owned(), value.into());
    }

    /// Takes a node out of the file.
    pub(crate) fn drop_node(&mut self, address: &str) {
        let address = at(address);
        self.nodes.retain(|node| node.address != address);
    }

    pub(crate) fn seen(&mut self, address: &str) -> &mut Observed {
        self.observed.get_mut(&at(address)).unwrap()
    }

    pub(crate) fn record(&mut self, address: &str) -> &mut Record {
        self.records.get_mut(&at(address)).unwrap()
    }

    /// Something that is there and of which the state knows nothing.
    pub(crate) fn put_there(&mut self, address: &str, id: &str, fields: Value) {
        let observed = Observed {
            fields,
            outputs: Value::map([("id", Value::from(id))]),
            readiness: Readiness::Ready,
            ..Observed::ready(id)
        };
        self.observed.insert(at(address), observed);
    }

    /// Agrees to everything that would need a word.
    pub(crate) fn agree_to_all(&mut self) {
        let all: BTreeSet<_> = self
            .nodes
            .iter()
            .map(|node| node.address.clone())
            .chain(self.records.keys().cloned())
            .collect();
        self.approvals = Approvals { delete: all.clone(), replace: all, include_adopted: false };
    }
}

/// The operations as `create cluster.main`, in their order.
pub(crate) fn lines(plan: &Plan) -> Vec<String> {
    plan.operations.iter().map(line).collect()
}

pub(crate) fn line(operation: &Operation) -> String {
    format!("{} {}", operation.action, operation.address)
}

/// Whether the operation `first` is waited for by `then`, directly or through others.
pub(crate) fn waits_for(plan: &Plan, then: &str, first: &str) -> bool {
    let find = |text: &str| {
        plan.operations
            .iter()
            .find(|operation| line(operation) == text)
            .unwrap_or_else(|| panic!("no `{text}` in {:?}", lines(plan)))
    };
    let (then, first) = (find(then), find(first));
    let mut left = then.after.clone();
    while let Some(id) = left.pop() {
        if id == first.id {
            return true;
        }
        left.extend(plan.operation(id).unwrap().after.iter().copied());
    }
    false
}

/// What is done to an address.
pub(crate) fn actions(plan: &Plan, address: &str) -> Vec<Action> {
    let address = at(address);
    plan.operations
        .iter()
        .filter(|operation| operation.address == address)
        .map(|operation| operation.action)
        .collect()
}

/// The codes of the refusals with their addresses.
pub(crate) fn refusals(plan: &Plan) -> Vec<String> {
    plan.refusals
        .iter()
        .map(|refusal| format!("{} {}", refusal.code, refusal.address.clone().unwrap_or_default()))
        .collect()
}

/// A cluster with a pool, a network, an address and an item that needs all of them.
pub(crate) fn hub() -> Vec<Node> {
    let cluster = inputs([
        ("region", "ams3".into()),
        ("version", "1.33".into()),
        ("network", refer("network.main#id")),
        ("token", Value::secret("hunter2")),
    ]);
    let pool = inputs([
        ("cluster", refer("cluster.main#id")),
        ("size", "s-2vcpu-4gb".into()),
        ("count", 3_u32.into()),
    ]);
    let item = inputs([
        ("cluster", refer("cluster.main#id")),
        ("host", Value::Joined(vec!["http://".into(), refer("address.hub#ip"), "/".into()])),
    ]);
    let mut item = node("main/arl", item);
    item.after = vec![at("node_pool.main/default")];
    vec![
        node("network.main", inputs([("base", "10.0.0.0/16".into())])),
        node("cluster.main", cluster),
        node("node_pool.main/default", pool),
        node("address.hub", inputs([("region", "ams3".into())])),
        item,
    ]
}

/// The same with another owner.
pub(crate) fn owned_as(mut node: Node, ownership: Ownership) -> Node {
    node.ownership = ownership;
    node
}
