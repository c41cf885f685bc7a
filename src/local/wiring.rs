//! How the services of the local cloud know each other: each says what it needs, here it is given to them.

use std::sync::Arc;

use super::api::{ApiError, Call, Pending, Reply, Service};
use super::iam::Iam;
use super::lambda::{Lambda, RoleStanding, Surroundings};
use super::logs::Logs;
use super::sfn::{LambdaTasks, StepFunctions};
use super::store::{Store, StoreError};
use super::sts::Sts;
use super::{Place, clock, random};

/// The services over a store, by the name in the credential scope. To be called inside a Tokio runtime.
pub(super) fn services(store: &Store, place: &Place) -> Result<Vec<(&'static str, Arc<dyn Service>)>, StoreError> {
    let iam = Arc::new(Iam::open(store.clone())?);
    let logs = Arc::new(Logs::open(store.clone())?);
    let surroundings = Around {
        iam: iam.clone(),
        logs: logs.clone(),
        endpoint: place.endpoint.clone(),
    };
    let lambda = Lambda::new(store.clone(), &place.folder, Arc::new(surroundings))?;
    let now: super::sfn::Clock = Arc::new(clock::now);
    let tasks = LambdaTasks::new(Arc::new(lambda.clone()), now.clone());
    let states = StepFunctions::open(store.clone(), Arc::new(tasks), iam.clone(), now)?;
    // Closed in this order: executions stop calling functions before functions end.
    Ok(vec![
        ("states", Arc::new(states)),
        ("lambda", Arc::new(lambda)),
        ("iam", iam),
        ("sts", Arc::new(Sts)),
        ("logs", logs),
    ])
}

/// What is around Lambda.
struct Around {
    iam: Arc<Iam>,
    logs: Arc<Logs>,
    endpoint: String,
}

impl Surroundings for Around {
    fn role(&self, arn: &str) -> Result<RoleStanding, StoreError> {
        let role = self.iam.role(arn)?;
        Ok(match role.is_some_and(|role| role.trusts("lambda.amazonaws.com")) {
            true => RoleStanding::Assumable,
            false => RoleStanding::NotAssumable,
        })
    }

    fn log(&self, region: &str, group: &str, stream: &str, lines: Vec<(u64, String)>) -> Result<(), StoreError> {
        self.logs.put(region, group, stream, lines)
    }

    fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    fn now_ms(&self) -> u64 {
        clock::now()
    }

    fn uuid(&self) -> String {
        random::uuid()
    }
}

impl Service for Lambda {
    fn call(&self, call: Call) -> Pending<'_, Result<Reply, ApiError>> {
        Box::pin(self.handle(call))
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async { self.shutdown() })
    }
}
