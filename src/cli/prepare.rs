//! From a stack file to a plan: what `validate`, `plan`, `deploy` and `start` share.

use std::collections::BTreeMap;
#[cfg(feature = "local")]
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
#[cfg(feature = "local")]
use std::thread;

use indexmap::IndexMap;
use serde_json::Value;

use super::app::App;
use super::args::StackArgs;
use super::connect::LOCAL_REGION;
use super::error::CommandError;
use super::findings::tidy;
use super::target::Target;
use crate::cloud::{self, Cloud};
use crate::diagnostic::{Diagnostic, Span, has_errors};
use crate::plan::{self, Desired, Identity, Package, Plan, Stranger};
use crate::stack;
#[cfg(feature = "local")]
use crate::stack::model::Function;
use crate::stack::model::{Stack, StateMachine};
use crate::tree::Value as Text;

/// A stack file, checked as far as it can be without a cloud.
pub(super) struct Checked {
    /// The stack, if it could be read at all.
    pub(super) stack: Option<Stack>,
    /// The packed code, complete if there is no error.
    packages: BTreeMap<String, Package>,
    /// Everything that was found.
    pub(super) findings: Vec<Diagnostic>,
}

/// A stack without errors, and its packed code.
pub(super) struct Ready {
    pub(super) stack: Stack,
    pub(super) packages: BTreeMap<String, Package>,
    /// What was found and shown.
    findings: Vec<Diagnostic>,
}

/// Everything that is needed to act.
pub(super) struct Prepared {
    pub(super) stack: Stack,
    pub(super) cloud: Cloud,
    pub(super) plan: Plan,
    /// What the stack file names under `outputs`.
    pub(super) outputs: IndexMap<String, Value>,
}

impl App {
    /// Checks a stack file for the chosen target, without a cloud: all findings at once.
    pub(super) fn check(&self, args: &StackArgs) -> Result<Checked, CommandError> {
        let target = self.chosen()?.target;
        let (stack, mut findings) = stack::load(&args.file, &args.set);
        let mut packages = BTreeMap::new();
        if let Some(stack) = &stack {
            if has_errors(&findings) {
                packages = stand_in_packages(stack);
            } else {
                let (packed, found) = pack(stack);
                packages = packed;
                findings.extend(found);
            }
            let identity = self.expected_identity(target);
            let (desired, found) = plan::resolve(stack, &packages, &identity);
            // Why code could not be packed has been said.
            findings.extend(found.into_iter().filter(|finding| finding.code != "no-package"));
            if target == Target::Local {
                findings.extend(missing_runtimes(stack));
                findings.extend(not_offered(stack));
                findings.extend(without_effect(stack));
                findings.extend(desired.iter().flat_map(|desired| unheard(stack, desired)));
                findings.extend(desired.iter().flat_map(not_executable));
            }
        }
        Ok(Checked {
            stack,
            packages,
            findings: tidy(findings),
        })
    }

    /// Checks a stack file and shows what was found; an error if it cannot be used.
    pub(super) fn ready(&self, args: &StackArgs) -> Result<Ready, CommandError> {
        let checked = self.check(args)?;
        let file = args.file.display().to_string();
        self.show(&file, &checked.findings)?;
        match checked.stack {
            Some(stack) => Ok(Ready {
                stack,
                packages: checked.packages,
                findings: checked.findings,
            }),
            None => Err(CommandError::wrong(format!("{file} cannot be read"))),
        }
    }

