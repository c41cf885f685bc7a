//! Correct definitions made from bytes: every type of state, both query languages, retriers, catchers, variables. The same
//! bytes always make the same definition, and any bytes make one.

use serde_json::{Value, json};

/// Choices, made by bytes; when there are no more, always the first.
pub struct Source<'a> {
    bytes: &'a [u8],
}

impl<'a> Source<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// A number below `end`, which is at most 256.
    pub fn below(&mut self, end: usize) -> usize {
        match self.bytes.split_first() {
            Some((byte, rest)) => {
                self.bytes = rest;
                usize::from(*byte) % end
            }
            None => 0,
        }
    }

    /// Whether it is the one case among `of`.
    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == of - 1
    }

    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// How deep Parallel and Map states nest.
const DEPTH: usize = 2;
const RESOURCES: &[&str] = &[
    "arn:aws:lambda:us-east-1:000000000000:function:f",
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "arn:aws:states:us-east-1:000000000000:activity:a",
];
const PATHS: &[&str] = &[
    "$",
    "$.a",
    "$.list",
    "$.list[0]",
    "$..a",
    "$.list[*]",
    "$.list[?(@ > 1)]",
    "$$.Execution.Input",
    "$$.State.Name",
    "$v",
];
const VALUES: &[&str] = &[
    "$",
    "$.a",
    "$$.Execution.Id",
    "$v",
    "States.UUID()",
    "States.Format('{}-{}', $.a, $$.State.Name)",
    "States.Array($.a, 1, 'x')",
    "States.MathRandom(1, 9)",
    "States.StringToJson('{\"list\":[1]}')",
];
const EXPRESSIONS: &[&str] = &[
    "{% $states.input %}",
    "{% $states.input.a %}",
    "{% { 'a': 1, 'list': [1, 2, 3], 'was': $states.input } %}",
    "{% $states.context.State.Name %}",
    "{% $v %}",
    "{% $uuid() & $string($random()) %}",
    "{% $error('no') %}",
    "{% nothing %}",
    "{% [1, 2] %}",
];
const ERRORS: &[&str] = &[
    "Boom",
    "Other",
    "States.TaskFailed",
    "States.Timeout",
    "States.ALL",
    "States.QueryEvaluationError",
];

/// A definition that can be deployed.
pub fn definition(source: &mut Source<'_>) -> Value {
    let mut maker = Maker { source, names: 0 };
    let mut machine = maker.machine(DEPTH);
    if maker.source.one_in(4) {
        machine["TimeoutSeconds"] = json!(100);
    }
    machine
}

/// Data for an execution or the result of a task.
pub fn data(source: &mut Source<'_>) -> Value {
    source.pick(&[
        json!({ "a": 1, "list": [3, 1, 2] }),
        json!({}),
        json!([{ "a": 1 }, { "a": 2 }]),
        json!({ "a": { "a": "x" }, "list": [] }),
        json!("text"),
        json!(null),
    ])
}

struct Maker<'s, 'a> {
    source: &'s mut Source<'a>,
    /// How many states have a name.
    names: usize,
}

impl Maker<'_, '_> {
    fn machine(&mut self, depth: usize) -> Value {
        let length = 1 + self.source.below(4);
        let names: Vec<String> = (0..length).map(|at| format!("S{}", self.names + at)).collect();
        self.names += length;
        let mut states = serde_json::Map::new();
        for at in 0..length {
            states.insert(names[at].clone(), self.state(&names, at, depth));
        }
        json!({ "StartAt": names[0], "States": states })
    }

    /// A state from which the next one can be reached, if there is one.
    fn state(&mut self, names: &[String], at: usize, depth: usize) -> Value {
        let jsonata = self.source.one_in(3);
        let is_last = at + 1 == names.len();
        let mut state = match self.source.below(if depth == 0 { 6 } else { 8 }) {
            0 => self.pass(jsonata),
            1 | 2 => self.task(jsonata, names, at),
            3 => json!({ "Type": "Wait", "Seconds": self.source.below(3) }),
            4 if is_last => return self.end(jsonata),
            4 | 5 if !is_last => return self.choice(jsonata, names, at),
            6 => self.parallel(jsonata, depth, names, at),
            7 => self.map(jsonata, depth, names, at),
            _ => self.pass(jsonata),
        };
        if jsonata {
            state["QueryLanguage"] = "JSONata".into();
            self.maybe(&mut state, "Output", EXPRESSIONS);
        } else {
            self.maybe(&mut state, "InputPath", PATHS);
            self.maybe(&mut state, "OutputPath", PATHS);
        }
        self.maybe_assign(&mut state, jsonata);
        if is_last {
            state["End"] = true.into();
        } else {
            state["Next"] = names[at + 1].as_str().into();
        }
        state
    }

    /// Once in four times, a field with one of these texts.
    fn maybe(&mut self, state: &mut Value, field: &str, of: &[&str]) {
        if self.source.one_in(4) {
            state[field] = self.source.pick(of).into();
        }
    }

    fn maybe_assign(&mut self, state: &mut Value, jsonata: bool) {
        if self.source.one_in(4) {
            state["Assign"] = self.template("v", jsonata);
        }
    }

    /// An object with one member that is evaluated.
    fn template(&mut self, name: &str, jsonata: bool) -> Value {
        if jsonata {
            json!({ name: self.source.pick(EXPRESSIONS) })
        } else {
            json!({ format!("{name}.$"): self.source.pick(VALUES) })
        }
    }

