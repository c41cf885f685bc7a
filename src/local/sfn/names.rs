//! ARNs and names of state machines and executions, and what AWS says to wrong ones.

use crate::local::api::{ACCOUNT, ApiError};

/// What an ARN of Step Functions names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `…:stateMachine:NAME`, with or without a version or alias.
    StateMachine,
    /// `…:execution:MACHINE:NAME`
    Execution,
    /// `…:activity:NAME`
    Activity,
    /// `…:mapRun:MACHINE/LABEL:UUID`
    MapRun,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::StateMachine => "stateMachine",
            Self::Execution => "execution",
            Self::Activity => "activity",
            Self::MapRun => "mapRun",
        }
    }
}

/// The ARN of a state machine of the local account.
pub(super) fn machine_arn(region: &str, name: &str) -> String {
    format!("arn:aws:states:{region}:{ACCOUNT}:stateMachine:{name}")
}

/// Takes the version or alias off the checked ARN of a state machine.
pub(super) fn unqualified(arn: &str) -> (&str, Option<&str>) {
    match arn.match_indices(':').nth(6) {
        Some((at, _)) => (arn.get(..at).unwrap_or(arn), arn.get(at + 1..)),
        None => (arn, None),
    }
}

/// The ARN of an execution of a state machine of the local account.
pub(super) fn execution_arn(region: &str, machine: &str, name: &str) -> String {
    format!("arn:aws:states:{region}:{ACCOUNT}:execution:{machine}:{name}")
}

/// The ARN of an execution of an Express state machine; the last part makes it the only one, whatever its name.
pub(super) fn express_arn(region: &str, machine: &str, name: &str, unique: &str) -> String {
    format!("arn:aws:states:{region}:{ACCOUNT}:express:{machine}:{name}:{unique}")
}

/// Whether an execution's ARN is one of an Express state machine.
pub(super) fn is_express(arn: &str) -> bool {
    arn.split(':').nth(5) == Some("express")
}

/// Whether it is the ARN of an Express execution that a map run has started: those can be described.
pub(super) fn is_express_child(arn: &str) -> bool {
    is_express(arn) && arn.split(':').nth(6).is_some_and(|machine| machine.contains('/'))
}

/// The ARN of an activity of the local account.
pub(super) fn activity_arn(region: &str, name: &str) -> String {
    format!("arn:aws:states:{region}:{ACCOUNT}:activity:{name}")
}

/// The region in an ARN that was checked or made here.
pub(super) fn region_of(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// Checks the form of an ARN: that it is one, of Step Functions, and of that kind. Whether it exists is another matter.
pub(super) fn check_arn(arn: &str, kind: Kind) -> Result<(), ApiError> {
    let parts: Vec<&str> = arn.split(':').collect();
    if parts.first() != Some(&"arn") {
        return Err(invalid_arn(format!("Invalid ARN prefix: {arn}")));
    }
    let (Some(service), Some(found)) = (parts.get(2), parts.get(5)) else {
        return Err(invalid_arn(format!("Invalid ARN: {arn}")));
    };
    if *service != "states" {
        return Err(invalid_arn(format!("Invalid service in ARN: {arn}")));
    }
    if *found != kind.word() {
        return Err(invalid_arn(format!("Resource type not valid in this context: {found}")));
    }
    let names = parts.get(6..).unwrap_or_default();
    let enough = match kind {
        Kind::StateMachine => 1..=2,
        Kind::Execution | Kind::MapRun => 2..=2,
        Kind::Activity => 1..=1,
    };
    if enough.contains(&names.len()) && names.iter().all(|name| !name.is_empty()) {
        Ok(())
    } else {
        Err(invalid_arn(format!("Invalid ARN: {arn}")))
    }
}

/// Checks the form of a role's ARN, and gives its account.
pub(super) fn role_account(arn: &str) -> Result<&str, ApiError> {
    if !arn.starts_with("arn:") {
        return Err(invalid_arn(format!("Invalid ARN prefix: {arn}")));
    }
    let mut parts = arn.splitn(6, ':').skip(2);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("iam"), Some(""), Some(account), Some(resource))
            if account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(account)
        }
        _ => Err(invalid_arn(format!("Invalid Role Arn: {arn}"))),
    }
}

