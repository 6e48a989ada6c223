//! A simulated cloud that executes operations and holds them to the rules: nothing is made twice, nothing is deleted that is in use,
//! nothing is forgotten that is still there, and no input is unknown when it is needed.

use infra_event::Action;
use infra_plan::{
    Address, Observed, OnChange, Operation, Ownership, Plan, Readiness, Record, Value, resolve,
};

use crate::world::{KINDS, World, line};

impl World {
    /// Executes a plan in its order.
    pub(crate) fn apply(&mut self, plan: &Plan) {
        for operation in &plan.operations {
            self.execute(plan, operation);
        }
    }

    /// Executes one operation.
    pub(crate) fn execute(&mut self, plan: &Plan, operation: &Operation) {
        match operation.action {
            Action::Create => self.create(operation),
            Action::Update => self.update(operation),
            Action::Adopt => self.adopt(operation),
            Action::Wait => self.wait(operation),
            Action::Delete => self.delete(plan, operation),
            Action::Forget => {
                let there = self.observed.contains_key(&operation.address);
                assert!(
                    !there || operation.ownership != Ownership::Owned,
                    "{} would be orphaned",
                    operation.address
                );
                self.records.remove(&operation.address);
            }
            Action::Read | Action::Replace => panic!("{} is not executable", line(operation)),
        }
    }

    /// The inputs with the outputs that they are bound to, all of them known.
    fn bound_inputs(&self, operation: &Operation) -> Value {
        let inputs = resolve(&operation.inputs, &|reference| {
            let seen = self.observed.get(&reference.address)?;
            assert_eq!(seen.readiness, Readiness::Ready, "{reference} is used before it is ready");
            seen.outputs.at(&reference.path).cloned()
        });
        assert!(
            inputs.to_clear_json().is_some(),
            "{} with unknown inputs {inputs:?}",
            line(operation)
        );
        inputs
    }

    fn create(&mut self, operation: &Operation) {
        let address = &operation.address;
        assert!(!self.observed.contains_key(address), "{address} is made twice");
        for needed in &operation.depends_on {
            let ready = self.observed.get(needed).map(|seen| seen.readiness.clone());
            assert_eq!(ready, Some(Readiness::Ready), "{needed}, which {address} needs");
        }
        self.ids += 1;
        let id = format!("{}-{}", operation.kind, self.ids);
        let waits = KINDS.iter().any(|kind| kind.name == operation.kind && kind.waits);
        let readiness = if waits {
            Readiness::Pending { reason: "booting".to_owned(), blocked: None }
        } else {
            Readiness::Ready
        };
        let inputs = self.bound_inputs(operation);
        let observed = Observed {
            fields: told(operation, &inputs),
            outputs: outputs(&id, !waits),
            readiness,
            ..Observed::ready(&id)
        };
        self.observed.insert(address.clone(), observed);
        self.keep(operation, inputs);
    }

    fn update(&mut self, operation: &Operation) {
        let inputs = self.bound_inputs(operation);
        let seen = self.observed.get_mut(&operation.address).expect("what is changed is there");
        assert_eq!(operation.prior_id.as_ref(), Some(&seen.id));
        for change in &operation.changes {
            assert_eq!(change.effect, infra_plan::Effect::Update, "{}", operation.address);
        }
        seen.fields = told(operation, &inputs);
        self.keep(operation, inputs);
    }

    fn adopt(&mut self, operation: &Operation) {
        let seen = self.observed.get(&operation.address).expect("what is adopted is there");
        assert!(seen.ours || operation.ownership == Ownership::Adopted);
        // What the API tells is what the state knows from now on; an update follows if that is not what is desired.
        let inputs = resolve(&operation.inputs, &|reference| {
            self.observed.get(&reference.address)?.outputs.at(&reference.path).cloned()
        });
        self.keep(operation, inputs);
    }

    fn wait(&mut self, operation: &Operation) {
        let seen = self.observed.get_mut(&operation.address).expect("what is waited for is there");
        seen.readiness = Readiness::Ready;
        let outputs = outputs(&seen.id, true);
        seen.outputs = outputs.clone();
        if let Some(record) = self.records.get_mut(&operation.address) {
            record.outputs = outputs;
        }
    }