    fn pass(&mut self, jsonata: bool) -> Value {
        let mut state = json!({ "Type": "Pass" });
        if !jsonata {
            match self.source.below(3) {
                1 => state["Result"] = data(self.source),
                2 => state["Parameters"] = self.template("a", false),
                _ => {}
            }
            self.maybe(&mut state, "ResultPath", &["$.r", "$", "$.a.b"]);
        }
        state
    }

    fn task(&mut self, jsonata: bool, names: &[String], at: usize) -> Value {
        let resource = self.source.pick(RESOURCES);
        let mut state = json!({ "Type": "Task", "Resource": resource });
        let arguments = if jsonata { "Arguments" } else { "Parameters" };
        if resource.contains(":states:::") {
            let token = if jsonata {
                "{% $states.context.Task.Token %}"
            } else {
                "$$.Task.Token"
            };
            let payload = if jsonata {
                json!({ "t": token })
            } else {
                json!({ "t.$": token })
            };
            state[arguments] = match resource.ends_with("Token") {
                true => json!({ "FunctionName": "f", "Payload": payload }),
                false => json!({ "FunctionName": "f" }),
            };
        } else if self.source.one_in(3) {
            state[arguments] = self.template("a", jsonata);
        }
        if self.source.one_in(3) {
            state["TimeoutSeconds"] = json!(30);
            state["HeartbeatSeconds"] = json!(7);
        }
        if !jsonata {
            self.maybe(&mut state, "ResultPath", &["$.r", "$", "$.a.b"]);
        }
        self.handlers(&mut state, jsonata, names, at);
        state
    }

    fn handlers(&mut self, state: &mut Value, jsonata: bool, names: &[String], at: usize) {
        if self.source.one_in(3) {
            state["Retry"] = json!([{
                "ErrorEquals": [self.source.pick(ERRORS)], "MaxAttempts": self.source.below(3), "IntervalSeconds": 1,
                "JitterStrategy": self.source.pick(&["NONE", "FULL"]),
            }]);
        }
        if self.source.one_in(3) {
            let mut catcher = json!({ "ErrorEquals": [self.source.pick(ERRORS)], "Next": self.target(names, at) });
            if jsonata {
                self.maybe(&mut catcher, "Output", EXPRESSIONS);
            } else {
                self.maybe(&mut catcher, "ResultPath", &["$.e", "$"]);
            }
            self.maybe_assign(&mut catcher, jsonata);
            state["Catch"] = json!([catcher]);
        }
    }

    /// A state to go to: seldom one before this one, since only the limit of the history ends a loop.
    fn target(&mut self, names: &[String], at: usize) -> String {
        if self.source.one_in(32) {
            return self.source.pick(names);
        }
        let later = names.get(at + 1..).filter(|later| !later.is_empty()).unwrap_or(names);
        self.source.pick(later)
    }

    fn choice(&mut self, jsonata: bool, names: &[String], at: usize) -> Value {
        let mut rule = if jsonata {
            let conditions = ["{% $states.input.a = 1 %}", "{% $exists($v) %}", "{% 'no boolean' %}"];
            json!({ "Condition": self.source.pick(&conditions) })
        } else {
            self.source.pick(&[
                json!({ "Variable": "$.a", "IsPresent": true }),
                json!({ "Variable": "$.a", "NumericGreaterThan": 0 }),
                json!({ "And": [
                    { "Variable": "$.a", "IsString": true }, { "Not": { "Variable": "$.a", "StringMatches": "x*" } },
                ]}),
            ])
        };
        rule["Next"] = self.target(names, at).into();
        self.maybe_assign(&mut rule, jsonata);
        let mut state = json!({ "Type": "Choice", "Choices": [rule], "Default": names[at + 1] });
        if jsonata {
            state["QueryLanguage"] = "JSONata".into();
        }
        state
    }

    fn end(&mut self, jsonata: bool) -> Value {
        let mut state = match self.source.below(3) {
            0 => json!({ "Type": "Succeed" }),
            1 => json!({ "Type": "Fail", "Error": "Boom", "Cause": "as said" }),
            _ if jsonata => json!({ "Type": "Fail", "Error": self.source.pick(EXPRESSIONS) }),
            _ => json!({ "Type": "Fail", "ErrorPath": "$.a", "CausePath": "States.Format('{}', $.a)" }),
        };
        if jsonata {
            state["QueryLanguage"] = "JSONata".into();
        }
        state
    }

    fn parallel(&mut self, jsonata: bool, depth: usize, names: &[String], at: usize) -> Value {
        let branches: Vec<Value> = (0..=self.source.below(3)).map(|_| self.machine(depth - 1)).collect();
        let mut state = json!({ "Type": "Parallel", "Branches": branches });
        self.handlers(&mut state, jsonata, names, at);
        state
    }

    fn map(&mut self, jsonata: bool, depth: usize, names: &[String], at: usize) -> Value {
        let mut state = json!({
            "Type": "Map", "ItemProcessor": self.machine(depth - 1), "MaxConcurrency": self.source.below(3),
        });
        if jsonata {
            state["Items"] = self.source.pick(&[json!([1, 2, 3]), json!("{% $states.input.list %}")]);
        } else {
            state["ItemsPath"] = self.source.pick(&["$.list", "$", "$.a"]).into();
        }
        if self.source.one_in(3) {
            let item = if jsonata {
                "{% $states.context.Map.Item.Value %}"
            } else {
                "$$.Map.Item.Value"
            };
            state["ItemSelector"] = if jsonata {
                json!({ "a": item })
            } else {
                json!({ "a.$": item })
            };
        }
        self.handlers(&mut state, jsonata, names, at);
        state
    }
}
