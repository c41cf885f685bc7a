"""JSONata by jsonata-python, in place of the Java library that LocalStack downloads (of which the former is a port)."""

import json

from jsonata import Jsonata
from localstack.services.stepfunctions.asl.jsonata import jsonata as theirs


def install():
    # LocalStack fills this in when it first evaluates something, unless it is filled in already.
    theirs._eval_jsonata = evaluate


def evaluate(expression):
    try:
        value = Jsonata(expression).evaluate(None)
        # As LocalStack does with Java's: only plain JSON leaves here.
        return json.loads(json.dumps(value))
    except Exception as problem:
        raise theirs.JSONataException("UNKNOWN", str(problem)) from problem
