//! Test runs: who made what a test deploys, and what of it was left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::desired::{Desired, Tags};
use super::observed::{Observed, owner};
use super::{Kind, OWNER_TAG, TEST_RUN_TAG, TEST_TAG, names};
use crate::stack::{Isolation, suffix_in, suffixes_in};

/// A run of a stack's tests: the value of the tag `stepstack:test-run`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRun {
    /// Where its process runs: letters, digits, `.` and `-`.
    pub host: String,
    /// Its process id.
    pub process: u32,
    /// When the process began, in the host's own measure: ids are used again.
    pub began: u64,
    /// When the run was made, in seconds since the Unix epoch.
    pub at: u64,
    /// Seconds after which it has certainly ended.
    pub lasts: u64,
    /// Whether it is to stay when the process has ended.
    pub kept: bool,
}

impl TestRun {
    /// Reads the value of a tag; none if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: BTreeMap<&str, &str> = text.split(' ').filter_map(|field| field.split_once('=')).collect();
        Some(Self {
            host: (*fields.get("host")?).to_owned(),
            process: fields.get("pid")?.parse().ok()?,
            began: fields.get("began")?.parse().ok()?,
            at: fields.get("at")?.parse().ok()?,
            lasts: fields.get("lasts")?.parse().ok()?,
            kept: fields.contains_key("kept"),
        })
    }
}

/// Only what [tags of all services](https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html) may hold.
impl fmt::Display for TestRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            process,
            began,
            at,
            lasts,
            kept,
        } = self;
        write!(f, "host={host} pid={process} began={began} at={at} lasts={lasts}")?;
        if *kept { f.write_str(" kept=yes") } else { Ok(()) }
    }
}

/// The tags of everything that a run deploys of a stack.
pub fn test_tags(stack: &str, run: &TestRun) -> BTreeMap<String, String> {
    BTreeMap::from([
        (TEST_TAG.to_owned(), stack.to_owned()),
        (TEST_RUN_TAG.to_owned(), run.to_string()),
    ])
}

/// A stack whose tests are run: what its runs make is recognised by this.
#[derive(Clone, Debug, Default)]
pub struct Tested {
    /// The stack's name in its file.
    pub stack: String,
    /// What the stack has resources of.
    pub kinds: BTreeSet<Kind>,
    /// The name under which this run deploys it.
    pub deployed_as: String,
    /// What makes that name another one than those of other runs.
    pub suffix: String,
    /// The names of its resources in this run.
    pub names: BTreeSet<(Kind, String)>,
}

impl Tested {
    /// A stack as one run deploys it.
    pub fn new(isolation: &Isolation, desired: &Desired) -> Self {
        Self {
            stack: isolation.of.clone(),
            kinds: desired.kinds(),
            deployed_as: desired.stack.clone(),
            suffix: isolation.suffix.clone(),
            names: desired.names(),
        }
    }

    /// The name under which a run has deployed the stack, if this is the name of one of its resources there. All runs name alike,
    /// but for the suffix.
    pub fn run_with(&self, kind: Kind, name: &str) -> Option<String> {
        let here = |suffix: &&str| self.names.contains(&(kind, name.replace(suffix, &self.suffix)));
        let suffix = suffixes_in(name).find(here)?;
        Some(self.deployed_as.replace(&self.suffix, suffix))
    }

    /// The same of the function that a log group is named after.
    pub fn run_that_logged(&self, group: &str) -> Option<String> {
        self.run_with(Kind::Function, group.strip_prefix(names::FUNCTION_LOGS)?)
    }
}

/// What stands of a test run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The name under which it was deployed.
    pub deployed_as: String,
    /// The run, if a tag says which.
    pub run: Option<TestRun>,
    /// Whether anything of it carries tags.
    pub is_tagged: bool,
    /// What of it does not, and is known by its name.
    pub untagged: Vec<(Kind, String)>,
}

/// The test runs of a stack of which something stands, by the names under which they were deployed.
pub fn leftovers(stack: &str, observed: &Observed) -> Vec<Leftover> {
    let mut found: BTreeMap<&str, Leftover> = BTreeMap::new();
    let nothing = |deployed_as: &str| Leftover {
        deployed_as: deployed_as.to_owned(),
        run: None,
        is_tagged: false,
        untagged: Vec::new(),
    };
    for tags in all_tags(observed).filter(|tags| is_of_test(stack, tags)) {
        let Some(deployed_as) = owner(tags) else { continue };
        let run = tags.get(TEST_RUN_TAG).and_then(|text| TestRun::parse(text));
        let known = found.entry(deployed_as).or_insert_with(|| nothing(deployed_as));
        known.run = known.run.take().or(run);
        known.is_tagged = true;
    }
    for (what, deployed_as) in &observed.untagged {
        let known = found.entry(deployed_as).or_insert_with(|| nothing(deployed_as));
        known.untagged.push(what.clone());
    }
    found.into_values().collect()
}

/// Whether tags say that a resource is of a test run of that stack, and not of the stack itself.
pub(crate) fn is_of_test(stack: &str, tags: &Tags) -> bool {
    let named = tags.get(TEST_TAG).is_some_and(|of| of == stack);
    named && tags.get(OWNER_TAG).is_some_and(|owner| suffix_in(owner).is_some())
}

