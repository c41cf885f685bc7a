//! IAM through the door.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::local::testing::Cloud;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sns:Publish","Resource":"*"}}"#;

async fn call(cloud: &Cloud, action: &str, params: &[(&str, &str)]) -> (u16, String) {
    cloud.query("2010-05-08", action, params).await
}

/// The answer is as expected, ids and times apart. An error is given as `CODE: MESSAGE`.
async fn check(cloud: &Cloud, action: &str, params: &[(&str, &str)], expected: &str) {
    let (status, content) = call(cloud, action, params).await;
    let content = regex::Regex::new("AROA[A-Z2-7]{17}")
        .unwrap()
        .replace_all(&content, "AROA-ID");
    let content = regex::Regex::new(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        .unwrap()
        .replace_all(&content, "TIME");
    let error = regex::Regex::new("<Type>Sender</Type><Code>(.*)</Code><Message>(.*)</Message>").unwrap();
    let content = error.replace(&content, format!("{status} $1: $2"));
    assert_eq!(content, expected, "{action} {params:?}");
}

async fn make_role(cloud: &Cloud, name: &str) {
    let params = [("RoleName", name), ("AssumeRolePolicyDocument", TRUST)];
    assert_eq!(call(cloud, "CreateRole", &params).await.0, 200);
}

#[tokio::test]
async fn a_role_lives_and_dies() {
    let cloud = Cloud::open().await;
    let encoded = url_encode(TRUST);
    let head = "<Path>/app/</Path><RoleName>Cook</RoleName><RoleId>AROA-ID</RoleId>\
                <Arn>arn:aws:iam::000000000000:role/app/Cook</Arn><CreateDate>TIME</CreateDate>";
    let trust = format!("<AssumeRolePolicyDocument>{encoded}</AssumeRolePolicyDocument>");
    let tag = "<Tags><member><Key>team</Key><Value>a &amp; b</Value></member></Tags>";
    let made = format!("<Role>{head}{trust}<MaxSessionDuration>3600</MaxSessionDuration>{tag}</Role>");
    let create = [
        ("RoleName", "Cook"),
        ("Path", "/app/"),
        ("AssumeRolePolicyDocument", TRUST),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a & b"),
    ];
    check(&cloud, "CreateRole", &create, "400 ValidationError: 1 validation error detected: Value 'a &amp; b' at 'tags.1.member.value' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*").await;
    let create = [
        create[0],
        create[1],
        create[2],
        create[3],
        ("Tags.member.1.Value", "a+b"),
    ];
    let made = made.replace("a &amp; b", "a+b");
    let tag = tag.replace("a &amp; b", "a+b");
    check(&cloud, "CreateRole", &create, &made).await;
    check(
        &cloud,
        "CreateRole",
        &create,
        "409 EntityAlreadyExists: Role with name Cook already exists.",
    )
    .await;

    let name = [("RoleName", "Cook")];
    let update = [name[0], ("Description", "cooks"), ("MaxSessionDuration", "7200")];
    check(&cloud, "UpdateRole", &update, "\n").await;
    let got = format!(
        "<Role>{head}{trust}<Description>cooks</Description><MaxSessionDuration>7200</MaxSessionDuration>{tag}\
         <RoleLastUsed></RoleLastUsed></Role>"
    );
    check(&cloud, "GetRole", &name, &got).await;
    check(&cloud, "UntagRole", &[name[0], ("TagKeys.member.1", "TEAM")], "").await;
    check(
        &cloud,
        "TagRole",
        &[name[0], ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")],
        "",
    )
    .await;
    let tags = "<Tags><member><Key>k</Key><Value>v</Value></member></Tags><IsTruncated>false</IsTruncated>";
    check(&cloud, "ListRoleTags", &name, tags).await;
    let none = "<InstanceProfiles></InstanceProfiles><IsTruncated>false</IsTruncated>";
    check(&cloud, "ListInstanceProfilesForRole", &name, none).await;

    check(&cloud, "DeleteRole", &name, "").await;
    let gone = "404 NoSuchEntity: The role with name Cook cannot be found.";
    for action in [
        "GetRole",
        "DeleteRole",
        "ListRoleTags",
        "ListRolePolicies",
        "ListAttachedRolePolicies",
    ] {
        check(&cloud, action, &name, gone).await;
    }
}

#[tokio::test]
async fn names_are_unique_whatever_their_case_and_ids_are_never_used_again() {
    let cloud = Cloud::open().await;
    make_role(&cloud, "Cook").await;
    let (_, first) = call(&cloud, "GetRole", &[("RoleName", "cook")]).await;
    let again = [("RoleName", "COOK"), ("AssumeRolePolicyDocument", TRUST)];
    check(
        &cloud,
        "CreateRole",
        &again,
        "409 EntityAlreadyExists: Role with name COOK already exists.",
    )
    .await;
    check(&cloud, "DeleteRole", &[("RoleName", "Cook")], "").await;
    make_role(&cloud, "Cook").await;
    let (_, second) = call(&cloud, "GetRole", &[("RoleName", "Cook")]).await;
    let id = |content: &str| content.split_once("<RoleId>").unwrap().1[..21].to_owned();
    assert!(id(&first).starts_with("AROA") && id(&first) != id(&second));
}

#[tokio::test]
async fn policies_are_kept_and_hold_the_role() {
    let cloud = Cloud::open().await;
    make_role(&cloud, "Cook").await;
    let role = ("RoleName", "Cook");
    let inline = [role, ("PolicyName", "p"), ("PolicyDocument", POLICY)];
    check(&cloud, "PutRolePolicy", &inline, "").await;
    check(&cloud, "PutRolePolicy", &inline, "").await;
    let got = format!(
        "<RoleName>Cook</RoleName><PolicyName>p</PolicyName><PolicyDocument>{}</PolicyDocument>",
        url_encode(POLICY)
    );
    check(&cloud, "GetRolePolicy", &inline[..2], &got).await;
    let names = "<PolicyNames><member>p</member></PolicyNames><IsTruncated>false</IsTruncated>";
    check(&cloud, "ListRolePolicies", &[role], names).await;

    let managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    let attachment = [role, ("PolicyArn", managed)];
    check(&cloud, "AttachRolePolicy", &attachment, "").await;
    check(&cloud, "AttachRolePolicy", &attachment, "").await;
    let list = format!(
        "<AttachedPolicies><member><PolicyName>AWSLambdaBasicExecutionRole</PolicyName><PolicyArn>{managed}</PolicyArn></member>\
         </AttachedPolicies><IsTruncated>false</IsTruncated>"
    );
    check(&cloud, "ListAttachedRolePolicies", &[role], &list).await;
    let unknown = [role, ("PolicyArn", "arn:aws:iam::aws:policy/Nonsense")];
    let message = "404 NoSuchEntity: Policy arn:aws:iam::aws:policy/Nonsense does not exist or is not attachable.";
    check(&cloud, "AttachRolePolicy", &unknown, message).await;

    let message = "409 DeleteConflict: Cannot delete entity, must detach all policies first.";
    check(&cloud, "DeleteRole", &[role], message).await;
    check(&cloud, "DetachRolePolicy", &attachment, "").await;
    let message = format!("404 NoSuchEntity: Policy {managed} was not found.");
    check(&cloud, "DetachRolePolicy", &attachment, &message).await;
    let message = "409 DeleteConflict: Cannot delete entity, must delete policies first.";
    check(&cloud, "DeleteRole", &[role], message).await;
    check(&cloud, "DeleteRolePolicy", &inline[..2], "").await;
    for action in ["DeleteRolePolicy", "GetRolePolicy"] {
        let message = "404 NoSuchEntity: The role policy with name p cannot be found.";
        check(&cloud, action, &inline[..2], message).await;
    }
    check(&cloud, "DeleteRole", &[role], "").await;
}

#[tokio::test]
async fn bad_input_is_refused_in_awss_words() {
    let cloud = Cloud::open().await;
    make_role(&cloud, "Cook").await;
    let long = "a".repeat(65);
    let create = |name: &'static str, trust: &'static str| [("RoleName", name), ("AssumeRolePolicyDocument", trust)];
    let null = "400 ValidationError: 1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null";
    check(&cloud, "GetRole", &[], null).await;
    let too_long = format!(
        "400 ValidationError: 1 validation error detected: Value '{long}' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64"
    );
    check(&cloud, "GetRole", &[("RoleName", &long)], &too_long).await;
    let bad_name = "400 ValidationError: The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-";
    check(&cloud, "CreateRole", &create("a b", TRUST), bad_name).await;
    let malformed = "400 MalformedPolicyDocument: This policy contains invalid Json";
    check(&cloud, "CreateRole", &create("New", "{"), malformed).await;
    let prohibited = "400 MalformedPolicyDocument: Has prohibited field Resource";
    let policy = [("RoleName", "Cook"), ("PolicyDocument", POLICY)];
    check(&cloud, "UpdateAssumeRolePolicy", &policy, prohibited).await;
    let boundary = [
        create("New", TRUST)[0],
        create("New", TRUST)[1],
        ("PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ];
    let (status, content) = call(&cloud, "CreateRole", &boundary).await;
    assert_eq!(status, 501);
    assert!(content.contains("iam:CreateRole with PermissionsBoundary"), "{content}");
    check(
        &cloud,
        "GetRole",
        &[("RoleName", "New")],
        "404 NoSuchEntity: The role with name New cannot be found.",
    )
    .await;

    let mut tags: Vec<(String, String)> = Vec::new();
    for index in 1..=51 {
        tags.push((format!("Tags.member.{index}.Key"), format!("k{index}")));
    }
    let mut params = vec![("RoleName", "Cook")];
    params.extend(tags.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (status, content) = call(&cloud, "TagRole", &params).await;
    assert!(
        status == 400 && content.contains("less than or equal to 50"),
        "{content}"
    );
    params.pop();
    check(&cloud, "TagRole", &params, "").await;
    let one_more = [("RoleName", "Cook"), ("Tags.member.1.Key", "more")];
    let message = "409 LimitExceeded: The number of tags has reached the maximum limit.";
    check(&cloud, "TagRole", &one_more, message).await;
}

#[tokio::test]
async fn sizes_of_policies_are_limited_white_space_apart() {
    let cloud = Cloud::open().await;
    make_role(&cloud, "Cook").await;
    let of_size = |size: usize| {
        let rest = POLICY.len() - "*".len() + "arn:aws:sns:::".len();
        POLICY.replace('*', &format!("arn:aws:sns:::{}", "x".repeat(size - rest)))
    };
    let put = async |name: &str, document: &str, expected: &str| {
        let params = [("RoleName", "Cook"), ("PolicyName", name), ("PolicyDocument", document)];
        check(&cloud, "PutRolePolicy", &params, expected).await;
    };
    let exceeded = "409 LimitExceeded: Maximum policy size of 10240 bytes exceeded for role Cook";
    put("one", &of_size(10_000), "").await;
    put("two", &of_size(241), exceeded).await;
    put("two", &of_size(240), "").await;
    put("two", &format!("{}{}", " ".repeat(500), of_size(240)), "").await;
    put("one", &of_size(10_001), exceeded).await;

    let trust = TRUST.replace("[{", &format!(r#"[{{"Sid":"{}","#, "x".repeat(2000)));
    let params = [("RoleName", "Cook"), ("PolicyDocument", trust.as_str())];
    let exceeded = "409 LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048";
    check(&cloud, "UpdateAssumeRolePolicy", &params, exceeded).await;
}

#[tokio::test]
async fn lists_come_in_pages() {
    let cloud = Cloud::open().await;
    for name in ["b", "A", "c"] {
        make_role(&cloud, name).await;
    }
    let names = |content: &str| -> Vec<String> {
        let parts = content.split("<RoleName>").skip(1);
        parts.map(|part| part.split('<').next().unwrap().to_owned()).collect()
    };
    let (_, first) = call(&cloud, "ListRoles", &[("MaxItems", "2")]).await;
    assert_eq!(names(&first), ["A", "b"]);
    assert!(first.contains("<IsTruncated>true</IsTruncated>"), "{first}");
    let marker = first
        .split_once("<Marker>")
        .unwrap()
        .1
        .split('<')
        .next()
        .unwrap()
        .to_owned();
    let (_, second) = call(&cloud, "ListRoles", &[("Marker", &marker)]).await;
    assert_eq!(names(&second), ["c"]);
    assert!(second.contains("<IsTruncated>false</IsTruncated>"), "{second}");
    let (_, none) = call(&cloud, "ListRoles", &[("PathPrefix", "/app/")]).await;
    assert!(names(&none).is_empty());
    check(
        &cloud,
        "ListRoles",
        &[("Marker", "???")],
        "400 ValidationError: Invalid Marker: ???",
    )
    .await;
}

#[test]
fn other_services_find_a_role_by_name_and_by_its_own_arn() {
    let store = Store::in_memory().unwrap();
    let iam = Iam::open(store.clone()).unwrap();
    let input = serde_json::json!({"RoleName": "Cook", "Path": "/app/", "AssumeRolePolicyDocument": TRUST});
    iam.write(roles::create, &Params::new(&input)).unwrap();
    for (wanted, there) in [
        ("Cook", true),
        ("arn:aws:iam::000000000000:role/app/Cook", true),
        ("arn:aws:iam::000000000000:role/Cook", false),
        ("arn:aws:iam::123456789012:role/app/Cook", false),
        ("Baker", false),
        ("", false),
    ] {
        assert_eq!(iam.role(wanted).unwrap().is_some(), there, "{wanted}");
    }
    assert!(iam.role("Cook").unwrap().unwrap().trusts("lambda.amazonaws.com"));
}
