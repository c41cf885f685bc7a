//! Through the door, beside IAM and CloudWatch Logs.

use http::Request;

use super::*;
use crate::local::testing::Cloud;

async fn rest(cloud: &Cloud, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let (status, body) = cloud.send(request.body(Bytes::from(body.to_string())).unwrap()).await;
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

async fn make_role(cloud: &Cloud, name: &str, service: &str) {
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" },
    })
    .to_string();
    let params = [("RoleName", name), ("AssumeRolePolicyDocument", trust.as_str())];
    assert_eq!(cloud.query("2010-05-08", "CreateRole", &params).await.0, 200);
}

#[tokio::test]
async fn a_role_that_is_there_must_trust_lambda_and_logs_go_to_the_functions_group() {
    let cloud = Cloud::open().await;
    make_role(&cloud, "for-lambda", "lambda.amazonaws.com").await;
    make_role(&cloud, "for-states", "states.amazonaws.com").await;
    let text = "exports.handler = async () => { console.log('hello'); return 7; };";
    let mut input = creation("f", "nodejs22.x", "index.handler", &[("index.js", text)]);
    input["Role"] = json!("arn:aws:iam::000000000000:role/for-states");
    let message = "The role defined for the function cannot be assumed by Lambda.";
    assert_eq!(
        rest(&cloud, "POST", "/2015-03-31/functions", &input).await,
        (400, json!({ "Type": "User", "Message": message }))
    );
    input["Role"] = json!("arn:aws:iam::000000000000:role/for-lambda");
    let (status, created) = rest(&cloud, "POST", "/2015-03-31/functions", &input).await;
    assert_eq!((status, &created["State"]), (201, &json!("Pending")));

    let invocations = "/2015-03-31/functions/f/invocations";
    let run = async {
        loop {
            match rest(&cloud, "POST", invocations, &json!({})).await {
                (409, _) => tokio::task::yield_now().await,
                answer => return answer,
            }
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(20), run).await.unwrap();
    assert_eq!(answer, (200, json!(7)));

    let filter = json!({ "logGroupName": "/aws/lambda/f", "filterPattern": "hello" });
    let (_, found) = cloud.json("Logs_20140328.FilterLogEvents", &filter).await;
    let events = found["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{found}");
    assert!(events[0]["message"].as_str().unwrap().ends_with("\tINFO\thello\n"));

    // The download is an ordinary link, which needs no signature; here, to one that is not there.
    let (_, function) = rest(&cloud, "GET", "/2015-03-31/functions/f", &Value::Null).await;
    let location = function["Code"]["Location"].as_str().unwrap();
    let path = location.strip_prefix("http://127.0.0.1:1").unwrap();
    let (status, missing) = rest(&cloud, "GET", &path.replace("Af/", "Ag/"), &Value::Null).await;
    assert_eq!(
        (status, &missing["Message"]),
        (
            404,
            &json!("Function not found: arn:aws:lambda:us-east-1:000000000000:function:g")
        ),
        "{path}"
    );
}
