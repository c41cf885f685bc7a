//! ARNs and names that follow from partition, account, region and the stack file, so that a plan can be made, shown and
//! substituted before anything exists.

use super::Identity;

/// What Lambda puts before a function's name to get its log group.
pub(crate) const FUNCTION_LOGS: &str = "/aws/lambda/";

/// The name of the inline policy of every role of ours.
pub const POLICY_NAME: &str = "stepstack";

/// Longest name of a role: [CreateRole](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html).
pub(crate) const ROLE_NAME_MAX: usize = 64;

impl Identity {
    /// `arn:P:iam::A:role/PATH/NAME`; the path begins and ends with `/`.
    pub fn role_arn(&self, path: &str, name: &str) -> String {
        format!("arn:{}:iam::{}:role{path}{name}", self.partition, self.account)
    }

    /// `arn:P:lambda:R:A:function:NAME`.
    pub fn function_arn(&self, name: &str) -> String {
        self.regional("lambda", &format!("function:{name}"))
    }

    /// `arn:P:states:R:A:stateMachine:NAME`.
    pub fn machine_arn(&self, name: &str) -> String {
        self.regional("states", &format!("stateMachine:{name}"))
    }

    /// `arn:P:logs:R:A:log-group:NAME`, without the trailing `:*`.
    pub fn log_group_arn(&self, name: &str) -> String {
        self.regional("logs", &format!("log-group:{name}"))
    }

    /// `arn:P:sns:R:A:NAME`.
    pub fn topic_arn(&self, name: &str) -> String {
        self.regional("sns", name)
    }

    /// `arn:P:sqs:R:A:NAME`.
    pub fn queue_arn(&self, name: &str) -> String {
        self.regional("sqs", name)
    }

    /// The URL of a queue in AWS's form, which emulators understand too, by account and name.
    pub fn queue_url(&self, name: &str) -> String {
        let suffix = if self.partition == "aws-cn" { ".cn" } else { "" };
        format!(
            "https://sqs.{}.amazonaws.com{suffix}/{}/{name}",
            self.region, self.account
        )
    }

    /// `arn:P:dynamodb:R:A:table/NAME`.
    pub fn table_arn(&self, name: &str) -> String {
        self.regional("dynamodb", &format!("table/{name}"))
    }

    /// `arn:P:SERVICE:R:A:RESOURCE`.
    pub(crate) fn regional(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:{}:{service}:{}:{}:{resource}",
            self.partition, self.region, self.account
        )
    }
}

/// The role that is made for a function or state machine without one.
pub(crate) fn own_role(name: &str) -> String {
    format!("{name}-role")
}

/// The log group of a function.
pub fn function_log_group(name: &str) -> String {
    format!("{FUNCTION_LOGS}{name}")
}

/// The log group of a state machine that logs, named as the console does: CloudWatch limits the size of resource
/// policies, and a name under `/aws/vendedlogs/` does not count towards it.
pub fn machine_log_group(name: &str) -> String {
    format!("/aws/vendedlogs/states/{name}-Logs")
}

/// The partition that a region lies in, for identities that do not say.
pub fn partition_of_region(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
