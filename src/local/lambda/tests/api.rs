//! The operations, their answers and their errors.

use super::*;

const FUNCTIONS: &str = "/2015-03-31/functions";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

/// Answers as `status body`, errors as `status code: message`.
async fn answer(bench: &Bench, method: &str, path: &str, input: Value) -> String {
    match bench.call(method, path, input).await {
        Ok((status, Value::String(text))) => format!("{status} {text}"),
        Ok((status, body)) => format!("{status} {body}"),
        Err(error) => format!("{} {}: {}", error.status, error.code, error.message),
    }
}

async fn with_echo() -> Bench {
    let bench = Bench::new();
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", ECHO)], json!({}))
        .await;
    bench
}

#[tokio::test]
async fn code_comes_from_s3_as_well() {
    let bench = with_echo().await;
    let before = bench.settled("f").await["CodeSha256"].clone();
    let package = STANDARD.decode(zip(&[("index.js", "exports.handler = 1;")])).unwrap();
    let size = package.len();
    bench
        .surroundings
        .objects
        .lock()
        .unwrap()
        .insert("b/k.zip".to_owned(), package.into());
    let path = format!("{FUNCTIONS}/f/code");
    for (code, expected) in [
        (
            json!({"S3Bucket": "b", "S3Key": "none"}),
            "400 InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. \
             S3 Error Message: The specified key does not exist.",
        ),
        (
            json!({"S3Bucket": "b", "S3Key": "k.zip", "ZipFile": "AA=="}),
            "400 InvalidParameterValueException: Please do not provide other FunctionCode parameters when providing a ZipFile.",
        ),
        (
            json!({"S3Bucket": "b", "S3Key": "k.zip", "S3ObjectVersion": "1"}),
            "501 NotImplemented: not implemented by the local cloud: lambda:code by S3ObjectVersion",
        ),
    ] {
        assert_eq!(answer(&bench, "PUT", &path, code).await, expected);
    }
    bench
        .call("PUT", &path, json!({"S3Bucket": "b", "S3Key": "k.zip"}))
        .await
        .unwrap();
    let settled = bench.settled("f").await;
    assert_eq!(settled["CodeSize"], size);
    assert_ne!(settled["CodeSha256"], before);
}

#[tokio::test]
async fn a_function_is_pending_until_its_code_is_there() {
    let bench = Bench::new();
    let input = creation("f", "nodejs22.x", "index.handler", &[("index.js", ECHO)]);
    let (status, mut created) = bench.call("POST", FUNCTIONS, input).await.unwrap();
    // The preparation runs on this thread, and has not begun.
    let early = answer(&bench, "POST", &format!("{FUNCTIONS}/f/invocations"), json!({})).await;
    assert_eq!(
        early,
        "409 ResourceConflictException: The operation cannot be performed at this time. The function is currently in the following state: Pending"
    );
    let settled = bench.settled("f").await;
    assert_eq!((status, &settled["State"]), (201, &json!("Active")));
    assert_eq!(created["CodeSize"], settled["CodeSize"]);

    for member in [
        "RevisionId",
        "LastModified",
        "CodeSha256",
        "CodeSize",
        "RuntimeVersionConfig",
    ] {
        assert!(
            created.as_object_mut().unwrap().shift_remove(member).is_some(),
            "{member}"
        );
    }
    assert_eq!(
        created,
        json!({
            "FunctionName": "f",
            "FunctionArn": ARN,
            "Runtime": "nodejs22.x",
            "Role": ROLE,
            "Handler": "index.handler",
            "Description": "",
            "Timeout": 20,
            "MemorySize": 128,
            "Version": "$LATEST",
            "TracingConfig": { "Mode": "PassThrough" },
            "PackageType": "Zip",
            "Architectures": ["x86_64"],
            "EphemeralStorage": { "Size": 512 },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/f" },
            "State": "Pending",
            "StateReason": "The function is being created.",
            "StateReasonCode": "Creating",
        })
    );
}

