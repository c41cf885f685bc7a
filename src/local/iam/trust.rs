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
        self.lets(|statement| names(statement, service))
    }

    /// Does it allow `sts:AssumeRole` to the account it is in, as a whole or to something of it, or to everybody?
    pub fn trusts_its_account(&self) -> bool {
        let account = self.arn.split(':').nth(4).unwrap_or_default();
        self.lets(|statement| names_account(statement, account))
    }

    /// Whether an Allow, and no Deny, is about those that `named` finds.
    fn lets(&self, named: impl Fn(&Value) -> bool) -> bool {
        let statements = match self.trust.get("Statement") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(statement) => vec![statement],
            None => Vec::new(),
        };
        let effect = |wanted: &str| {
            let has_effect = |statement: &&&Value| statement.get("Effect").and_then(Value::as_str) == Some(wanted);
            let applies = |statement: &&Value| named(statement) && assumes(statement);
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

fn names_account(statement: &Value, account: &str) -> bool {
    let principal = statement.get("Principal");
    let everybody = principal.and_then(Value::as_str) == Some("*");
    let accounts = principal.and_then(|principal| principal.get("AWS")).and_then(strings);
    everybody
        || accounts
            .unwrap_or_default()
            .into_iter()
            .any(|principal| principal == "*" || principal == account || principal.split(':').nth(4) == Some(account))
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

    #[test]
    fn an_account_is_trusted_by_its_number_its_root_or_something_of_it() {
        let check = |principal: &str, expected: bool| {
            let trust =
                format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}}}"#);
            let role = RoleView {
                name: "r".to_owned(),
                arn: "arn:aws:iam::000000000000:role/r".to_owned(),
                trust: serde_json::from_str(&trust).unwrap(),
            };
            assert_eq!(role.trusts_its_account(), expected, "{principal}");
        };
        check(r#"{"AWS":"000000000000"}"#, true);
        check(r#"{"AWS":["x","arn:aws:iam::000000000000:root"]}"#, true);
        check(r#"{"AWS":"arn:aws:iam::000000000000:role/machine"}"#, true);
        check(r#""*""#, true);
        check(r#"{"AWS":"arn:aws:iam::111111111111:root"}"#, false);
        check(r#"{"Service":"states.amazonaws.com"}"#, false);
    }
}
