//! What the patterns of EventBridge and the filter policies of SNS have in common: numbers within bounds, addresses within
//! networks. See [event patterns](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html) and
//! [filter policies](https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html).

use std::net::IpAddr;

use serde_json::Value;

/// `["=", 1]`, `[">", 0, "<=", 5]`: one bound or two; none if it is anything else.
pub(super) fn bounds(list: &[Value]) -> Option<Vec<(&str, f64)>> {
    let pairs: Vec<(&str, f64)> = list
        .chunks(2)
        .map(|pair| match pair {
            [comparison, bound] => Some((comparison.as_str()?, bound.as_f64()?)),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let known = |(comparison, _): &(&str, f64)| matches!(*comparison, "=" | "<" | "<=" | ">" | ">=");
    ((1..=2).contains(&pairs.len()) && pairs.iter().all(known)).then_some(pairs)
}

/// Whether a value is a number within bounds.
pub(super) fn is_within(list: &Value, value: &Value) -> bool {
    let bounds = list.as_array().and_then(|list| bounds(list));
    bounds.zip(value.as_f64()).is_some_and(|(bounds, number)| {
        bounds
            .iter()
            .all(|(comparison, bound)| compare(comparison, number, *bound))
    })
}

fn compare(comparison: &str, number: f64, bound: f64) -> bool {
    match comparison {
        "=" => number == bound,
        "<" => number < bound,
        "<=" => number <= bound,
        ">" => number > bound,
        _ => number >= bound,
    }
}

/// `10.0.0.0/24`
pub(super) fn network(block: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = block.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let bits: u32 = bits.parse().ok()?;
    (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, bits))
}

/// Whether an address lies in a network.
pub(super) fn is_in(block: &str, address: &str) -> bool {
    let Some((network, bits)) = network(block) else {
        return false;
    };
    // Both moved so that the bits of the network come first.
    let (one, other) = match (network, address.parse()) {
        (IpAddr::V4(network), Ok(IpAddr::V4(address))) => {
            (u128::from(network.to_bits()) << 96, u128::from(address.to_bits()) << 96)
        }
        (IpAddr::V6(network), Ok(IpAddr::V6(address))) => (network.to_bits(), address.to_bits()),
        _ => return false,
    };
    bits == 0 || (one ^ other) >> (128 - bits) == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_keep_one_bound_or_two() {
        for (list, value, expected) in [
            (json!(["=", 1]), json!(1.0), true),
            (json!([">", 0, "<=", 5]), json!(5), true),
            (json!([">", 0, "<=", 5]), json!(0), false),
            (json!(["=", 1]), json!("1"), false),
            (json!(["!", 1]), json!(1), false),
            (json!([]), json!(1), false),
        ] {
            assert_eq!(is_within(&list, &value), expected, "{list} {value}");
        }
    }

    #[test]
    fn addresses_lie_in_networks_of_their_family() {
        for (block, address, expected) in [
            ("10.0.0.0/24", "10.0.0.255", true),
            ("10.0.0.0/24", "10.0.1.0", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("::/0", "1.2.3.4", false),
            ("2001:db8::/32", "2001:db8::1", true),
            ("10.0.0.0/33", "10.0.0.0", false),
            ("10.0.0.0", "10.0.0.0", false),
        ] {
            assert_eq!(is_in(block, address), expected, "{block} {address}");
        }
    }
}
