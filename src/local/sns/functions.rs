//! Functions that subscribe to topics.

use bytes::Bytes;

use super::Functions;
use crate::local::api::{ApiError, Pending};
use crate::local::lambda::Lambda;

impl Functions for Lambda {
    fn invoke_event<'a>(&'a self, region: &'a str, arn: &'a str, event: Bytes) -> Pending<'a, Result<(), ApiError>> {
        Box::pin(async move { Lambda::invoke_event(self, region, arn, None, event).await.map(drop) })
    }
}
