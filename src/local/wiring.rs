//! How the services of the local cloud know each other: each says what it needs, here it is given to them.

use std::sync::Arc;

use super::api::Service;
use super::dynamodb::DynamoDb;
use super::events::Events;
use super::iam::Iam;
use super::inside::Inside;
use super::lambda::Lambda;
use super::logs::Logs;
use super::s3::S3;
use super::sfn::{self, Integrations, LambdaTasks, StepFunctions};
use super::sns::Sns;
use super::sqs::Sqs;
use super::store::{Store, StoreError};
use super::sts::Sts;
use super::{Place, clock};

/// A service and its name in credential scopes.
pub(super) type Named = (&'static str, Arc<dyn Service>);

/// The names of all services, for whoever asks before anything is open.
const NAMES: &[&str] = &[
    "iam", "sts", "logs", "dynamodb", "sqs", "sns", "s3", "events", "lambda", "states",
];

/// Whether there is a service of that name in credential scopes.
pub(crate) fn has_service(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The services over a store, by their names in credential scopes. The door closes the last first: executions stop calling
/// functions before functions end. To be called inside a Tokio runtime.
pub(super) fn services(store: &Store, place: &Place, inside: &Inside) -> Result<Vec<Named>, StoreError> {
    let iam = Arc::new(Iam::open(store.clone())?);
    let logs = Arc::new(Logs::open(store.clone())?);
    let tables = Arc::new(DynamoDb::new(store.clone(), &place.folder));
    let s3 = S3::open(store.clone())?;
    let lambda = Lambda::open(
        store.clone(),
        &place.folder,
        iam.clone(),
        logs.clone(),
        Arc::new(s3.clone()),
        place.endpoint.clone(),
    )?;
    lambda.resume()?;
    let now: sfn::Clock = Arc::new(clock::now);
    let functions = LambdaTasks::new(Arc::new(lambda.clone()), now.clone());
    let tasks = Integrations::new(functions, Arc::new(inside.clone()), now.clone());
    let sqs = Arc::new(Sqs::open(store.clone(), place.endpoint.clone(), now.clone())?);
    let sns = Sns::open(
        store.clone(),
        sqs.clone(),
        Arc::new(lambda.clone()),
        place.endpoint.clone(),
        now.clone(),
    )?;
    let events = Events::open(store.clone(), Arc::new(inside.clone()), now.clone())?;
    let states = StepFunctions::open(
        store.clone(),
        Arc::new(tasks),
        iam.clone(),
        logs.clone(),
        Arc::new(s3.clone()),
        now,
        place.mock_config.clone(),
    )?;
    Ok(vec![
        ("iam", iam),
        ("sts", Arc::new(Sts)),
        ("logs", logs),
        ("dynamodb", tables),
        ("sqs", sqs),
        ("sns", Arc::new(sns)),
        ("s3", Arc::new(s3)),
        ("events", Arc::new(events)),
        ("lambda", Arc::new(lambda)),
        ("states", Arc::new(states)),
    ])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_services_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            folder: folder.path().to_owned(),
            endpoint: "http://127.0.0.1:1".to_owned(),
            instance: "test".to_owned(),
            mock_config: None,
        };
        let store = Store::in_memory().unwrap();
        let services = services(&store, &place, &Inside::new()).unwrap();
        let names: Vec<&str> = services.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, NAMES);
    }
}