#[tokio::test]
async fn bad_functions_are_refused_in_aws_s_words() {
    let bench = with_echo().await;
    let cases: &[(Value, &str)] = &[
        (
            json!({ "FunctionName": "f" }),
            "409 ResourceConflictException: Function already exist: f",
        ),
        (
            json!({ "FunctionName": "a b" }),
            "400 ValidationException: 1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:",
        ),
        (
            json!({ "FunctionName": null, "Role": null }),
            "400 ValidationException: 2 validation errors detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null; Value null at 'role' failed",
        ),
        (
            json!({ "FunctionName": "x".repeat(65) }),
            "400 ValidationException: 1 validation error detected: Value 'xxx",
        ),
        (
            json!({ "Timeout": 0 }),
            "400 ValidationException: 1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
        ),
        (
            json!({ "Timeout": 901 }),
            "400 ValidationException: 1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
        ),
        (
            json!({ "MemorySize": 127 }),
            "400 ValidationException: 1 validation error detected: Value '127' at 'memorySize'",
        ),
        (
            json!({ "Role": "good" }),
            "400 ValidationException: 1 validation error detected: Value 'good' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::",
        ),
        (
            json!({ "Role": "arn:aws:iam::000000000000:role/bad" }),
            "400 InvalidParameterValueException: The role defined for the function cannot be assumed by Lambda.",
        ),
        (
            json!({ "Handler": "a b" }),
            "400 ValidationException: 1 validation error detected: Value 'a b' at 'handler'",
        ),
        (
            json!({ "Handler": null }),
            "400 InvalidParameterValueException: Runtime and Handler are mandatory parameters for functions created with deployment packages.",
        ),
        (
            json!({ "Runtime": "nodejs1" }),
            "400 InvalidParameterValueException: Value nodejs1 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs18.x,",
        ),
        (
            json!({ "Runtime": "java21" }),
            "400 InvalidParameterValueException: not implemented by the local cloud: runtime java21",
        ),
        (
            json!({ "Code": { "ZipFile": STANDARD.encode("no zip") } }),
            "400 InvalidParameterValueException: Could not unzip uploaded file. Please check your file, then try to upload again.",
        ),
        (
            json!({ "Code": { "ZipFile": "" } }),
            "400 InvalidParameterValueException: Uploaded file must be a non-empty zip",
        ),
        (
            json!({ "Code": { "ZipFile": zip(&[]) } }),
            "400 InvalidParameterValueException: Uploaded file must be a non-empty zip",
        ),
        (
            json!({ "Code": { "ZipFile": zip(&[("../out.js", "")]) } }),
            "400 InvalidParameterValueException: Could not unzip uploaded file.",
        ),
        (
            json!({ "Code": {} }),
            "400 InvalidParameterValueException: Please provide a source for function code.",
        ),
        (
            json!({ "Code": { "S3Bucket": "b" } }),
            "400 InvalidParameterValueException: Please provide a source for function code.",
        ),
        (
            json!({ "Layers": ["arn"] }),
            "501 NotImplemented: not implemented by the local cloud: lambda:CreateFunction with Layers",
        ),
        (
            json!({ "Layers": [], "VpcConfig": { "SubnetIds": [] }, "Role": "r" }),
            "400 ValidationException",
        ),
        (
            json!({ "PackageType": "Image" }),
            "501 NotImplemented: not implemented by the local cloud: lambda:CreateFunction with PackageType Image",
        ),
        (
            json!({ "Environment": { "Variables": { "AWS_REGION": "x", "A1": "y", "_HANDLER": "z" } } }),
            "400 InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION, _HANDLER",
        ),
        (
            json!({ "Environment": { "Variables": { "BIG": "x".repeat(4096) } } }),
            "400 InvalidParameterValueException: Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {\"BIG\":\"xxx",
        ),
        (
            json!({ "Environment": { "Variables": { "1A": "x" } } }),
            "400 ValidationException: 1 validation error detected: Value '{1A=***}' at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint:",
        ),
        (
            json!({ "Environment": { "Variables": { "A1": 1 } } }),
            "400 SerializationException: Variables must be a map of strings, but is an object",
        ),
        (
            json!({ "Architectures": ["x86_64", "arm64"] }),
            "400 ValidationException: 1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1",
        ),
        (
            json!({ "Tags": { "aws:x": "y" } }),
            "400 InvalidParameterValueException: aws: prefixed tag key names are not allowed for external use.",
        ),
    ];
    for (change, expected) in cases {
        let mut input = creation("g", "nodejs22.x", "index.handler", &[("index.js", ECHO)]);
        input
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let found = answer(&bench, "POST", FUNCTIONS, input).await;
        assert!(
            found.starts_with(expected),
            "{change}\nexpected {expected}\nfound    {found}"
        );
    }
    assert!(
        answer(&bench, "GET", &format!("{FUNCTIONS}/g"), Value::Null)
            .await
            .starts_with("404 ")
    );
}

