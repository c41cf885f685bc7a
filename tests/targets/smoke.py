"""Deploys the demo stacks to a target, runs them, tears them down, and looks itself whether anything is left. Before that, kills tests of
them in the middle, and looks whether the next ones remove what those left.

smoke.py STEPSTACK ENDPOINT STACK...: ends with 1 and says what is wrong, if something is. Needs boto3.
"""

import functools
import json
import subprocess
import sys
import time
from pathlib import Path

import boto3

STEPSTACK, ENDPOINT, STACKS = sys.argv[1], sys.argv[2], sys.argv[3:]
STACK_FILES = Path(__file__).resolve().parents[2] / "stacks"
# LocalStack may be without DynamoDB; then there is no stack that needs it.
HAS_TABLES = any(stack.startswith("credit-card") for stack in STACKS)
# A credit limit is drawn by lot; half of them need a person.
MOST_APPLICATIONS = 40
# What the workflow of each stack may end as.
ENDS = {
    "hello-world": {("SUCCEEDED", None)},
    "call-center": {("SUCCEEDED", None), ("FAILED", "Engage Tier 2 Support.")},
    "credit-card": {("SUCCEEDED", None)},
    "credit-card-jsonata": {("SUCCEEDED", None)},
}
# A case of each that is run by itself when a test was killed. credit-card-jsonata is made of the same as credit-card.
QUICK = {"hello-world": "^no$", "call-center": "assigned", "credit-card": "incomplete"}
# When a test is killed, from whether its state machine has stood before.
MOMENTS = {
    "something stands": lambda stood: left_over(),
    "its cases run": lambda stood: any(executions(arn) for arn in machines()),
    "it is being removed": lambda stood: stood and not machines(),
}


@functools.cache
def client(service):
    return boto3.client(service, endpoint_url=ENDPOINT, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def stepstack(*arguments, code=0, seconds=120):
    """Standard output of a command that has to end with that code."""
    command = [STEPSTACK, *arguments, "--endpoint-url", ENDPOINT, "--yes", "--json"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
    if done.returncode != code:
        sys.exit(f"`{' '.join(command)}` ended with {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def execution(file, name):
    status = json.loads(stepstack("status", file, "--executions", "100"))
    return next(found for found in status["executions"] if found["name"] == name)


def run(stack, file, name):
    """Starts an execution, answers it if it waits, and checks how it ends. Says whether it had to be answered."""
    stepstack("start", file, "--name", name, "--no-follow")
    answered, deadline = False, time.monotonic() + 60
    while (found := execution(file, name))["status"] == "RUNNING":
        if time.monotonic() > deadline:
            sys.exit(f"{name} of {stack} runs for a minute already")
        if not answered:
            answered = approve(stack, file, name)
        time.sleep(0.2)
    details = client("stepfunctions").describe_execution(executionArn=found["arn"])
    end = (found["status"], details.get("cause"))
    if end not in ENDS[stack]:
        sys.exit(f"{name} of {stack} ended as {end}")
    return answered


def approve(stack, file, name):
    waiting = json.loads(stepstack("callback", "list", file))["waiting"]
    mine = [one for one in waiting if one["execution"] == name]
    if not mine:
        return False
    if "not in the history" not in mine[0]["token"]:
        stepstack("approve", file, "--execution", name, "--no-follow")
        return True
    # MiniStack's history does not hold the token: it is in the queue, as for anybody who is asked.
    [url] = client("sqs").list_queues(QueueNamePrefix=f"{stack}-")["QueueUrls"]
    messages = client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages", [])
    for message in messages:
        stepstack("approve", file, "--token", json.loads(message["Body"])["TaskToken"])
    return bool(messages)


def machines():
    return [found["stateMachineArn"] for found in client("stepfunctions").list_state_machines()["stateMachines"]]


def executions(machine):
    try:
        return client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    except client("stepfunctions").exceptions.StateMachineDoesNotExist:
        return []


def left_over():
    """Names of everything of the kinds that the stacks are made of. The target was empty before."""
    return [
        *(found["FunctionName"] for found in client("lambda").list_functions()["Functions"]),
        *(found["RoleName"] for found in client("iam").list_roles()["Roles"]),
        *(found["name"] for found in client("stepfunctions").list_state_machines()["stateMachines"]),
        *(found["TopicArn"] for found in client("sns").list_topics()["Topics"]),
        *(found["SubscriptionArn"] for found in client("sns").list_subscriptions()["Subscriptions"]),
        *client("sqs").list_queues().get("QueueUrls", []),
        *(client("dynamodb").list_tables()["TableNames"] if HAS_TABLES else []),
        *(found["logGroupName"] for found in client("logs").describe_log_groups()["logGroups"]),
    ]


def smoke(stack):
    file = str(STACK_FILES / f"{stack}.yaml")
    begin = time.monotonic()
    stepstack("deploy", file, "--no-start")
    stepstack("plan", file, "--detailed-exitcode")  # 0: nothing to change
    deployed = time.monotonic()
    if stack.startswith("credit-card"):
        ways = set()
        for number in range(MOST_APPLICATIONS):
            ways.add(run(stack, file, f"application-{number}"))
            if len(ways) == 2:
                break
        else:
            sys.exit(f"of {MOST_APPLICATIONS} applications all {'had' if True in ways else 'did not have'} to be answered")
    else:
        run(stack, file, "smoke")
    ended = time.monotonic()
    stepstack("teardown", file)
    if left := left_over():
        sys.exit(f"left of {stack}: {left}")
    times = f"deploy {deployed - begin:.1f} s, executions {ended - deployed:.1f} s, teardown {time.monotonic() - ended:.1f} s"
    print(f"ok {stack}: {times}", flush=True)


def killed(stack, moment):
    """Kills a test of the stack at a moment; the next one has to remove what is left. Whether the stack has cases that are run here."""
    file = str(STACK_FILES / f"{stack}.yaml")
    begin, stood = time.monotonic(), False
    test = subprocess.Popen([STEPSTACK, "test", file, "--endpoint-url", ENDPOINT, "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not MOMENTS[moment](stood):
        stood = stood or bool(machines())
        if test.poll() is not None:
            said = test.stderr.read()
            if test.returncode == 1 and "all were skipped" in said:
                return False
            sys.exit(f"`stepstack test` of {stack} was over before {moment}, and said:\n{said}")
        if time.monotonic() > begin + 180:
            sys.exit(f"`stepstack test` of {stack} did not come to where {moment} within three minutes")
    test.kill()
    test.wait()
    left = left_over()
    if not left and moment != "it is being removed":
        sys.exit("`stepstack test` was killed too late: nothing is left")
    said = stepstack("test", file, "--filter", QUICK[stack])
    if after := left_over():
        sys.exit(f"left of a `stepstack test` of {stack} that was killed when {moment}, by the next one too: {after}; it said:\n{said}")
    print(f"ok {stack} killed when {moment}, and swept {len(left)}: {time.monotonic() - begin:.1f} s", flush=True)
    return True


if before := left_over():
    sys.exit(f"the target is not empty: {before}")
for each in filter(QUICK.get, STACKS):
    if not all(killed(each, moment) for moment in MOMENTS):
        print(f"skipped: killing a test of {each}, of which no case is run here", flush=True)
for each in STACKS:
    smoke(each)
