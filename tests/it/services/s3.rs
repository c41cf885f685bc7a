use super::boto3;

#[tokio::test(flavor = "multi_thread")]
async fn s3_by_boto3() {
    boto3("s3.py").await;
}
