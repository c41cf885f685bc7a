//! Laws of planning, held against random stacks and a model of AWS in memory.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::observed::{ObservedFunction, ObservedLogGroup, ObservedMachine, ObservedRole};
use super::permissions::Inference;
use super::work::TagChange;
use super::*;
use crate::stack::model::{self, MachineKind, Stack};
use crate::tree::Node;

pub(super) fn identity() -> Identity {
    Identity {
        target: "local".into(),
        partition: "aws".into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
        endpoint: None,
    }
}

pub(super) fn package(content: &str) -> Package {
    Package {
        bytes: Arc::new(content.as_bytes().to_vec()),
        sha256: format!("sha of {content}"),
    }
}

pub(super) fn stack() -> Stack {
    Stack {
        name: "s".into(),
        description: None,
        file: "s.yaml".into(),
        isolation: None,
        parameters: IndexMap::new(),
        functions: IndexMap::new(),
        roles: IndexMap::new(),
        state_machines: IndexMap::new(),
        topics: IndexMap::new(),
        queues: IndexMap::new(),
        tables: IndexMap::new(),
        outputs: IndexMap::new(),
        tags: IndexMap::new(),
        tests: Vec::new(),
        start: None,
    }
}

pub(super) fn function(name: &str) -> model::Function {
    model::Function {
        span: None,
        name: format!("s-{name}"),
        code: name.into(),
        runtime: "nodejs22.x".into(),
        handler: "index.handler".into(),
        timeout: 3,
        memory: 128,
        environment: IndexMap::new(),
        description: None,
        architecture: None,
        layers: Vec::new(),
        log_retention: None,
        role: None,
        tags: IndexMap::new(),
    }
}

pub(super) fn role(name: &str) -> model::Role {
    model::Role {
        span: None,
        name: name.into(),
        path: "/".into(),
        description: None,
        managed_policies: Vec::new(),
        statements: Vec::new(),
        tags: IndexMap::new(),
    }
}

pub(super) fn machine(name: &str, definition: &Value) -> model::StateMachine {
    model::StateMachine {
        span: None,
        name: format!("s-{name}"),
        definition: Node::from_json(definition),
        kind: MachineKind::Standard,
        role: None,
        logging: None,
        tracing: false,
        tags: IndexMap::new(),
    }
}

/// A definition with one Task state for each resource, in a row.
pub(super) fn calling(resources: &[String]) -> Value {
    let mut states = serde_json::Map::new();
    for (at, resource) in resources.iter().enumerate() {
        let next = format!("S{}", at + 1);
        states.insert(
            format!("S{at}"),
            json!({ "Type": "Task", "Resource": resource, "Next": next }),
        );
    }
    states.insert(format!("S{}", resources.len()), json!({ "Type": "Succeed" }));
    json!({ "StartAt": "S0", "States": states })
}

pub(super) fn desired(stack: &Stack) -> Desired {
    let packages = stack.functions.iter().map(|(id, function)| {
        // The code is what the file is called, so that generated stacks can change it.
        (id.clone(), package(&function.code.display().to_string()))
    });
    let (desired, found) = resolve(stack, &packages.collect(), &identity());
    desired.unwrap_or_else(|| panic!("{found:?}"))
}

/// AWS, as far as a plan can tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Model(pub(super) Observed);

