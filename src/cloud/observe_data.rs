//! Which topics, queues and tables are there, and what is subscribed to the topics. They are found as the rest is: see
//! [`observe`](super::observe).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::Answer;
use super::observe::{by_name, each};
use super::scope::Scope;
use super::{ResourceStatus, queue, subscription, table, topic};
use crate::plan::Kind;
use crate::plan::desired::Tags;
use crate::plan::observed::{Observed, ObservedQueue, ObservedTable, ObservedTopic};

/// Adds them to what is known of functions and state machines.
pub(super) async fn read(scope: &Arc<Scope>, observed: &mut Observed) -> Answer<()> {
    let (topics, queues, tables) = tokio::try_join!(
        async { scope.tolerate_list(Kind::Topic, topic::list(&scope.clients).await) },
        async { scope.tolerate_list(Kind::Queue, queue::list(&scope.clients).await) },
        async { scope.tolerate_list(Kind::Table, table::list(&scope.clients).await) },
    )?;
    let arns: BTreeMap<String, String> = topics.into_iter().collect();
    let names: Vec<String> = arns.keys().cloned().collect();
    let mentioned = observed.names_mentioned();
    let candidates = |kind: Kind, listed: &[String]| {
        let mut candidates: BTreeSet<String> = scope.candidates(kind, listed);
        // What ours refer to may be ours too, whatever its name.
        candidates.extend(listed.iter().filter(|name| mentioned.contains(*name)).cloned());
        candidates
    };
    let topics = candidates(Kind::Topic, &names);
    let topics = topics.into_iter().map(|name| {
        let arn = arns.get(&name).cloned();
        arn.unwrap_or_else(|| scope.identity.topic_arn(&name))
    });
    let (topics, found_queues, found_tables) = tokio::try_join!(
        read_topics(scope, topics),
        read_queues(scope, candidates(Kind::Queue, &queues)),
        read_tables(scope, candidates(Kind::Table, &tables)),
    )?;
    for topic in topics.iter().filter(|topic| topic.tags.is_empty()) {
        if let Some(run) = scope.run_of_untagged(Kind::Topic, &topic.name) {
            observed.untagged.insert((Kind::Topic, topic.name.clone()), run);
        }
    }
    observed.topics.extend(by_name(topics, |topic| &topic.name));
    observed.queues.extend(by_name(found_queues, |queue| &queue.name));
    observed.tables.extend(by_name(found_tables, |table| &table.name));

    let arns: Vec<String> = observed.topics.values().map(|topic| topic.arn.clone()).collect();
    let found = each(scope, arns.into_iter(), async |scope: Arc<Scope>, arn: String| {
        subscription::of_topic(&scope.clients, &arn).await.map(Some)
    });
    observed.subscriptions = found.await?.into_iter().flatten().collect();
    // They are read in any order.
    observed.subscriptions.sort_by(|one, other| {
        let key = |it: &'_ crate::plan::observed::ObservedSubscription| {
            (it.topic.clone(), it.protocol.clone(), it.endpoint.clone())
        };
        key(one).cmp(&key(other))
    });

    // Those that only a subscription leads to.
    let mentioned = observed.names_mentioned();
    let more = queues.into_iter().filter(|name| mentioned.contains(name));
    let more: BTreeSet<String> = more.filter(|name| !observed.queues.contains_key(name)).collect();
    let more = read_queues(scope, more).await?;
    observed.queues.extend(by_name(more, |queue| &queue.name));
    Ok(())
}

async fn read_topics(scope: &Arc<Scope>, arns: impl Iterator<Item = String>) -> Answer<Vec<ObservedTopic>> {
    each(scope, arns, async |scope: Arc<Scope>, arn: String| {
        let name = topic::name_of(&arn);
        let is_named = scope.run_of_untagged(Kind::Topic, name).is_some();
        let keeps = |tags: &Tags| scope.keeps(Kind::Topic, name, tags) || (tags.is_empty() && is_named);
        let found = topic::read(&scope.clients, &arn, keeps).await;
        scope.tolerate(Kind::Topic, name, found)
    })
    .await
}

