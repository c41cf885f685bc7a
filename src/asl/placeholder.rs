//! ARNs that nobody has filled in yet: `arn:aws:lambda:REGION:ACCOUNT_ID:function:FUNCTION_NAME`.

/// The part of an ARN that is a placeholder, if there is one. Text that is no ARN at all has none.
pub(crate) fn placeholder(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, resource] = parts[..] else {
        return None;
    };
    if !partition.starts_with("aws") {
        return Some(partition);
    }
    // Calls of services (`arn:aws:states:::sns:publish`) and names that are unique in the world have neither.
    if !region.is_empty() && !is_region(region) {
        return Some(region);
    }
    if !account.is_empty() && !is_account(account) && account != "aws" {
        return Some(account);
    }
    let name = match service {
        "lambda" => resource.split(':').nth(1).unwrap_or(resource),
        _ => resource,
    };
    is_placeholder_name(name).then_some(name)
}

/// Whether a name is one that stands for another: `FUNCTION_NAME`, `<name>`, `YOUR_FUNCTION`.
pub(crate) fn is_placeholder_name(name: &str) -> bool {
    name == "FUNCTION_NAME" || name.starts_with("YOUR_") || (name.contains('<') && name.contains('>'))
}

/// `us-east-1`, `us-gov-west-1` …
fn is_region(text: &str) -> bool {
    let Some((area, number)) = text.rsplit_once('-') else {
        return false;
    };
    area.contains('-')
        && area.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        && !number.is_empty()
        && number.chars().all(|c| c.is_ascii_digit())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_arns() {
        let check = |arn: &str, expected: Option<&str>| assert_eq!(placeholder(arn), expected, "{arn}");
        check(
            "arn:aws:lambda:REGION:ACCOUNT_ID:function:FUNCTION_NAME",
            Some("REGION"),
        );
        check("arn:aws:lambda:us-east-1:ACCOUNT_ID:function:f", Some("ACCOUNT_ID"));
        check("arn:aws:lambda:us-east-1:123:function:f", Some("123"));
        check(
            "arn:aws:lambda:us-east-1:111122223333:function:FUNCTION_NAME",
            Some("FUNCTION_NAME"),
        );
        check("arn:aws:lambda:us-east-1:111122223333:function:<name>", Some("<name>"));
        check(
            "arn:aws:lambda:us-east-1:111122223333:function:YOUR_FUNCTION:$LATEST",
            Some("YOUR_FUNCTION"),
        );
        check("arn:<PARTITION>:states:::sns:publish", Some("<PARTITION>"));
        check("arn:aws:lambda:us-gov-west-1:111122223333:function:f:live", None);
        check("arn:aws:states:::lambda:invoke", None);
        check("arn:aws:iam::aws:policy/ReadOnlyAccess", None);
        check("REGION", None);
    }
}