    /// Connects and makes the plan.
    pub(super) async fn prepare(&self, args: &StackArgs, adopt: bool) -> Result<Prepared, CommandError> {
        let Ready {
            stack,
            packages,
            findings: shown,
        } = self.ready(args)?;
        let cloud = self.connect().await?;

        let (desired, found) = plan::resolve(&stack, &packages, cloud.identity());
        // What was found without the cloud has been shown.
        let new: Vec<Diagnostic> = found.into_iter().filter(|finding| !shown.contains(finding)).collect();
        self.show(&stack.name, &tidy(new))?;
        let desired = desired.ok_or_else(|| CommandError::wrong(format!("{} cannot be resolved", stack.name)))?;
        self.services_are_there(&desired)?;

        let observed = cloud.observe(&stack.name, Some(&desired)).await?;
        let plan = match plan::deploy(&desired, &observed, adopt) {
            Ok(plan) => plan,
            Err(findings) => {
                self.show(&format!("the plan of {}", stack.name), &findings)?;
                return Err(CommandError::wrong(format!("{} cannot be planned", stack.name)));
            }
        };
        Ok(Prepared {
            stack,
            cloud,
            plan,
            outputs: desired.outputs,
        })
    }

    /// The outputs of a stack, as far as its file can be read.
    pub(super) fn outputs(&self, cloud: &Cloud, file: &Path, set: &[(String, String)]) -> IndexMap<String, Value> {
        let (Some(stack), _) = stack::load(file, set) else {
            return IndexMap::new();
        };
        let (desired, _) = plan::resolve(&stack, &stand_in_packages(&stack), cloud.identity());
        desired.map(|desired| desired.outputs).unwrap_or_default()
    }

    /// What of the stack file's names is there and not the stack's. A file that is broken or gone names nothing.
    pub(super) async fn strangers(
        &self,
        cloud: &Cloud,
        file: &Path,
        set: &[(String, String)],
    ) -> Result<Vec<Stranger>, CommandError> {
        let (Some(stack), _) = stack::load(file, set) else {
            return Ok(Vec::new());
        };
        let (Some(desired), _) = plan::resolve(&stack, &stand_in_packages(&stack), cloud.identity()) else {
            return Ok(Vec::new());
        };
        let observed = cloud.observe(&stack.name, Some(&desired)).await?;
        Ok(plan::strangers(&desired, &observed))
    }

    /// Says when what is deployed is not what the stack file says: what is started is what is deployed.
    pub(super) async fn note_differences(
        &self,
        cloud: &Cloud,
        stack: &Stack,
        machine: &StateMachine,
    ) -> Result<(), CommandError> {
        let (Some(desired), _) = plan::resolve(stack, &stand_in_packages(stack), cloud.identity()) else {
            return Ok(());
        };
        let wanted = desired
            .state_machines
            .values()
            .find(|wanted| wanted.name == machine.name);
        if let Some(wanted) = wanted
            && let Some(there) = cloud.deployed_definition(&wanted.arn).await?
            && there != wanted.definition
        {
            self.note(format!(
                "the stack file has another definition of {} than is deployed: what is deployed is started",
                machine.name
            ));
        }
        Ok(())
    }

    /// Where a stack would be deployed to, as far as that is known without asking: enough to check references.
    fn expected_identity(&self, target: Target) -> Identity {
        Identity {
            target: target.name().to_owned(),
            partition: "aws".to_owned(),
            account: "000000000000".to_owned(),
            region: self.global.region.clone().unwrap_or_else(|| LOCAL_REGION.to_owned()),
            endpoint: None,
        }
    }
}

/// Packs the code of every function.
fn pack(stack: &Stack) -> (BTreeMap<String, Package>, Vec<Diagnostic>) {
    let mut packages = BTreeMap::new();
    let mut findings = Vec::new();
    for (id, function) in &stack.functions {
        match cloud::package(&function.code) {
            Ok(package) => {
                packages.insert(id.clone(), package);
            }
            Err(error) => findings.push(
                Diagnostic::error(
                    "cannot-package",
                    format!("the code of `{id}` cannot be packed: {}", whole(&error)),
                )
                .at(function.span.as_ref()),
            ),
        }
    }
    (packages, findings)
}

