//! A stack under names of its own, so that it can stand beside itself: what a test run deploys.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::model::Stack;

/// Longest name of a stack.
const STACK_MAX: usize = 40;

/// Longest name of a function and of a role: [CreateRole](https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html).
const ROLE_MAX: usize = 64;

/// The same for what a role is made for, which has that name with `-role` after it.
const WITH_ROLE_MAX: usize = ROLE_MAX - "-role".len();

/// Longest name of a state machine and of a queue.
const MACHINE_MAX: usize = 80;

/// Longest name of a table; that of a topic is one longer.
const TABLE_MAX: usize = 255;

/// Hexadecimal digits that stand for what was cut off a name.
const DIGEST: usize = 6;

/// What makes an isolated stack another one than its file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// The stack's name in the file.
    pub of: String,
    /// Part of every name: `t` and eight hexadecimal digits.
    pub suffix: String,
    /// Tags for every resource, beside those of the file.
    pub tags: BTreeMap<String, String>,
    /// The names of the functions in the file, by logical id: what pasted ARNs are recognised by.
    pub functions: BTreeMap<String, String>,
}

/// The same stack under other names: its own and every physical name carry the suffix, which makes them unique. Names that
/// would be too long are cut, and say so with a digest of the whole in place of what was cut off.
pub fn isolate(stack: &Stack, suffix: &str, tags: BTreeMap<String, String>) -> Stack {
    let mut made = stack.clone();
    made.name = stack_name(&stack.name, suffix);
    let rename = Rename {
        stack: &stack.name,
        isolated: made.name.clone(),
        suffix,
    };
    for function in made.functions.values_mut() {
        let most = if function.role.is_some() {
            ROLE_MAX
        } else {
            WITH_ROLE_MAX
        };
        function.name = rename.physical(&function.name, most);
    }
    for role in made.roles.values_mut() {
        role.name = rename.physical(&role.name, ROLE_MAX);
    }
    for machine in made.state_machines.values_mut() {
        let most = if machine.role.is_some() {
            MACHINE_MAX
        } else {
            WITH_ROLE_MAX
        };
        machine.name = rename.physical(&machine.name, most);
    }
    for topic in made.topics.values_mut() {
        topic.name = rename.physical(&topic.name, TABLE_MAX + 1);
    }
    for queue in made.queues.values_mut() {
        queue.name = rename.physical(&queue.name, MACHINE_MAX);
    }
    for table in made.tables.values_mut() {
        table.name = rename.physical(&table.name, TABLE_MAX);
    }
    let functions = stack.functions.iter();
    made.isolation = Some(Isolation {
        of: stack.name.clone(),
        suffix: suffix.to_owned(),
        tags,
        functions: functions
            .map(|(id, function)| (id.clone(), function.name.clone()))
            .collect(),
    });
    made
}

/// The name of the stack with that suffix, its beginning cut so that it fits.
fn stack_name(name: &str, suffix: &str) -> String {
    let room = STACK_MAX.saturating_sub(suffix.len() + 1);
    let head: String = name.chars().take(room).collect();
    format!("{head}-{suffix}")
}

struct Rename<'a> {
    stack: &'a str,
    isolated: String,
    suffix: &'a str,
}

impl Rename<'_> {
    /// `<stack>-X` becomes `<isolated stack>-X`, any other name gets the suffix at its end, before `.fifo`.
    fn physical(&self, name: &str, most: usize) -> String {
        let (bare, ending) = match name.strip_suffix(".fifo") {
            Some(bare) => (bare, ".fifo"),
            None => (name, ""),
        };
        let own = bare.strip_prefix(self.stack).and_then(|rest| rest.strip_prefix('-'));
        let (head, tail) = match own {
            Some(id) => (format!("{}-", self.isolated), id.to_owned()),
            None => (String::new(), bare.to_owned()),
        };
        let end = match own {
            Some(_) => ending.to_owned(),
            None => format!("-{}{ending}", self.suffix),
        };
        let room = most.saturating_sub(head.chars().count() + end.chars().count());
        format!("{head}{}{end}", cut(&tail, room))
    }
}

