"""Runs the cases of a service: functions of the calling script whose names begin with `case_`, each with a client.

A script says `run(globals(), "sqs")`; AWS_ENDPOINT_URL is where the service is. Ends with 1 if a case failed.
"""

import os
import sys
import traceback
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def client(service):
    return boto3.client(
        service,
        endpoint_url=os.environ["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}),
    )


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def refused(code, message, call, **params):
    """The call must be refused with that code, and a message that contains that text."""
    try:
        answer = call(**params)
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found} instead of {code}"
        assert message in found["Message"], f"{found} does not say {message!r}"
        return
    raise AssertionError(f"{params} was not refused: {answer}")


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def run(names, service):
    failed = 0
    for case, function in list(names.items()):
        if case.startswith("case_"):
            try:
                function(client(service))
                print(f"ok {case}")
            except Exception:
                failed += 1
                print(f"FAILED {case}")
                traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)
