//! A role as other services see it: may they assume it?

use serde_json::Value;

use super::document::strings;

/// What other services need to know of a role.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleView {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its trust policy.
    pub trust: Value,
}

impl RoleView {
    /// Does the trust policy allow `sts:AssumeRole` to this service, e.g. `lambda.amazonaws.com`? A regional principal
    /// (`states.us-east-1.amazonaws.com`) counts for its service. Conditions are taken to hold, except those of a Deny.
    pub fn trusts(&self, service: &str) -> bool {
        let statements = match self.trust.get("Statement") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(statement) => vec![statement],
            None => Vec::new(),
        };
        let effect = |wanted: &str| {
            let has_effect = |statement: &&&Value| statement.get("Effect").and_then(Value::as_str) == Some(wanted);
            let applies = |statement: &&Value| names(statement, service) && assumes(statement);
            statements.iter().filter(has_effect).any(|statement| match wanted {
                "Deny" => applies(statement) && statement.get("Condition").is_none(),
                _ => applies(statement),
            })
        };
        effect("Allow") && !effect("Deny")
    }
}

fn names(statement: &Value, service: &str) -> bool {
    let services = statement
        .pointer("/Principal/Service")
        .and_then(strings)
        .unwrap_or_default();
    services
        .into_iter()
        .any(|principal| principal == service || without_region(principal).as_deref() == Some(service))
}

/// `states.us-east-1.amazonaws.com` → `states.amazonaws.com`
fn without_region(principal: &str) -> Option<String> {
    let (service, rest) = principal.split_once('.')?;
    let (region, domain) = rest.split_once('.')?;
    region.contains('-').then(|| format!("{service}.{domain}"))
}

fn assumes(statement: &Value) -> bool {
    let actions = statement.get("Action").and_then(strings).unwrap_or_default();
    actions.into_iter().any(|action| {
        let action = action.to_ascii_lowercase();
        match action.strip_suffix('*') {
            Some(start) => "sts:assumerole".starts_with(start),
            None => action == "sts:assumerole",
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(statements: &str, expected: bool) {
        let role = RoleView {
            name: "r".to_owned(),
            arn: "arn:aws:iam::000000000000:role/r".to_owned(),
            trust: serde_json::from_str(&format!(r#"{{"Statement":{statements}}}"#)).unwrap(),
        };
        assert_eq!(role.trusts("states.amazonaws.com"), expected, "{statements}");
    }

    #[test]
    fn a_service_is_trusted_if_a_statement_lets_it_assume_the_role() {
        let allow = |service: &str, action: &str| {
            format!(r#"{{"Effect":"Allow","Principal":{{"Service":{service}}},"Action":"{action}"}}"#)
        };
        let ours = r#""states.amazonaws.com""#;
        check(&allow(ours, "sts:AssumeRole"), true);
        check(
            &allow(r#"["lambda.amazonaws.com","states.amazonaws.com"]"#, "sts:*"),
            true,
        );
        check(&allow(r#""states.eu-west-1.amazonaws.com""#, "sts:AssumeRole"), true);
        check(&allow(r#""lambda.amazonaws.com""#, "sts:AssumeRole"), false);
        check(&allow(ours, "sts:TagSession"), false);
        check(
            r#"{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}"#,
            false,
        );
        let deny = allow(ours, "sts:AssumeRole").replace("Allow", "Deny");
        check(&format!("[{},{deny}]", allow(ours, "sts:AssumeRole")), false);
        check(&format!("[{deny}]"), false);
        check("[]", false);
    }
}
