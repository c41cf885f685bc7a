"""SQS by boto3, in the JSON protocol; the query protocol by hand."""

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request

from cases import equal, name, refused, run


def queue(sqs, prefix="q", **attributes):
    full = name(prefix) + (".fifo" if attributes.get("FifoQueue") else "")
    return sqs.create_queue(QueueName=full, Attributes=attributes)["QueueUrl"]


def receive(sqs, url, **more):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **more).get("Messages", [])


def case_queues_are_made_found_and_deleted(sqs):
    url = queue(sqs, VisibilityTimeout="5")
    assert url.startswith(os.environ["AWS_ENDPOINT_URL"] + "/000000000000/q-"), url
    full = url.rsplit("/", 1)[1]
    equal(sqs.create_queue(QueueName=full, Attributes={"VisibilityTimeout": "5"})["QueueUrl"], url)
    refused("QueueAlreadyExists", "a different value for attribute VisibilityTimeout",
            sqs.create_queue, QueueName=full, Attributes={"VisibilityTimeout": "6"})
    equal(sqs.get_queue_url(QueueName=full)["QueueUrl"], url)
    equal(sqs.list_queues(QueueNamePrefix=full)["QueueUrls"], [url])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "VisibilityTimeout"])["Attributes"]
    equal(attributes, {"QueueArn": f"arn:aws:sqs:us-east-1:000000000000:{full}", "VisibilityTimeout": "5"})
    sqs.tag_queue(QueueUrl=url, Tags={"a": "b"})
    equal(sqs.list_queue_tags(QueueUrl=url)["Tags"], {"a": "b"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    refused("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist",
            sqs.get_queue_url, QueueName=full)
    try:
        sqs.get_queue_url(QueueName=full)
    except sqs.exceptions.QueueDoesNotExist:
        return
    raise AssertionError("not the modelled exception")


def case_messages_travel_with_their_attributes(sqs):
    url = queue(sqs)
    # boto3 itself checks the sums of what it sent and received.
    attributes = {"s": {"DataType": "String", "StringValue": "x"}, "n": {"DataType": "Number", "StringValue": "1"},
                  "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="grüße <&>", MessageAttributes=attributes)
    [message] = receive(sqs, url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], WaitTimeSeconds=5)
    equal(message["Body"], "grüße <&>")
    equal(message["MessageAttributes"], attributes)
    equal(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
    equal(message["Attributes"]["ApproximateReceiveCount"], "1")
    equal(receive(sqs, url), [])
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    [again] = receive(sqs, url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    equal(receive(sqs, url), [])


def case_batches(sqs):
    url = queue(sqs)
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": f"m{i}"} for i in range(10)])
    equal(len(answer["Successful"]), 10)
    messages = receive(sqs, url)
    equal([message["Body"] for message in messages], [f"m{i}" for i in range(10)])
    entries = [{"Id": str(i), "ReceiptHandle": message["ReceiptHandle"]} for i, message in enumerate(messages)]
    entries[0]["ReceiptHandle"] = "nonsense"
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    equal(len(answer["Successful"]), 9)
    equal([(entry["Id"], entry["Code"]) for entry in answer["Failed"]], [("0", "ReceiptHandleIsInvalid")])
    refused("AWS.SimpleQueueService.EmptyBatchRequest", "at least one SendMessageBatchRequestEntry",
            sqs.send_message_batch, QueueUrl=url, Entries=[])


def case_a_long_poll_waits_for_a_delayed_message(sqs):
    url = queue(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=1)
    start = time.monotonic()
    [message] = receive(sqs, url, WaitTimeSeconds=20)
    equal(message["Body"], "late")
    assert 0.5 < time.monotonic() - start < 15


def case_fifo(sqs):
    url = queue(sqs, FifoQueue="true", ContentBasedDeduplication="true")
    for body in ["1", "2", "1"]:
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    messages = receive(sqs, url, AttributeNames=["All"])
    equal([message["Body"] for message in messages], ["1", "2"])
    assert messages[0]["Attributes"]["SequenceNumber"] < messages[1]["Attributes"]["SequenceNumber"]
    refused("MissingParameter", "MessageGroupId", sqs.send_message, QueueUrl=url, MessageBody="x")


def case_a_dead_letter_queue(sqs):
    dead = queue(sqs, "dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    url = queue(sqs, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1}), VisibilityTimeout="0")
    equal(sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"], [url])
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    equal(len(receive(sqs, url)), 1)
    equal(receive(sqs, url), [])
    [message] = receive(sqs, dead, MessageSystemAttributeNames=["DeadLetterQueueSourceArn"])
    equal(message["Attributes"], {"DeadLetterQueueSourceArn": arn.replace("dead", "q").rsplit(":", 1)[0] + ":" + url.rsplit("/", 1)[1]})


def case_errors(sqs):
    url = queue(sqs)
    refused("InvalidParameterValue", "Must be >= 0 and <= 20", sqs.receive_message, QueueUrl=url, WaitTimeSeconds=21)
    refused("ReceiptHandleIsInvalid", "not a valid receipt handle", sqs.delete_message, QueueUrl=url, ReceiptHandle="x")
    refused("InvalidAttributeName", "Unknown Attribute X.", sqs.create_queue, QueueName="x", Attributes={"X": "1"})
    refused("InvalidMessageContents", "Invalid characters", sqs.send_message, QueueUrl=url, MessageBody="\x00")


def query(path="/", **form):
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + path, urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def case_the_query_protocol(_):
    full = name("old")
    version = {"Version": "2012-11-05"}
    status, text = query(Action="CreateQueue", QueueName=full, **{"Attribute.1.Name": "DelaySeconds", "Attribute.1.Value": "0"}, **version)
    equal(status, 200)
    assert f"<CreateQueueResult><QueueUrl>{os.environ['AWS_ENDPOINT_URL']}/000000000000/{full}</QueueUrl>" in text, text
    path = f"/000000000000/{full}"
    status, text = query(path, Action="SendMessage", MessageBody="hello", **version)
    assert "<MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592</MD5OfMessageBody>" in text, text
    status, text = query(path, Action="ReceiveMessage", MaxNumberOfMessages="10", **{"AttributeName.1": "SentTimestamp"}, **version)
    assert "<Body>hello</Body><Attribute><Name>SentTimestamp</Name>" in text, text
    status, text = query("/000000000000/none", Action="ReceiveMessage", **version)
    equal(status, 400)
    assert "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in text, text


run(globals(), "sqs")