#[tokio::test]
async fn requests_are_routed_and_answered() {
    let bench = with_echo().await;
    let f = format!("{FUNCTIONS}/f");
    let missing = "404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:";
    let cases: &[(&str, String, Value, String)] = &[
        (
            "GET",
            format!("{FUNCTIONS}/none"),
            Value::Null,
            format!("{missing}none"),
        ),
        ("GET", format!("{f}?Qualifier=1"), Value::Null, format!("{missing}f:1")),
        ("GET", format!("{f}:live"), Value::Null, format!("{missing}f:live")),
        (
            "DELETE",
            format!("{FUNCTIONS}/none"),
            Value::Null,
            format!("{missing}none"),
        ),
        (
            "PUT",
            format!("{FUNCTIONS}/none/code"),
            json!({ "ZipFile": "" }),
            format!("{missing}none"),
        ),
        (
            "PUT",
            format!("{FUNCTIONS}/none/configuration"),
            json!({}),
            format!("{missing}none"),
        ),
        (
            "POST",
            format!("{FUNCTIONS}/none/invocations"),
            json!({}),
            format!("{missing}none"),
        ),
        (
            "GET",
            "/2020-06-30/functions/f/code-signing-config".to_owned(),
            Value::Null,
            r#"200 {"CodeSigningConfigArn":"","FunctionName":"f"}"#.to_owned(),
        ),
        (
            "GET",
            format!("{f}/policy"),
            Value::Null,
            "404 ResourceNotFoundException: The resource you requested does not exist.".to_owned(),
        ),
        (
            "POST",
            format!("{f}/policy"),
            json!({ "StatementId": "a.b", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com" }),
            "400 ValidationException: 1 validation error detected: Value 'a.b' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)".to_owned(),
        ),
        (
            "DELETE",
            format!("{f}/policy/none"),
            Value::Null,
            "404 ResourceNotFoundException: Statement none is not found in resource policy.".to_owned(),
        ),
        (
            "POST",
            format!("{f}/versions"),
            json!({}),
            "501 NotImplemented: not implemented by the local cloud: lambda:PublishVersion".to_owned(),
        ),
        (
            "POST",
            "/2015-03-31/event-source-mappings".to_owned(),
            json!({}),
            "501 NotImplemented: not implemented by the local cloud: lambda:CreateEventSourceMapping".to_owned(),
        ),
        (
            "PATCH",
            "/2099-01-01/what".to_owned(),
            json!({}),
            "501 NotImplemented: not implemented by the local cloud: lambda:PATCH /2099-01-01/what".to_owned(),
        ),
        (
            "POST",
            format!("{f}/invocations"),
            json!({ "a": 1 }),
            r#"200 {"a":1}"#.to_owned(),
        ),
        (
            "POST",
            format!("{FUNCTIONS}/{}/invocations", ARN.replace(':', "%3A")),
            json!([2]),
            "200 [2]".to_owned(),
        ),
        (
            "POST",
            format!("{f}:$LATEST/invocations"),
            Value::Null,
            "200 {}".to_owned(),
        ),
        // Tags
        (
            "GET",
            format!("/2017-03-31/tags/{ARN}"),
            Value::Null,
            r#"200 {"Tags":{}}"#.to_owned(),
        ),
        (
            "POST",
            format!("/2017-03-31/tags/{ARN}"),
            json!({ "Tags": { "a": "1", "b": "2", "c": "3" } }),
            "204 ".to_owned(),
        ),
        (
            "DELETE",
            format!("/2017-03-31/tags/{ARN}?tagKeys=a&tagKeys=c"),
            Value::Null,
            "204 ".to_owned(),
        ),
        (
            "GET",
            format!("/2017-03-31/tags/{}", ARN.replace(':', "%3A")),
            Value::Null,
            r#"200 {"Tags":{"b":"2"}}"#.to_owned(),
        ),
        (
            "GET",
            "/2017-03-31/tags/f".to_owned(),
            Value::Null,
            "400 ValidationException: 1 validation error detected: Value 'f' at 'resource'".to_owned(),
        ),
        (
            "GET",
            format!("/2017-03-31/tags/{ARN}x"),
            Value::Null,
            format!("{missing}fx"),
        ),
        // Reserved concurrency
        (
            "GET",
            "/2019-09-30/functions/f/concurrency".to_owned(),
            Value::Null,
            "200 {}".to_owned(),
        ),
        (
            "PUT",
            "/2017-10-31/functions/f/concurrency".to_owned(),
            json!({ "ReservedConcurrentExecutions": 901 }),
            "400 InvalidParameterValueException: Specified ReservedConcurrentExecutions for function decreases"
                .to_owned(),
        ),
        (
            "PUT",
            "/2017-10-31/functions/f/concurrency".to_owned(),
            json!({ "ReservedConcurrentExecutions": 0 }),
            r#"200 {"ReservedConcurrentExecutions":0}"#.to_owned(),
        ),
        (
            "POST",
            format!("{f}/invocations"),
            json!({}),
            "429 TooManyRequestsException: Rate Exceeded.".to_owned(),
        ),
        (
            "DELETE",
            "/2017-10-31/functions/f/concurrency".to_owned(),
            Value::Null,
            "204 ".to_owned(),
        ),
        ("POST", format!("{f}/invocations"), json!({}), "200 {}".to_owned()),
        // Updates
        (
            "PUT",
            format!("{f}/configuration"),
            json!({ "RevisionId": "other" }),
            "412 PreconditionFailedException: The Revision Id provided does not match".to_owned(),
        ),
        (
            "PUT",
            format!("{f}/configuration"),
            json!({ "Timeout": 901 }),
            "400 ValidationException".to_owned(),
        ),
        (
            "PUT",
            format!("{f}/configuration"),
            json!({ "Role": "arn:aws:iam::000000000000:role/bad" }),
            "400 InvalidParameterValueException: The role".to_owned(),
        ),
        (
            "PUT",
            format!("{f}/code"),
            json!({ "ZipFile": STANDARD.encode("x") }),
            "400 InvalidParameterValueException: Could not unzip".to_owned(),
        ),
        ("DELETE", f.clone(), Value::Null, "204 ".to_owned()),
        ("GET", f.clone(), Value::Null, format!("{missing}f")),
    ];
    for (method, path, input, expected) in cases {
        let found = answer(&bench, method, path, input.clone()).await;
        assert!(
            found.starts_with(expected),
            "{method} {path}\nexpected {expected}\nfound    {found}"
        );
    }
    assert_eq!(
        std::fs::read_dir(bench.folder.path().join("functions/us-east-1"))
            .unwrap()
            .count(),
        0
    );
}

#[tokio::test]
async fn updates_keep_what_is_not_given() {
    let bench = Bench::new();
    let more = json!({ "Description": "d", "MemorySize": 256, "Tags": { "a": "b" }, "Environment": { "Variables": { "AA": "1", "BB": "2" } } });
    bench
        .create("f", "nodejs22.x", "index.handler", &[("index.js", ECHO)], more)
        .await;
    let path = format!("{FUNCTIONS}/f");
    let before = bench.settled("f").await;

    let change =
        json!({ "Timeout": 7, "RevisionId": before["RevisionId"], "Environment": { "Variables": { "CC": "3" } } });
    let (_, changed) = bench
        .call("PUT", &format!("{path}/configuration"), change)
        .await
        .unwrap();
    assert_eq!(
        (&changed["State"], &changed["LastUpdateStatus"]),
        (&json!("Active"), &json!("InProgress"))
    );
    let second = answer(&bench, "PUT", &format!("{path}/configuration"), json!({})).await;
    assert_eq!(
        second,
        format!(
            "409 ResourceConflictException: The operation cannot be performed at this time. An update is in progress for resource: {ARN}"
        )
    );

    let after = bench.settled("f").await;
    assert_ne!(after["RevisionId"], before["RevisionId"]);
    let mut expected = before.clone();
    expected["Timeout"] = json!(7);
    expected["Environment"] = json!({ "Variables": { "CC": "3" } });
    for member in ["RevisionId", "LastModified"] {
        expected[member] = after[member].clone();
    }
    assert_eq!(after, expected);

    let code = json!({ "ZipFile": zip(&[("index.js", "exports.handler = async () => 1;")]), "DryRun": true });
    let (_, dry) = bench.call("PUT", &format!("{path}/code"), code.clone()).await.unwrap();
    assert_ne!(dry["CodeSha256"], after["CodeSha256"]);
    assert_eq!(bench.settled("f").await, after);
    let (_, real) = bench
        .call("PUT", &format!("{path}/code"), json!({ "ZipFile": code["ZipFile"] }))
        .await
        .unwrap();
    assert_eq!(real["CodeSha256"], dry["CodeSha256"]);
    bench.settled("f").await;

    let (_, found) = bench.call("GET", &path, Value::Null).await.unwrap();
    assert_eq!(found["Tags"], json!({ "a": "b" }));
    let location = found["Code"]["Location"]
        .as_str()
        .unwrap()
        .strip_prefix("http://127.0.0.1:4566")
        .unwrap();
    let downloaded = bench.call("GET", location, Value::Null).await.unwrap();
    assert_eq!(downloaded.0, 200);
}

#[tokio::test]
async fn lists_are_paged_by_name() {
    let bench = Bench::new();
    for name in ["b", "c", "a"] {
        bench
            .create(name, "nodejs22.x", "index.handler", &[("index.js", ECHO)], json!({}))
            .await;
    }
    let page = async |query: &str| {
        let (_, page) = bench
            .call("GET", &format!("{FUNCTIONS}/?{query}"), Value::Null)
            .await
            .unwrap();
        let functions = page["Functions"].as_array().unwrap().iter();
        let names: Vec<String> = functions
            .map(|function| function["FunctionName"].as_str().unwrap().to_owned())
            .collect();
        (names.join(""), page["NextMarker"].as_str().map(str::to_owned))
    };
    assert_eq!(page("").await, ("abc".to_owned(), None));
    assert_eq!(page("MaxItems=2").await, ("ab".to_owned(), Some("b".to_owned())));
    assert_eq!(page("MaxItems=2&Marker=b").await, ("c".to_owned(), None));
    let (_, versions) = bench
        .call("GET", &format!("{FUNCTIONS}/a/versions"), Value::Null)
        .await
        .unwrap();
    assert_eq!(
        versions["Versions"][0]["FunctionArn"],
        "arn:aws:lambda:us-east-1:000000000000:function:a:$LATEST"
    );
    assert_eq!(versions["Versions"].as_array().unwrap().len(), 1);
}
