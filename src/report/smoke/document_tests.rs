//! The document of the samples.
#![allow(clippy::unwrap_used)]

use super::super::samples;
use super::*;

#[test]
fn everything_is_there_by_its_name() {
    let suites = [samples::suite()];
    let text = render(&samples::tested(&suites));
    assert!(text.ends_with("}\n"));
    insta::assert_snapshot!(text, @r#"
    {
      "version": 1,
      "counts": {
        "passed": 2,
        "flaky": 1,
        "failed": 1,
        "broken": 1,
        "skipped": 1,
        "troubles": 1
      },
      "tookMs": 3400,
      "suites": [
        {
          "file": "stacks/call-center.yaml",
          "stack": "call-center",
          "deployedAs": "call-center-t1a2b",
          "counts": {
            "passed": 2,
            "flaky": 1,
            "failed": 1,
            "broken": 1,
            "skipped": 1,
            "troubles": 1
          },
          "tookMs": {
            "deploy": 1500,
            "cases": 2000,
            "teardown": 250
          },
          "troubles": [
            {
              "what": "teardown",
              "message": "role `r` is still there",
              "hints": [
                "run `stepstack teardown`"
              ]
            }
          ],
          "cases": [
            {
              "name": "an open case",
              "stateMachine": "CallCenter",
              "file": "stacks/call-center.yaml",
              "line": 30,
              "column": 5,
              "verdict": "passed",
              "flaky": false,
              "attempts": 1,
              "tookMs": 1234,
              "execution": {
                "arn": null,
                "status": "SUCCEEDED",
                "output": {
                  "Status": 1
                },
                "tookMs": 40,
                "visits": [
                  {
                    "state": "Open Case",
                    "stateType": "Task",
                    "entered": 2,
                    "within": null,
                    "from": null,
                    "input": {},
                    "output": {},
                    "retries": 0,
                    "errors": []
                  },
                  {
                    "state": "Close Case",
                    "stateType": "Task",
                    "entered": 2,
                    "within": null,
                    "from": 0,
                    "input": {},
                    "output": {},
                    "retries": 0,
                    "errors": []
                  }
                ]
              }
            },
            {
              "name": "a resolved case is closed",
              "stateMachine": "CallCenter",
              "file": "stacks/call-center.yaml",
              "line": 41,
              "column": 5,
              "verdict": "failed",
              "flaky": false,
              "attempts": 1,
              "tookMs": 1234,
              "mismatches": [
                {
                  "what": "path",
                  "expected": "Open Case → Close Case",
                  "got": "Open Case → Fail",
                  "diff": [
                    "  Open Case",
                    "- Close Case",
                    "+ Fail"
                  ],
                  "file": "stacks/call-center.yaml",
                  "line": 52,
                  "column": 7
                },
                {
                  "what": "status",
                  "expected": "SUCCEEDED",
                  "got": "FAILED",
                  "diff": [],
                  "file": "stacks/call-center.yaml",
                  "line": 51,
                  "column": 7
                }
              ],
              "execution": {
                "arn": "arn:aws:states:us-east-1:000000000000:execution:cc-CallCenter:one",
                "status": "FAILED",
                "error": "CaseError",
                "cause": "Engage Tier 2 Support.",
                "tookMs": 40,
                "visits": [
                  {
                    "state": "Open Case",
                    "stateType": "Task",
                    "entered": 2,
                    "within": null,
                    "from": null,
                    "input": {},
                    "output": {},
                    "retries": 2,
                    "errors": [
                      {
                        "error": "A",
                        "cause": "<no>"
                      },
                      {
                        "error": "A",
                        "cause": "<no>"
                      },
                      {
                        "error": "B",
                        "cause": "<no>"
                      }
                    ]
                  },
                  {
                    "state": "Fail",
                    "stateType": "Fail",
                    "entered": 2,
                    "within": null,
                    "from": 0,
                    "input": {},
                    "retries": 0,
                    "errors": []
                  }
                ]
              }
            },
            {
              "name": "a case that is | flaky",
              "stateMachine": "CallCenter",
              "file": "stacks/call-center.yaml",
              "line": 60,
              "column": 5,
              "verdict": "passed",
              "flaky": true,
              "attempts": 3,
              "tookMs": 1234,
              "execution": null
            },
            {
              "name": "mocked",
              "stateMachine": "CallCenter",
              "file": "stacks/call-center.yaml",
              "line": 70,
              "column": 5,
              "verdict": "skipped",
              "flaky": false,
              "attempts": 1,
              "tookMs": 1234,
              "skippedBecause": "mocks need the target local",
              "execution": null
            },
            {
              "name": "broken",
              "stateMachine": "CallCenter",
              "file": "stacks/call-center.yaml",
              "line": 80,
              "column": 5,
              "verdict": "broken",
              "flaky": false,
              "attempts": 1,
              "tookMs": 1234,
              "trouble": {
                "what": "start",
                "message": "access denied: states:StartExecution",
                "hints": [
                  "ask for it"
                ]
              },
              "execution": null
            }
          ],
          "coverage": {
            "states": {
              "covered": 2,
              "of": 3,
              "percent": 66.6
            },
            "transitions": {
              "covered": 1,
              "of": 2,
              "percent": 50.0
            },
            "machines": [
              {
                "stateMachine": "CallCenter",
                "states": [
                  {
                    "name": "Open Case",
                    "pointer": "/States/Open Case",
                    "visits": 3,
                    "file": "stacks/call-center.yaml",
                    "line": 4,
                    "column": 3
                  },
                  {
                    "name": "Close Case",
                    "pointer": "/States/Close Case",
                    "visits": 3,
                    "file": "stacks/call-center.yaml",
                    "line": 9,
                    "column": 3
                  },
                  {
                    "name": "Fail",
                    "pointer": "/States/Fail",
                    "visits": 0,
                    "file": "stacks/call-center.yaml",
                    "line": 12,
                    "column": 3
                  }
                ],
                "transitions": [
                  {
                    "from": "Open Case",
                    "to": "Close Case",
                    "label": "Next",
                    "taken": 3,
                    "file": "stacks/call-center.yaml",
                    "line": 4,
                    "column": 3
                  },
                  {
                    "from": "Open Case",
                    "to": "Fail",
                    "label": "Catch[0]",
                    "taken": 0,
                    "file": "stacks/call-center.yaml",
                    "line": 4,
                    "column": 3
                  }
                ]
              },
              {
                "stateMachine": "Other",
                "states": [],
                "transitions": []
              }
            ]
          }
        }
      ]
    }
"#);
}

#[test]
fn nothing_is_shortened() {
    let mut suite = samples::suite();
    let huge = "ä\u{1b}\n".repeat(100_000);
    suite.cases = vec![samples::case(
        "c",
        1,
        Verdict::Failed(vec![samples::mismatch("output", &huge, "1", &["+ x"; 500], 2)]),
    )];
    let text = render(&samples::tested(&[suite]));
    let read: Value = serde_json::from_str(&text).unwrap();
    let mismatch = &read["suites"][0]["cases"][0]["mismatches"][0];
    assert_eq!(mismatch["expected"], huge);
    assert_eq!(mismatch["diff"].as_array().unwrap().len(), 500);
}
