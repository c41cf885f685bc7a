"""EventBridge by boto3: events in queues and as executions."""

import json

from cases import client, equal, name, refused, run


def receive(sqs, url):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=10).get("Messages", [])


def queue(sqs):
    full = name("q")
    return full, sqs.create_queue(QueueName=full)["QueueUrl"]


def rule(events, source, arn, **target):
    full = name("rule")
    events.put_rule(Name=full, EventPattern=json.dumps({"source": [source]}))
    equal(events.put_targets(Rule=full, Targets=[{"Id": "1", "Arn": arn, **target}])["FailedEntryCount"], 0)
    return full


def put(events, source, detail):
    return events.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": json.dumps(detail)}])


def case_events_arrive_in_queues(events):
    sqs, source = client("sqs"), name("source")
    full, url = queue(sqs)
    rule(events, source, f"arn:aws:sqs:us-east-1:000000000000:{full}")
    put(events, "other", {"n": 1})
    answer = put(events, source, {"n": 2})
    [message] = receive(sqs, url)
    event = json.loads(message["Body"])
    equal((event["id"], event["detail"], event["source"]), (answer["Entries"][0]["EventId"], {"n": 2}, source))


def case_targets_get_what_they_ask_for(events):
    sqs, source = client("sqs"), name("source")
    full, url = queue(sqs)
    transformer = {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"number": <n>, "text": "n is <n>"}'}
    rule(events, source, f"arn:aws:sqs:us-east-1:000000000000:{full}", InputTransformer=transformer)
    put(events, source, {"n": 2})
    [message] = receive(sqs, url)
    equal(json.loads(message["Body"]), {"number": 2, "text": "n is 2"})


def case_events_start_executions(events):
    sfn, sqs, iam, source = client("stepfunctions"), client("sqs"), client("iam"), name("source")
    full, url = queue(sqs)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"},
                                                     "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName=name("role"), AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    definition = {"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage",
                  "Parameters": {"QueueUrl": url, "MessageBody.$": "$.detail"}, "End": True}}}
    machine = sfn.create_state_machine(name=name("m"), definition=json.dumps(definition), roleArn=role)["stateMachineArn"]
    rule(events, source, machine, RoleArn=role)
    put(events, source, {"n": 3})
    [message] = receive(sqs, url)
    equal(json.loads(message["Body"]), {"n": 3})


def case_rules_are_listed_and_deleted(events):
    full = rule(events, "s", "arn:aws:sqs:us-east-1:000000000000:q")
    equal(events.describe_rule(Name=full)["State"], "ENABLED")
    events.disable_rule(Name=full)
    equal([found["State"] for found in events.list_rules(NamePrefix=full)["Rules"]], ["DISABLED"])
    equal([target["Id"] for target in events.list_targets_by_rule(Rule=full)["Targets"]], ["1"])
    refused("ValidationException", "has targets", events.delete_rule, Name=full)
    events.remove_targets(Rule=full, Ids=["1"])
    events.delete_rule(Name=full)
    refused("ResourceNotFoundException", "does not exist", events.describe_rule, Name=full)
    refused("NotImplemented", "ScheduleExpression", events.put_rule, Name=full, ScheduleExpression="rate(1 minute)")
    refused("InvalidEventPatternException", "not valid", events.put_rule, Name=full, EventPattern="{}")


def case_what_starts_executions_needs_a_role(events):
    full, machine = name("rule"), "arn:aws:states:us-east-1:000000000000:stateMachine:m"
    events.put_rule(Name=full, EventPattern='{"source": ["s"]}')
    refused("ValidationException", f"RoleArn is required for target {machine}.", events.put_targets, Rule=full,
            Targets=[{"Id": "1", "Arn": machine}])


def case_too_many_events_are_refused_in_words(events):
    entries = [{"Source": "my.app", "DetailType": "t", "Detail": "{}"}] * 11
    refused("ValidationException", "Value '[PutEventsRequestEntry(time=null, source=my.app,", events.put_events, Entries=entries)


run(globals(), "events")
