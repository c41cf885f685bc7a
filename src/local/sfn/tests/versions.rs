//! Versions and aliases.

use serde_json::json;

use super::*;

/// A machine with versions 1 (`pass`) and 2 (calls `echo`).
async fn with_two_versions(bench: &Bench) -> String {
    let input = json!({"name": "m", "roleArn": ROLE, "definition": pass().to_string(), "publish": true, "versionDescription": "one"});
    let made = bench.get("CreateStateMachine", input).await;
    let arn = text(&made, "stateMachineArn");
    assert_eq!(made["stateMachineVersionArn"], format!("{arn}:1"));
    let input = json!({"stateMachineArn": arn, "definition": calling("echo").to_string(), "publish": true});
    let updated = bench.get("UpdateStateMachine", input).await;
    assert_eq!(updated["stateMachineVersionArn"], format!("{arn}:2"));
    arn
}

async fn version_numbers(bench: &Bench, arn: &str) -> Vec<String> {
    let listed = bench
        .get("ListStateMachineVersions", json!({"stateMachineArn": arn}))
        .await;
    let versions = listed["stateMachineVersions"].as_array().unwrap();
    let number = |version: &Value| {
        text(version, "stateMachineVersionArn")
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned()
    };
    versions.iter().map(number).collect()
}

#[tokio::test]
async fn a_version_stays_what_it_was() {
    let bench = Bench::new();
    let arn = with_two_versions(&bench).await;
    let described = bench
        .get("DescribeStateMachine", json!({"stateMachineArn": format!("{arn}:1")}))
        .await;
    assert_eq!(described["stateMachineArn"], format!("{arn}:1"));
    assert_eq!(described["description"], "one");
    assert_eq!(described["definition"], pass().to_string());

    let execution = bench.start(&format!("{arn}:1"), "e").await;
    let ended = bench.ended(&execution).await;
    assert_eq!(ended["output"], "{\"done\":true}");
    assert_eq!(ended["stateMachineArn"], arn);
    assert_eq!(ended["stateMachineVersionArn"], format!("{arn}:1"));
    for (by, count) in [("", 1), (":1", 1), (":2", 0)] {
        let listed = bench
            .get("ListExecutions", json!({"stateMachineArn": format!("{arn}{by}")}))
            .await;
        assert_eq!(listed["executions"].as_array().unwrap().len(), count, "{by}");
    }
}

#[tokio::test]
async fn numbers_are_not_used_twice_and_revisions_not_published_twice() {
    let bench = Bench::new();
    let arn = with_two_versions(&bench).await;
    let again = bench
        .get("PublishStateMachineVersion", json!({"stateMachineArn": arn}))
        .await;
    assert_eq!(again["stateMachineVersionArn"], format!("{arn}:2"));
    assert_eq!(version_numbers(&bench, &arn).await, ["2", "1"]);
    let delete = json!({"stateMachineVersionArn": format!("{arn}:2")});
    bench.get("DeleteStateMachineVersion", delete.clone()).await;
    bench.get("DeleteStateMachineVersion", delete).await;
    assert_eq!(version_numbers(&bench, &arn).await, ["1"]);
    let next = bench
        .get("PublishStateMachineVersion", json!({"stateMachineArn": arn}))
        .await;
    assert_eq!(next["stateMachineVersionArn"], format!("{arn}:3"));
}

#[tokio::test]
async fn only_the_revision_that_was_meant_is_published() {
    let bench = Bench::new();
    let arn = bench.machine("m", &pass()).await;
    let publish = |revision: &str| json!({"stateMachineArn": arn, "revisionId": revision});
    let error = bench
        .call("PublishStateMachineVersion", publish("other"))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        "ConflictException: Failed to publish the State Machine version for revision other. The current State Machine revision is null."
    );
    bench.get("PublishStateMachineVersion", publish("INITIAL")).await;
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let bench = Bench::new();
    let arn = with_two_versions(&bench).await;
    for (operation, qualifier) in [
        ("DescribeStateMachine", "9"),
        ("StartExecution", "9"),
        ("StartExecution", "NONE"),
    ] {
        let input = json!({"stateMachineArn": format!("{arn}:{qualifier}")});
        assert_eq!(
            bench.call(operation, input).await.unwrap_err(),
            format!("StateMachineDoesNotExist: State Machine Does Not Exist: '{arn}:{qualifier}'")
        );
    }
    let input = json!({"name": "n", "roleArn": ROLE, "definition": pass().to_string(), "versionDescription": "no"});
    let error = bench.call("CreateStateMachine", input).await.unwrap_err();
    assert!(error.starts_with("ValidationException: Version description"), "{error}");
}

