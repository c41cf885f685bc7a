use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageAttributeValue,
    MessageSystemAttributeName, QueueAttributeName, SendMessageBatchRequestEntry,
};

use super::{Local, boto3, refused};

async fn queue(client: &Client, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
    let mut call = client.create_queue().queue_name(name);
    for (name, value) in attributes {
        call = call.attributes(name.clone(), *value);
    }
    call.send().await.unwrap().queue_url.unwrap()
}

async fn receive(client: &Client, url: &str) -> Vec<Message> {
    let call = client.receive_message().queue_url(url).max_number_of_messages(10);
    let call = call
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All);
    call.send().await.unwrap().messages.unwrap_or_default()
}

#[tokio::test]
async fn queues_by_the_sdk() {
    let local = Local::open().await;
    let client = Client::new(&local.config());
    let url = queue(&client, "q", &[(QueueAttributeName::VisibilityTimeout, "5")]).await;
    assert_eq!(url, format!("{}/000000000000/q", local.door.endpoint()));
    assert_eq!(
        client
            .get_queue_url()
            .queue_name("q")
            .send()
            .await
            .unwrap()
            .queue_url
            .unwrap(),
        url
    );
    let found = client
        .get_queue_attributes()
        .queue_url(&url)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap();
    assert_eq!(found.attributes.unwrap()[&QueueAttributeName::VisibilityTimeout], "5");
    client
        .set_queue_attributes()
        .queue_url(&url)
        .attributes(QueueAttributeName::DelaySeconds, "1")
        .send()
        .await
        .unwrap();
    assert_eq!(
        client
            .list_queues()
            .queue_name_prefix("q")
            .send()
            .await
            .unwrap()
            .queue_urls(),
        std::slice::from_ref(&url)
    );
    client.tag_queue().queue_url(&url).tags("k", "v").send().await.unwrap();
    assert_eq!(
        client
            .list_queue_tags()
            .queue_url(&url)
            .send()
            .await
            .unwrap()
            .tags
            .unwrap()["k"],
        "v"
    );
    client.purge_queue().queue_url(&url).send().await.unwrap();
    client.delete_queue().queue_url(&url).send().await.unwrap();
    let gone = client.get_queue_url().queue_name("q").send().await;
    assert!(
        gone.as_ref()
            .is_err_and(|error| error.as_service_error().unwrap().is_queue_does_not_exist())
    );
    assert_eq!(
        refused(gone),
        "AWS.SimpleQueueService.NonExistentQueue: The specified queue does not exist."
    );
    local.door.close().await;
}

#[tokio::test]
async fn messages_by_the_sdk() {
    let local = Local::open().await;
    let client = Client::new(&local.config());
    let url = queue(&client, "q", &[]).await;
    let attribute = MessageAttributeValue::builder()
        .data_type("String")
        .string_value("x")
        .build()
        .unwrap();
    let sent = client
        .send_message()
        .queue_url(&url)
        .message_body("one")
        .message_attributes("a", attribute.clone())
        .send()
        .await
        .unwrap();
    let message = receive(&client, &url).await.remove(0);
    assert_eq!(message.message_id, sent.message_id);
    assert_eq!(message.md5_of_message_attributes, sent.md5_of_message_attributes);
    assert_eq!(message.message_attributes.unwrap()["a"], attribute);
    let handle = message.receipt_handle.unwrap();
    client
        .change_message_visibility()
        .queue_url(&url)
        .receipt_handle(&handle)
        .visibility_timeout(60)
        .send()
        .await
        .unwrap();
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(&handle)
        .send()
        .await
        .unwrap();

    let entry = |id: &str| {
        SendMessageBatchRequestEntry::builder()
            .id(id)
            .message_body(id)
            .build()
            .unwrap()
    };
    let sent = client
        .send_message_batch()
        .queue_url(&url)
        .entries(entry("1"))
        .entries(entry("2"))
        .send()
        .await
        .unwrap();
    assert_eq!((sent.successful.len(), sent.failed.len()), (2, 0));
    let messages = receive(&client, &url).await;
    let mut change = client.change_message_visibility_batch().queue_url(&url);
    let mut delete = client.delete_message_batch().queue_url(&url);
    for (id, message) in messages.iter().enumerate() {
        let (id, handle) = (id.to_string(), message.receipt_handle().unwrap());
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(&id)
            .receipt_handle(handle)
            .visibility_timeout(9);
        change = change.entries(entry.build().unwrap());
        let entry = DeleteMessageBatchRequestEntry::builder().id(&id).receipt_handle(handle);
        delete = delete.entries(entry.build().unwrap());
    }
    assert_eq!(change.send().await.unwrap().successful.len(), 2);
    assert_eq!(delete.send().await.unwrap().successful.len(), 2);
    assert!(receive(&client, &url).await.is_empty());
    local.door.close().await;
}

#[tokio::test]
async fn messages_and_their_flight_outlive_the_process() {
    let local = Local::open().await;
    let client = Client::new(&local.config());
    let url = queue(&client, "q", &[]).await;
    for body in ["one", "two"] {
        client
            .send_message()
            .queue_url(&url)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }
    let one = client
        .receive_message()
        .queue_url(&url)
        .send()
        .await
        .unwrap()
        .messages
        .unwrap()
        .remove(0);
    let local = local.reopen().await;
    let client = Client::new(&local.config());
    let rest = receive(&client, &url).await;
    assert_eq!(
        rest.iter().map(|message| message.body().unwrap()).collect::<Vec<_>>(),
        ["two"]
    );
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(one.receipt_handle.unwrap())
        .send()
        .await
        .unwrap();
    local.door.close().await;
}

#[tokio::test]
async fn by_boto3() {
    boto3("sqs.py").await;
}