    fn keep(&mut self, operation: &Operation, inputs: Value) {
        let seen = self.observed.get(&operation.address).expect("what is recorded is there");
        let record = Record {
            address: operation.address.clone(),
            kind: operation.kind.clone(),
            provider: operation.provider.clone(),
            id: seen.id.clone(),
            inputs,
            outputs: seen.outputs.clone(),
            ownership: operation.ownership,
            depends_on: operation.depends_on.clone(),
            protected: operation.protected,
            objects: Vec::new(),
        };
        self.records.insert(operation.address.clone(), record);
    }

    fn delete(&mut self, plan: &Plan, operation: &Operation) {
        let address = &operation.address;
        self.assert_unused(plan, operation);
        if let Some(seen) = self.observed.get(address) {
            assert_eq!(operation.prior_id.as_ref(), Some(&seen.id), "{address}");
            assert!(seen.ours || operation.ownership == Ownership::Adopted, "{address} is foreign");
            self.vanish(&address.clone());
        }
        self.records.remove(address);
    }

    /// Removes a resource and all that dies with it, as the cloud does.
    pub(crate) fn vanish(&mut self, address: &Address) {
        let Some(seen) = self.observed.remove(address) else { return };
        let inside: Vec<_> = self
            .observed
            .iter()
            .filter(|(address, inside)| {
                let kind = crate::world::node(address.as_str(), Value::Null).kind;
                let kind = KINDS.iter().find(|one| one.name == kind).unwrap();
                let container = kind.dies_with.and_then(|field| inside.fields.get(field));
                container.and_then(Value::text) == Some(seen.id.as_str())
            })
            .map(|(address, _)| address.clone())
            .collect();
        for address in inside {
            self.vanish(&address);
        }
    }

    /// What is deleted for good is used by nothing that stays, and by nothing that is still to be deleted by a call of its own.
    fn assert_unused(&self, plan: &Plan, operation: &Operation) {
        let goes = |address: &Address| {
            plan.operations
                .iter()
                .find(|operation| {
                    operation.address == *address
                        && matches!(operation.action, Action::Delete | Action::Forget)
                })
                .map(|operation| operation.action)
        };
        let users = self.records.values().filter(|record| {
            record.depends_on.contains(&operation.address)
                && self.observed.contains_key(&record.address)
        });
        for user in users {
            // Records of different runs may contradict each other; then either order is right.
            if self.depends(&operation.address, &user.address) {
                continue;
            }
            let deleted_later = goes(&user.address) == Some(Action::Delete);
            assert!(
                !deleted_later,
                "{} is deleted before {}, which needs it",
                operation.address, user.address
            );
            if plan.destroy || goes(&user.address).is_some() {
                continue;
            }
            // What stays may have stopped needing it without a change that its record would show.
            let still_needs = plan
                .graph
                .get(&user.address)
                .is_some_and(|node| node.dependencies().contains(&operation.address));
            assert!(
                !still_needs || operation.replaces,
                "{} is deleted while {} needs it",
                operation.address,
                user.address
            );
        }
    }

    /// Whether `from` depends on `to`, directly or not, as the records have it.
    fn depends(&self, from: &Address, to: &Address) -> bool {
        let mut left = vec![from.clone()];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(address) = left.pop() {
            if address == *to {
                return true;
            }
            if let Some(record) = self.records.get(&address) {
                left.extend(
                    record.depends_on.iter().filter(|on| seen.insert((*on).clone())).cloned(),
                );
            }
        }
        false
    }
}

/// The outputs: the id at once, the rest when it is ready.
fn outputs(id: &str, ready: bool) -> Value {
    let ip = if ready { Value::from(format!("ip-of-{id}")) } else { Value::Null };
    let access = Value::map([("server", Value::from(format!("https://{id}")))]);
    Value::map([
        ("id", Value::from(id)),
        ("ip", ip),
        ("password", Value::secret(format!("password-of-{id}"))),
        ("access", if ready { access } else { Value::Null }),
    ])
}

/// What the API tells: neither secrets nor what only counts at the beginning.
fn told(operation: &Operation, inputs: &Value) -> Value {
    let kind = KINDS.iter().find(|kind| kind.name == operation.kind).unwrap();
    let Value::Map(inputs) = inputs else { return Value::Null };
    let tells = |name: &str, value: &Value| {
        let field = kind.field(name);
        field.on_change != OnChange::Nothing && !field.secret && !value.has_secret()
    };
    Value::Map(
        inputs
            .iter()
            .filter(|(name, value)| tells(name, value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}