fn route(arn: &str, weights: &[(u32, u32)]) -> Value {
    let route = |(version, weight): &(u32, u32)| json!({"stateMachineVersionArn": format!("{arn}:{version}"), "weight": weight});
    weights.iter().map(route).collect()
}

#[tokio::test]
async fn an_alias_leads_to_its_versions() {
    let bench = Bench::new();
    let arn = with_two_versions(&bench).await;
    let create = json!({"name": "PROD", "description": "d", "routingConfiguration": route(&arn, &[(1, 100)])});
    let made = bench.get("CreateStateMachineAlias", create.clone()).await;
    assert_eq!(made["stateMachineAliasArn"], format!("{arn}:PROD"));
    assert_eq!(bench.get("CreateStateMachineAlias", create).await, made);

    let execution = bench.start(&format!("{arn}:PROD"), "e").await;
    let ended = bench.ended(&execution).await;
    assert_eq!(ended["stateMachineAliasArn"], format!("{arn}:PROD"));
    assert_eq!(ended["stateMachineVersionArn"], format!("{arn}:1"));

    let alias = json!({"stateMachineAliasArn": format!("{arn}:PROD")});
    let mut update = alias.clone();
    update["routingConfiguration"] = route(&arn, &[(1, 50), (2, 50)]);
    bench.get("UpdateStateMachineAlias", update).await;
    let described = bench.get("DescribeStateMachineAlias", alias.clone()).await;
    assert_eq!(described["routingConfiguration"], route(&arn, &[(1, 50), (2, 50)]));
    assert_eq!(described["description"], "d");
    // Of the machine, and of each version.
    for (suffix, listed) in [("", 1), (":1", 1), (":2", 1), (":3", 0)] {
        let asked = json!({"stateMachineArn": format!("{arn}{suffix}")});
        let found = bench.get("ListStateMachineAliases", asked).await;
        let aliases = found["stateMachineAliases"].as_array().unwrap();
        assert_eq!(aliases.len(), listed, "{suffix}: {found}");
        assert!(
            aliases
                .iter()
                .all(|alias| alias["stateMachineAliasArn"] == format!("{arn}:PROD"))
        );
    }

    let delete = json!({"stateMachineVersionArn": format!("{arn}:2")});
    assert_eq!(
        bench
            .call("DeleteStateMachineVersion", delete.clone())
            .await
            .unwrap_err(),
        "ConflictException: Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [PROD]"
    );
    bench.get("DeleteStateMachineAlias", alias.clone()).await;
    bench.get("DeleteStateMachineVersion", delete).await;
    assert_eq!(
        bench.call("DescribeStateMachineAlias", alias).await.unwrap_err(),
        "ResourceNotFound: Request references a resource that does not exist."
    );
}

#[tokio::test]
async fn executions_are_shared_out_by_weight() {
    let bench = Bench::new();
    let arn = with_two_versions(&bench).await;
    for (weights, expected) in [([(1, 100), (2, 0)], "1"), ([(1, 0), (2, 100)], "2")] {
        let name = format!("TO{expected}");
        let create = json!({"name": name, "routingConfiguration": route(&arn, &weights)});
        bench.get("CreateStateMachineAlias", create).await;
        for at in 0..10 {
            let execution = bench.start(&format!("{arn}:{name}"), &format!("{name}-{at}")).await;
            let ended = bench.ended(&execution).await;
            assert_eq!(ended["stateMachineVersionArn"], format!("{arn}:{expected}"));
        }
    }
}

#[tokio::test]
async fn wrong_aliases_are_refused() {
    let bench = Bench::new();
    let arn = with_two_versions(&bench).await;
    let check = async |name: &str, routing: Value, expected: &str| {
        let create = json!({"name": name, "routingConfiguration": routing});
        let error = bench.call("CreateStateMachineAlias", create).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    let machine = json!([{"stateMachineVersionArn": arn, "weight": 100}]);
    check(
        "A",
        machine,
        &format!("Routing configuration must contain state machine version ARNs. Received: [{arn}]"),
    )
    .await;
    check(
        "123",
        route(&arn, &[(1, 100)]),
        "Member must satisfy regular expression pattern",
    )
    .await;
    check("A", route(&arn, &[(1, 60), (2, 60)]), "must be 100").await;
    check("A", route(&arn, &[(1, 50), (1, 50)]), "different versions").await;
    check("A", route(&arn, &[(7, 100)]), "ResourceNotFound").await;
    check("A", json!([]), "Member must have length greater than or equal to 1").await;
}