impl Model {
    /// Executes a step.
    pub(super) fn execute(&mut self, work: &Work) {
        let there = &mut self.0;
        match work {
            Work::CreateRole(role) => {
                let policy = role
                    .policy
                    .clone()
                    .map(|policy| (names::POLICY_NAME.to_owned(), policy));
                let made = ObservedRole {
                    name: role.name.clone(),
                    path: role.path.clone(),
                    arn: role.arn.clone(),
                    description: role.description.clone(),
                    trust: role.trust.clone(),
                    policies: policy.into_iter().collect(),
                    managed_policies: role.managed_policies.iter().cloned().collect(),
                    tags: role.tags.clone(),
                };
                assert!(
                    there.roles.insert(role.name.clone(), made).is_none(),
                    "{} was there",
                    role.name
                );
            }
            Work::UpdateRole(update) => {
                let role = there.roles.get_mut(&update.name).unwrap();
                role.trust = update.trust.clone().unwrap_or_else(|| role.trust.clone());
                role.description = update.description.clone().unwrap_or_else(|| role.description.clone());
                let put = update
                    .put_policy
                    .clone()
                    .map(|policy| (names::POLICY_NAME.to_owned(), policy));
                role.policies.extend(put);
                role.policies.retain(|name, _| !update.delete_policies.contains(name));
                role.managed_policies.extend(update.attach.iter().cloned());
                role.managed_policies.retain(|arn| !update.detach.contains(arn));
                tag(&mut role.tags, &update.tags);
            }
            Work::DeleteRole { name } => drop(there.roles.remove(name).unwrap()),
            Work::CreateLogGroup(group) => {
                let made = ObservedLogGroup {
                    name: group.name.clone(),
                    arn: group.arn.clone(),
                    retention: group.retention,
                    tags: group.tags.clone(),
                };
                assert!(there.log_groups.insert(group.name.clone(), made).is_none());
            }
            Work::UpdateLogGroup(update) => {
                let group = there.log_groups.get_mut(&update.name).unwrap();
                group.retention = update.retention.or(group.retention);
                tag(&mut group.tags, &update.tags);
            }
            Work::DeleteLogGroup { name } => drop(there.log_groups.remove(name).unwrap()),
            Work::CreateFunction(function) => {
                self.role_exists(&function.role);
                let made = observed_function(function);
                assert!(self.0.functions.insert(function.name.clone(), made).is_none());
            }
            Work::UpdateFunction(update) => {
                let wanted = observed_function(&update.function);
                let function = there.functions.get_mut(&wanted.name).unwrap();
                let before = function.clone();
                if update.configuration {
                    *function = ObservedFunction {
                        architecture: before.architecture.clone(),
                        code_sha256: before.code_sha256,
                        tags: before.tags.clone(),
                        ..wanted.clone()
                    };
                }
                if update.code {
                    function.code_sha256 = wanted.code_sha256;
                    function.architecture = wanted.architecture;
                }
                function.state = "Active".into();
                function.last_update = "Successful".into();
                tag(&mut function.tags, &update.tags);
                let role = function.role.clone();
                self.role_exists(&role);
            }
            Work::DeleteFunction { name } => drop(there.functions.remove(name).unwrap()),
            Work::CreateMachine(machine) => {
                self.role_exists(&machine.role);
                let made = observed_machine(machine);
                assert!(self.0.state_machines.insert(machine.name.clone(), made).is_none());
            }
            Work::UpdateMachine(update) => {
                let wanted = observed_machine(&update.machine);
                let machine = there.state_machines.get_mut(&wanted.name).unwrap();
                if update.configuration {
                    let (tags, kind) = (machine.tags.clone(), machine.kind.clone());
                    *machine = ObservedMachine { tags, kind, ..wanted };
                }
                tag(&mut machine.tags, &update.tags);
                let role = machine.role.clone();
                self.role_exists(&role);
            }
            Work::CreateQueue(_)
            | Work::UpdateQueue(_)
            | Work::DeleteQueue { .. }
            | Work::CreateTable(_)
            | Work::UpdateTable(_)
            | Work::DeleteTable { .. }
            | Work::CreateTopic(_)
            | Work::UpdateTopic(_)
            | Work::DeleteTopic { .. }
            | Work::CreateSubscription(_)
            | Work::UpdateSubscription(_)
            | Work::DeleteSubscription { .. } => super::laws_data::execute(there, work),
            Work::DeleteMachine { arn } => there.state_machines.retain(|_, machine| machine.arn != *arn),
        }
    }

    fn role_exists(&self, arn: &str) {
        let ours = arn.contains(":000000000000:");
        assert!(
            !ours || self.0.roles.values().any(|role| role.arn == arn),
            "{arn} is not there yet"
        );
    }

    /// Executes a plan in some order that its needs allow.
    pub(super) fn apply(&mut self, plan: &Plan, order: &[usize]) {
        self.apply_watched(plan, order, |_| {});
    }

    fn apply_watched(&mut self, plan: &Plan, order: &[usize], mut watch: impl FnMut(&Model)) {
        let mut waiting: Vec<&Step> = plan.steps.iter().collect();
        let mut done: Vec<&str> = Vec::new();
        let mut choices = order.iter().cycle();
        while !waiting.is_empty() {
            let ready: Vec<usize> = (0..waiting.len())
                .filter(|at| waiting[*at].needs.iter().all(|need| done.contains(&need.as_str())))
                .collect();
            assert!(!ready.is_empty(), "nothing can be done of {waiting:?}");
            let choice = choices.next().copied().unwrap_or_default();
            let step = waiting.remove(ready[choice % ready.len()]);
            self.execute(&step.work);
            done.push(&step.id);
            watch(self);
        }
    }