async fn read_queues(scope: &Arc<Scope>, names: BTreeSet<String>) -> Answer<Vec<ObservedQueue>> {
    each(scope, names.into_iter(), async |scope: Arc<Scope>, name: String| {
        let found = queue::read(&scope.clients, &name, |tags| scope.keeps(Kind::Queue, &name, tags)).await;
        scope.tolerate(Kind::Queue, &name, found)
    })
    .await
}

async fn read_tables(scope: &Arc<Scope>, names: BTreeSet<String>) -> Answer<Vec<ObservedTable>> {
    each(scope, names.into_iter(), async |scope: Arc<Scope>, name: String| {
        let found = table::read(&scope.clients, &name, |tags| scope.keeps(Kind::Table, &name, tags)).await;
        scope.tolerate(Kind::Table, &name, found)
    })
    .await
}

/// Queues, tables and topics as they stand; and the subscriptions.
pub(super) fn statuses(observed: &Observed) -> (Vec<ResourceStatus>, Vec<ResourceStatus>) {
    let status = |kind, name: &str, arn: &str, status: Option<&str>| ResourceStatus {
        kind,
        name: name.to_owned(),
        arn: arn.to_owned(),
        status: status.map(str::to_owned),
    };
    let queues = observed.queues.values();
    let queues = queues.map(|queue| status(Kind::Queue, &queue.name, &queue.arn, None));
    let tables = observed.tables.values();
    let tables = tables.map(|table| status(Kind::Table, &table.name, &table.arn, Some(&table.status)));
    let topics = observed.topics.values();
    let topics = topics.map(|topic| status(Kind::Topic, &topic.name, &topic.arn, None));
    let subscriptions = observed.subscriptions.iter().map(|found| {
        let end = match found.protocol.as_str() {
            "sqs" | "lambda" => topic::name_of(&found.endpoint),
            _ => &found.endpoint,
        };
        let name = format!("{} to {} {end}", found.topic, found.protocol);
        match &found.arn {
            Some(arn) => status(Kind::Subscription, &name, arn, Some("confirmed")),
            None => status(Kind::Subscription, &name, &found.topic_arn, Some("to be confirmed")),
        }
    });
    (queues.chain(tables).chain(topics).collect(), subscriptions.collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::cloud::tests::{connected_as, nothing, tested_with};

    use super::*;

    #[tokio::test]
    async fn a_topic_that_lost_its_tags_is_known_by_its_name_where_that_happens() {
        let tested = tested_with(Kind::Topic, "s-t00c0ffee-Told");
        for (target, name, expected) in [
            ("localstack", "s-t12345678-Told", Some("s-t12345678")),
            ("localstack", "s-t12345678-Asked", None),
            ("localstack", "s-Told", None),
            ("aws", "s-t12345678-Told", None),
            ("local", "s-t12345678-Told", None),
        ] {
            let arn = format!("arn:aws:sns:us-east-1:000000000000:{name}");
            let listed = format!(
                "<ListTopicsResponse><ListTopicsResult><Topics><member><TopicArn>{arn}</TopicArn></member></Topics>\
                </ListTopicsResult></ListTopicsResponse>"
            );
            let (mut cloud, _) = connected_as("localstack", None, move |operation, _| match operation {
                "ListTopics" => Ok((200, listed.clone())),
                "GetTopicAttributes" | "ListTagsForResource" | "ListSubscriptionsByTopic" => Ok((
                    200,
                    format!("<{operation}Response><{operation}Result/></{operation}Response>"),
                )),
                other => nothing(other),
            })
            .await;
            Arc::make_mut(&mut cloud.identity).target = target.to_owned();
            let observed = cloud.observe_tests(&tested, false).await.unwrap();
            let topic = observed.topics.get(name);
            let owner = topic.and_then(|topic| observed.owner_of_topic(topic));
            assert_eq!(owner, expected, "{target} {name}");
        }
    }
}