/// Checks the characters of a name; its length was checked before.
/// See <https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>.
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let forbidden = |c: char| {
        c.is_whitespace()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
    };
    if name.contains(forbidden) {
        return Err(ApiError::new("InvalidName", format!("Invalid Name: '{name}'")));
    }
    Ok(())
}

fn invalid_arn(what: String) -> ApiError {
    ApiError::new("InvalidArn", format!("Invalid Arn: '{what}'"))
}

/// No state machine has that ARN.
pub(super) fn no_such_machine(arn: &str) -> ApiError {
    ApiError::new(
        "StateMachineDoesNotExist",
        format!("State Machine Does Not Exist: '{arn}'"),
    )
}

/// What an alias names or is does not exist.
pub(super) fn no_such_resource() -> ApiError {
    ApiError::new("ResourceNotFound", "Request references a resource that does not exist.")
}

/// The state machine is going away.
pub(super) fn machine_deleting(arn: &str) -> ApiError {
    ApiError::new(
        "StateMachineDeleting",
        format!("State Machine is being deleted: '{arn}'"),
    )
}

/// No activity has that ARN.
pub(super) fn no_such_activity(arn: &str) -> ApiError {
    ApiError::new("ActivityDoesNotExist", format!("Activity Does Not Exist: '{arn}'"))
}

/// Express state machines have what Standard ones do not, and the other way round.
pub(super) fn type_not_supported() -> ApiError {
    ApiError::new(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
}

/// No map run has that ARN.
pub(super) fn no_such_map_run(arn: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Resource not found: '{arn}'"))
}

/// No execution has that ARN.
pub(super) fn no_such_execution(arn: &str) -> ApiError {
    ApiError::new("ExecutionDoesNotExist", format!("Execution Does Not Exist: '{arn}'"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn arns() {
        let check = |arn: &str, kind, want: &str| {
            let got = check_arn(arn, kind).map_or_else(|error| error.message, |()| "ok".to_owned());
            assert_eq!(got, want, "{arn}");
        };
        check(&machine_arn("us-east-1", "m"), Kind::StateMachine, "ok");
        check(&execution_arn("us-east-1", "m", "e"), Kind::Execution, "ok");
        check(
            "not_a_valid_arn",
            Kind::StateMachine,
            "Invalid Arn: 'Invalid ARN prefix: not_a_valid_arn'",
        );
        check(
            &machine_arn("us-east-1", "m"),
            Kind::Execution,
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        );
        check(
            "arn:aws:states",
            Kind::Execution,
            "Invalid Arn: 'Invalid ARN: arn:aws:states'",
        );
        check(
            "arn:aws:states:r:1:execution:m",
            Kind::Execution,
            "Invalid Arn: 'Invalid ARN: arn:aws:states:r:1:execution:m'",
        );
    }

    #[test]
    fn qualifiers() {
        let arn = machine_arn("us-east-1", "m");
        assert_eq!(unqualified(&arn), (arn.as_str(), None));
        for qualifier in ["7", "PROD"] {
            let qualified = format!("{arn}:{qualifier}");
            assert_eq!(unqualified(&qualified), (arn.as_str(), Some(qualifier)));
        }
    }

    #[test]
    fn names() {
        for good in ["a", "statemachine_1", "a-b.c+d=e@f!g(h)'i", "états"] {
            check_name(good).unwrap();
        }
        for bad in ["a b", "a}b", "a\"b", "a\u{7f}", "a:b", "a/b", "a\u{85}", "tab\t"] {
            assert_eq!(check_name(bad).unwrap_err().message, format!("Invalid Name: '{bad}'"));
        }
    }

    #[test]
    fn roles() {
        assert_eq!(
            role_account("arn:aws:iam::000000000000:role/path/name").unwrap(),
            ACCOUNT
        );
        for bad in [
            "name",
            "arn:aws:iam::0:role/x",
            "arn:aws:iam::000000000000:user/x",
            "arn:aws:iam::000000000000:role/",
        ] {
            assert_eq!(role_account(bad).unwrap_err().code, "InvalidArn", "{bad}");
        }
    }
}