    /// Every machine's role allows what its definition of the moment needs.
    fn check_permissions(&self) {
        for machine in self.0.state_machines.values() {
            let Some(role) = self.0.roles.values().find(|role| role.arn == machine.role) else {
                continue;
            };
            let model = crate::asl::parse(&Node::from_json(&machine.definition)).0.unwrap();
            let identity = identity();
            let mut needed = Inference::new(&identity);
            needed.machine(&machine.name, &model);
            let needed = policy::document(needed.grants.statements());
            let nothing = policy::document(Vec::new());
            let allowed = role.policies.get(names::POLICY_NAME).unwrap_or(&nothing);
            let (lacks, _) = policy::direction(allowed, &policy::union(allowed, &needed));
            assert!(!lacks, "{} is allowed {allowed}, and needs {needed}", machine.name);
        }
    }
}

pub(super) fn tag(tags: &mut desired::Tags, change: &TagChange) {
    tags.extend(change.set.clone());
    tags.retain(|key, _| !change.remove.contains(key));
}

fn observed_function(function: &DesiredFunction) -> ObservedFunction {
    ObservedFunction {
        name: function.name.clone(),
        arn: function.arn.clone(),
        role: function.role.clone(),
        runtime: function.runtime.clone(),
        handler: function.handler.clone(),
        timeout: function.timeout,
        memory: function.memory,
        environment: function.environment.clone(),
        description: function.description.clone(),
        architecture: function.architecture.clone(),
        layers: function.layers.clone(),
        code_sha256: function.package.sha256.clone(),
        is_image: false,
        state: "Active".into(),
        last_update: "Successful".into(),
        tags: function.tags.clone(),
    }
}

fn observed_machine(machine: &DesiredMachine) -> ObservedMachine {
    ObservedMachine {
        name: machine.name.clone(),
        arn: machine.arn.clone(),
        definition: machine.definition.clone(),
        role: machine.role.clone(),
        kind: machine.kind.as_str().into(),
        status: "ACTIVE".into(),
        logging: machine.logging.clone(),
        tracing: machine.tracing,
        tags: machine.tags.clone(),
    }
}

/// None: a role of its own; else one of the stack's or one from elsewhere.
fn any_role() -> impl Strategy<Value = Option<String>> {
    prop::sample::select(vec![
        None,
        Some("R0"),
        Some("R1"),
        Some("arn:aws:iam::111122223333:role/other"),
    ])
    .prop_map(|role| role.map(str::to_owned))
}

fn any_tags() -> impl Strategy<Value = IndexMap<String, String>> {
    prop::collection::btree_map("[ab]", "[xy]", 0..2).prop_map(|tags| tags.into_iter().collect())
}

fn any_function(name: &'static str) -> impl Strategy<Value = model::Function> {
    (
        1_u32..3,
        "[ab]",
        "[ab]{0,1}",
        any_role(),
        prop::option::of(7_u32..9),
        any_tags(),
        any::<bool>(),
    )
        .prop_map(
            move |(timeout, code, variable, role, log_retention, tags, arm)| model::Function {
                timeout,
                code: format!("{name}{code}").into(),
                environment: IndexMap::from([("V".to_owned(), variable)]),
                role,
                log_retention,
                tags,
                architecture: arm.then(|| "arm64".to_owned()),
                ..function(name)
            },
        )
}

fn any_machine(name: &'static str) -> impl Strategy<Value = model::StateMachine> {
    let calls = prop::collection::vec(0_usize..4, 1..4);
    let level = prop::option::of(prop::sample::select(vec!["ALL", "OFF"]));
    (calls, any_role(), any::<bool>(), level, any::<bool>(), any_tags()).prop_map(
        move |(calls, role, express, level, tracing, tags)| {
            let resources = calls.iter().map(|at| match at {
                3 => "arn:aws:lambda:us-east-1:111122223333:function:elsewhere".to_owned(),
                at => format!("${{F{at}.Arn}}"),
            });
            model::StateMachine {
                kind: if express {
                    MachineKind::Express
                } else {
                    MachineKind::Standard
                },
                role,
                logging: level.map(|level| model::Logging {
                    level: level.into(),
                    include_execution_data: true,
                }),
                tracing,
                tags,
                ..machine(name, &calling(&resources.collect::<Vec<_>>()))
            }
        },
    )
}