/// The text, if it fits; else its beginning and a digest of the whole.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut digest = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        digest.push_str(&format!("{byte:02x}"));
    }
    digest.truncate(DIGEST);
    let beginning: String = text.chars().take(room.saturating_sub(DIGEST + 1)).collect();
    format!("{beginning}-{digest}")
}

/// The suffix that a name carries, if it is one of an isolated stack or of something in it.
pub fn suffix_in(name: &str) -> Option<&str> {
    suffixes_in(name).next()
}

/// All that may be suffixes in a name: the stack's own may look like one.
pub fn suffixes_in(name: &str) -> impl Iterator<Item = &str> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    name.match_indices("-t").filter_map(move |(at, _)| {
        let suffix = name.get(at + 1..at + 10)?;
        let whole = suffix.bytes().skip(1).all(digit);
        let rest = name.get(at + 10..)?;
        let ends = rest.is_empty() || rest.starts_with('-') || rest == ".fifo";
        (whole && ends).then_some(suffix)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_carries_the_suffix() {
        let check = |name: &str, most: usize, expected: &str| {
            let rename = Rename {
                stack: "call-center",
                isolated: stack_name("call-center", "t00c0ffee"),
                suffix: "t00c0ffee",
            };
            let made = rename.physical(name, most);
            assert_eq!(made, expected);
            assert!(made.chars().count() <= most, "{made}");
            assert_eq!(suffix_in(&made), Some("t00c0ffee"), "{made}");
        };
        check("call-center-Open", 59, "call-center-t00c0ffee-Open");
        check("call-center-Jobs.fifo", 80, "call-center-t00c0ffee-Jobs.fifo");
        check("cases", 255, "cases-t00c0ffee");
        check("cases.fifo", 80, "cases-t00c0ffee.fifo");
        check("call-centers", 80, "call-centers-t00c0ffee");
        check(
            "call-center-AFunctionWithAVeryLongNameThatGoesOnAndOn",
            59,
            "call-center-t00c0ffee-AFunctionWithAVeryLongNameThat-21c353",
        );
        check(
            "a-role-with-a-very-long-name-that-goes-on-and-on-until-the-limit",
            64,
            "a-role-with-a-very-long-name-that-goes-on-and-o-3cd313-t00c0ffee",
        );
        check(
            &format!("{}.fifo", "q".repeat(75)),
            80,
            &format!("{}-ae9588-t00c0ffee.fifo", "q".repeat(58)),
        );
    }

    #[test]
    fn names_that_are_cut_stay_different() {
        let long = "x".repeat(60);
        let (one, other) = (cut(&format!("{long}1"), 30), cut(&format!("{long}2"), 30));
        assert_ne!(one, other);
        assert_eq!((one.len(), other.len()), (30, 30));
    }

    #[test]
    fn a_stack_name_stays_one() {
        for name in ["s", "call-center", &"x".repeat(40)] {
            let made = stack_name(name, "t00c0ffee");
            assert_eq!(super::super::name_problem(&made), None, "{made}");
            assert_eq!(suffix_in(&made), Some("t00c0ffee"));
        }
    }

    #[test]
    fn names_without_a_suffix() {
        for name in [
            "",
            "call-center-Open",
            "-t",
            "a-t00c0ffe",
            "a-t00c0ffeeX",
            "a-t00C0FFEE",
            "a-t00c0ffee.txt",
            "é-té",
        ] {
            assert_eq!(suffix_in(name), None, "{name}");
        }
        assert_eq!(
            suffix_in("/aws/vendedlogs/states/s-t00c0ffee-M-Logs"),
            Some("t00c0ffee")
        );
        assert_eq!(suffix_in("a-tt00c0ffee-t00c0ffee-role"), Some("t00c0ffee"));
    }
}
