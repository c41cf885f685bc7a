use aws_sdk_sns::Client;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry, Tag};

use super::{Local, boto3, refused};

/// ARN and URL of a new queue.
async fn queue(local: &Local, name: &str) -> (String, String) {
    let client = aws_sdk_sqs::Client::new(&local.config());
    let url = client
        .create_queue()
        .queue_name(name)
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    (format!("arn:aws:sqs:us-east-1:000000000000:{name}"), url)
}

async fn bodies(local: &Local, url: &str) -> Vec<String> {
    let client = aws_sdk_sqs::Client::new(&local.config());
    let call = client.receive_message().queue_url(url).max_number_of_messages(10);
    let messages = call.send().await.unwrap().messages.unwrap_or_default();
    messages.into_iter().map(|message| message.body.unwrap()).collect()
}

#[tokio::test]
async fn topics_and_subscriptions_by_the_sdk() {
    let local = Local::open().await;
    let client = Client::new(&local.config());
    let tag = Tag::builder().key("k").value("v").build().unwrap();
    let create = client
        .create_topic()
        .name("t")
        .attributes("DisplayName", "d")
        .tags(tag.clone());
    let topic = create.send().await.unwrap().topic_arn.unwrap();
    assert_eq!(topic, "arn:aws:sns:us-east-1:000000000000:t");
    let again = client
        .create_topic()
        .name("t")
        .attributes("DisplayName", "e")
        .send()
        .await;
    assert_eq!(
        refused(again),
        "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    );
    let found = client
        .get_topic_attributes()
        .topic_arn(&topic)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    assert_eq!(found["DisplayName"], "d");
    let set = client
        .set_topic_attributes()
        .topic_arn(&topic)
        .attribute_name("DisplayName")
        .attribute_value("e");
    set.send().await.unwrap();
    assert_eq!(
        client.list_topics().send().await.unwrap().topics()[0].topic_arn(),
        Some(topic.as_str())
    );
    assert_eq!(
        client
            .list_tags_for_resource()
            .resource_arn(&topic)
            .send()
            .await
            .unwrap()
            .tags(),
        [tag]
    );
    client
        .untag_resource()
        .resource_arn(&topic)
        .tag_keys("k")
        .send()
        .await
        .unwrap();

    let (arn, _) = queue(&local, "q").await;
    let subscribe = client.subscribe().topic_arn(&topic).protocol("sqs").endpoint(&arn);
    let subscription = subscribe.send().await.unwrap().subscription_arn.unwrap();
    let set = client.set_subscription_attributes().subscription_arn(&subscription);
    set.attribute_name("RawMessageDelivery")
        .attribute_value("true")
        .send()
        .await
        .unwrap();
    let found = client
        .get_subscription_attributes()
        .subscription_arn(&subscription)
        .send()
        .await
        .unwrap();
    assert_eq!(found.attributes.unwrap()["RawMessageDelivery"], "true");
    let listed = client
        .list_subscriptions_by_topic()
        .topic_arn(&topic)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.subscriptions()[0].endpoint(), Some(arn.as_str()));
    assert_eq!(
        client.list_subscriptions().send().await.unwrap().subscriptions().len(),
        1
    );
    client
        .unsubscribe()
        .subscription_arn(&subscription)
        .send()
        .await
        .unwrap();
    client.delete_topic().topic_arn(&topic).send().await.unwrap();
    let gone = client.get_topic_attributes().topic_arn(&topic).send().await;
    assert!(
        gone.as_ref()
            .is_err_and(|error| error.as_service_error().unwrap().is_not_found_exception())
    );
    assert_eq!(refused(gone), "NotFound: Topic does not exist");
    local.door.close().await;
}

#[tokio::test]
async fn messages_by_the_sdk() {
    let local = Local::open().await;
    let client = Client::new(&local.config());
    let topic = client.create_topic().name("t").send().await.unwrap().topic_arn.unwrap();
    let (arn, url) = queue(&local, "q").await;
    let subscribe = client.subscribe().topic_arn(&topic).protocol("sqs").endpoint(&arn);
    subscribe
        .attributes("RawMessageDelivery", "true")
        .attributes("FilterPolicy", r#"{"a": ["x"]}"#)
        .send()
        .await
        .unwrap();
    let attribute = |value: &str| {
        MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value)
            .build()
            .unwrap()
    };
    for (text, value) in [("yes", "x"), ("no", "y")] {
        let publish = client
            .publish()
            .topic_arn(&topic)
            .message(text)
            .message_attributes("a", attribute(value));
        assert!(publish.send().await.unwrap().message_id.is_some());
    }
    let entry = |id: &str| {
        PublishBatchRequestEntry::builder()
            .id(id)
            .message(id)
            .message_attributes("a", attribute("x"))
    };
    let batch = client.publish_batch().topic_arn(&topic);
    let batch = batch.publish_batch_request_entries(entry("1").build().unwrap());
    let batch = batch.publish_batch_request_entries(entry("2").subject("").build().unwrap());
    let answer = batch.send().await.unwrap();
    assert_eq!((answer.successful().len(), answer.failed()[0].id()), (1, "2"));
    let local = local.reopen().await;
    assert_eq!(bodies(&local, &url).await, ["yes", "1"]);
    local.door.close().await;
}

#[tokio::test]
async fn by_boto3() {
    boto3("sns.py").await;
}