fn all_tags(observed: &Observed) -> impl Iterator<Item = &Tags> {
    let roles = observed.roles.values().map(|found| &found.tags);
    let groups = observed.log_groups.values().map(|found| &found.tags);
    let functions = observed.functions.values().map(|found| &found.tags);
    let machines = observed.state_machines.values().map(|found| &found.tags);
    let topics = observed.topics.values().map(|found| &found.tags);
    let queues = observed.queues.values().map(|found| &found.tags);
    let tables = observed.tables.values().map(|found| &found.tags);
    let work = roles.chain(groups).chain(functions).chain(machines);
    work.chain(topics).chain(queues).chain(tables)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::plan::observed::ObservedLogGroup;

    fn run() -> TestRun {
        TestRun {
            host: "ci-7.0a1b2c3d".to_owned(),
            process: 12,
            began: 345,
            at: 1_763_686_400,
            lasts: 7200,
            kept: false,
        }
    }

    #[test]
    fn the_tag_is_read_as_it_was_written() {
        for run in [run(), TestRun { kept: true, ..run() }] {
            let text = run.to_string();
            let allowed = |character: char| character.is_ascii_alphanumeric() || " _.:/=+-@".contains(character);
            assert!(text.chars().all(allowed), "{text}");
            assert_eq!(TestRun::parse(&text), Some(run));
        }
        for text in ["", "host=a pid=x began=1 at=1", "pid=1 began=1 at=1", "host"] {
            assert_eq!(TestRun::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_a_test_made_is_left_over() {
        let mut observed = Observed::default();
        let mut add = |name: &str, tags: &[(&str, String)]| {
            let group = ObservedLogGroup {
                name: name.to_owned(),
                arn: String::new(),
                retention: None,
                tags: tags
                    .iter()
                    .map(|(key, value)| ((*key).to_owned(), value.clone()))
                    .collect(),
            };
            observed.log_groups.insert(group.name.clone(), group);
        };
        add("real", &[(OWNER_TAG, "s".into())]);
        add("marked", &[(OWNER_TAG, "s".into()), (TEST_TAG, "s".into())]);
        add("other", &[(OWNER_TAG, "o-t00000001".into()), (TEST_TAG, "o".into())]);
        add("one", &[(OWNER_TAG, "s-t00000001".into()), (TEST_TAG, "s".into())]);
        let whole = [
            (OWNER_TAG, "s-t00000001".into()),
            (TEST_TAG, "s".into()),
            (TEST_RUN_TAG, run().to_string()),
        ];
        add("two", &whole);
        let expected = Leftover {
            deployed_as: "s-t00000001".to_owned(),
            run: Some(run()),
            is_tagged: true,
            untagged: Vec::new(),
        };
        assert_eq!(leftovers("s", &observed), std::slice::from_ref(&expected));

        let late = |name: &str| (Kind::LogGroup, name.to_owned());
        observed.untagged = [
            (late("/aws/lambda/s-t00000001-F"), "s-t00000001".to_owned()),
            (late("/aws/lambda/s-t00000002-F"), "s-t00000002".to_owned()),
        ]
        .into();
        let first = Leftover {
            untagged: vec![late("/aws/lambda/s-t00000001-F")],
            ..expected
        };
        let second = Leftover {
            deployed_as: "s-t00000002".to_owned(),
            run: None,
            is_tagged: false,
            untagged: vec![late("/aws/lambda/s-t00000002-F")],
        };
        assert_eq!(leftovers("s", &observed), [first, second]);
    }

    #[test]
    fn late_logs_are_known_by_the_names_of_functions() {
        let long = "call-center-t00c0ffee-AFunctionWithAVeryLongNameThat-21c353";
        let tested = Tested {
            stack: "call-center".to_owned(),
            kinds: BTreeSet::new(),
            deployed_as: "call-center-t00c0ffee".to_owned(),
            suffix: "t00c0ffee".to_owned(),
            names: ["call-center-t00c0ffee-Open", "named-t00c0ffee", long]
                .map(|name| (Kind::Function, name.to_owned()))
                .into(),
        };
        let check = |group: &str, expected: Option<&str>| {
            assert_eq!(tested.run_that_logged(group).as_deref(), expected, "{group}");
        };
        let other = Some("call-center-t12345678");
        check("/aws/lambda/call-center-t12345678-Open", other);
        check("/aws/lambda/named-t12345678", other);
        check(&format!("/aws/lambda/{}", long.replace("00c0ffee", "12345678")), other);
        check("/aws/lambda/call-center-t00c0ffee-Open", Some("call-center-t00c0ffee"));
        for group in [
            "/aws/lambda/call-center-Open",
            "/aws/lambda/call-center-t12345678-Close",
            "/aws/lambda/other-t12345678-Open",
            "/aws/lambda/named",
            "/other/named-t12345678",
            "call-center-t12345678-Open",
            "",
        ] {
            check(group, None);
        }
    }

    #[test]
    fn a_stack_whose_name_looks_like_that_of_a_run_is_told_from_its_runs() {
        let tested = Tested {
            deployed_as: "s-tcafebabe-t00c0ffee".to_owned(),
            suffix: "t00c0ffee".to_owned(),
            names: [(Kind::Topic, "s-tcafebabe-t00c0ffee-T".to_owned())].into(),
            ..Tested::default()
        };
        let run = tested.run_with(Kind::Topic, "s-tcafebabe-t12345678-T");
        assert_eq!(run.as_deref(), Some("s-tcafebabe-t12345678"));
        assert_eq!(tested.run_with(Kind::Queue, "s-tcafebabe-t12345678-T"), None);
    }
}