/// An error with what caused it.
fn whole(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// For when only names and findings are wanted, which do not depend on the code.
fn stand_in_packages(stack: &Stack) -> BTreeMap<String, Package> {
    let nothing = Package {
        bytes: Arc::new(Vec::new()),
        sha256: String::new(),
    };
    stack.functions.keys().map(|id| (id.clone(), nothing.clone())).collect()
}

/// Functions whose runtime is not on this machine.
#[cfg(feature = "local")]
fn missing_runtimes(stack: &Stack) -> Vec<Diagnostic> {
    // Finding out starts the interpreter: once for each runtime, and all at once.
    let runtimes: BTreeSet<&str> = stack.functions.values().map(|function| &*function.runtime).collect();
    let problems: BTreeMap<&str, String> = thread::scope(|scope| {
        let asked: Vec<_> = runtimes
            .into_iter()
            .map(|runtime| (runtime, scope.spawn(|| crate::local::lambda::runtime_problem(runtime))))
            .collect();
        let problem = |(runtime, asked): (_, thread::ScopedJoinHandle<'_, _>)| Some((runtime, asked.join().ok()??));
        asked.into_iter().filter_map(problem).collect()
    });
    let problem = |(id, function): (&String, &Function)| {
        let problem = problems.get(&*function.runtime)?;
        let message = format!("function `{id}` cannot run here: {problem}");
        Some(Diagnostic::error("runtime-not-here", message).at(function.span.as_ref()))
    };
    stack.functions.iter().filter_map(problem).collect()
}

/// What the local cloud would refuse to create.
fn not_offered(stack: &Stack) -> Vec<Diagnostic> {
    let refused = |what: String, span: &Option<Span>| {
        let message = format!("{what}, which the local cloud does not offer yet");
        Diagnostic::error("not-executable-locally", message).at(span.as_ref())
    };
    let mut found = Vec::new();
    for (id, function) in &stack.functions {
        if !function.layers.is_empty() {
            found.push(refused(format!("function `{id}` has layers"), &function.span));
        }
    }
    found
}

/// What the local cloud keeps and does nothing with: on AWS there is more to see.
fn without_effect(stack: &Stack) -> impl Iterator<Item = Diagnostic> {
    let traced = stack.state_machines.iter().filter(|(_, machine)| machine.tracing);
    traced.map(|(id, machine)| {
        let message = format!("state machine `{id}` has tracing, but the local cloud writes no X-Ray traces");
        Diagnostic::warning("no-effect-locally", message).at(machine.span.as_ref())
    })
}

/// Subscriptions that the local cloud keeps and sends nothing to: they are not on this machine.
fn unheard(stack: &Stack, desired: &Desired) -> Vec<Diagnostic> {
    let all = desired
        .subscriptions
        .iter()
        .filter(|wanted| wanted.leaves_this_machine());
    all.map(|wanted| {
        let (id, protocol, endpoint) = (&wanted.topic_id, &wanted.protocol, &wanted.endpoint);
        let message = format!(
            "topic `{id}` has a subscription of `{protocol}` to `{endpoint}`, but the local cloud sends nothing off this machine"
        );
        let topic = stack.topics.get(id);
        let written = topic.and_then(|topic| {
            let mut written = topic.subscriptions.iter();
            written.find(|written| written.endpoint.value == Text::String(endpoint.clone()))
        });
        let span = written.and_then(|written| written.span.as_ref());
        let span = span.or_else(|| topic.and_then(|topic| topic.span.as_ref()));
        Diagnostic::warning("no-effect-locally", message).at(span)
    })
    .collect()
}

/// What the local cloud does not execute yet.
#[cfg(feature = "local")]
fn not_executable(desired: &Desired) -> Vec<Diagnostic> {
    desired
        .state_machines
        .values()
        .flat_map(|machine| crate::local::sfn::unsupported(&machine.model))
        .collect()
}

#[cfg(not(feature = "local"))]
fn missing_runtimes(_stack: &Stack) -> Vec<Diagnostic> {
    Vec::new()
}

#[cfg(not(feature = "local"))]
fn not_executable(_desired: &Desired) -> Vec<Diagnostic> {
    Vec::new()
}