prop_compose! {
    fn any_stack()(
        functions in (any_function("F0"), any_function("F1"), any_function("F2")),
        machines in (prop::option::of(any_machine("M0")), prop::option::of(any_machine("M1"))),
        statement in prop::option::of(prop::sample::select(vec!["s3:GetObject", "s3:PutObject"])),
        managed in any::<bool>(),
        moved in any::<bool>(),
        data in super::laws_data::any_data(),
        tags in any_tags(),
    ) -> Stack {
        let mut stack = Stack { tags, ..stack() };
        let (f0, f1, f2) = functions;
        for (id, function) in [("F0", f0), ("F1", f1), ("F2", f2)] {
            stack.functions.insert(id.into(), function);
        }
        for (id, machine) in [("M0", machines.0), ("M1", machines.1)] {
            stack.state_machines.extend(machine.map(|machine| (id.to_owned(), machine)));
        }
        let statements = statement.map(|action| json!({ "Effect": "Allow", "Action": action, "Resource": "*" }));
        let managed = managed.then(|| "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
        stack.roles.insert("R0".into(), model::Role {
            statements: statements.into_iter().collect(),
            managed_policies: managed.into_iter().collect(),
            ..role("R0")
        });
        let path = if moved { "/p/" } else { "/" };
        stack.roles.insert("R1".into(), model::Role { path: path.into(), ..role("R1") });
        super::laws_data::add(&mut stack, &data);
        // Functions that nobody calls come and go.
        let called = |id: &str| {
            let written = format!("${{{id}.Arn}}");
            stack.state_machines.values().any(|machine| machine.definition.to_json().to_string().contains(&written))
        };
        let uncalled: Vec<String> = stack.functions.keys().filter(|id| !called(id)).cloned().collect();
        stack.functions.retain(|id, _| !uncalled.contains(id) || id == "F0");
        stack
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applying_a_plan_leaves_nothing_to_do(stacks in prop::collection::vec(any_stack(), 1..4), order in prop::collection::vec(0_usize..100, 16)) {
        let mut model = Model::default();
        for stack in &stacks {
            let desired = desired(stack);
            let plan = deploy(&desired, &model.0, false).unwrap();
            // A role that moves is away for a moment: its users have no permissions then.
            let moves = plan.notes.iter().any(|note| note.contains("moves from path"));
            model.apply_watched(&plan, &order, |model| if !moves { model.check_permissions() });
            let again = deploy(&desired, &model.0, false).unwrap();
            prop_assert!(again.is_empty(), "{again:#?}");
            prop_assert!(!model.0.is_gone("s"));
        }
        let plan = teardown("s", &model.0, &identity(), false);
        model.apply(&plan, &order);
        prop_assert!(model.0.is_gone("s"));
        prop_assert!(teardown("s", &model.0, &identity(), false).is_empty());
        prop_assert!(model.0.roles.is_empty() && model.0.functions.is_empty() && model.0.log_groups.is_empty());
        prop_assert!(super::laws_data::is_empty(&model.0));
    }

    #[test]
    fn a_deploy_cut_off_anywhere_converges(before in any_stack(), after in any_stack(), done in 0_usize..20, order in prop::collection::vec(0_usize..100, 16)) {
        let mut model = Model::default();
        model.apply(&deploy(&desired(&before), &model.0, false).unwrap(), &order);
        let desired = desired(&after);
        let plan = deploy(&desired, &model.0, false).unwrap();
        // Steps stand in an order in which their needs are met.
        for step in plan.steps.iter().take(done) {
            model.execute(&step.work);
        }
        model.apply(&deploy(&desired, &model.0, false).unwrap(), &order);
        let again = deploy(&desired, &model.0, false).unwrap();
        prop_assert!(again.is_empty(), "{again:#?}");
    }

    #[test]
    fn teardown_takes_nothing_of_others(ours in any_stack(), theirs in any_stack(), order in prop::collection::vec(0_usize..100, 16)) {
        let mut model = Model::default();
        model.apply(&deploy(&desired(&theirs), &model.0, false).unwrap(), &order);
        let relabel = |tags: &mut desired::Tags| drop(tags.insert(OWNER_TAG.into(), "t".into()));
        let mut other = Observed::default();
        let name = |name: &str| format!("t-{name}");
        for role in model.0.roles.values() {
            let mut role = role.clone();
            relabel(&mut role.tags);
            other.roles.insert(name(&role.name), ObservedRole { name: name(&role.name), ..role });
        }
        for function in model.0.functions.values() {
            let mut function = function.clone();
            relabel(&mut function.tags);
            other.functions.insert(name(&function.name), ObservedFunction { name: name(&function.name), ..function });
        }
        let mut model = Model(other.clone());
        model.apply(&deploy(&desired(&ours), &model.0, false).unwrap(), &order);
        model.apply(&teardown("s", &model.0, &identity(), false), &order);
        prop_assert_eq!(&model.0.roles, &other.roles);
        prop_assert_eq!(&model.0.functions, &other.functions);
        let again: BTreeMap<_, _> = model.0.state_machines;
        prop_assert!(again.is_empty());
    }
}
