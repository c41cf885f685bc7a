use super::boto3;

#[tokio::test(flavor = "multi_thread")]
async fn events_by_boto3() {
    boto3("events.py").await;
}
