"""SNS by boto3, with SQS, Lambda and an HTTP endpoint of this script's as subscribers."""

import http.server
import io
import json
import threading
import time
import urllib.request
import zipfile

from cases import client, equal, name, refused, run


def topic(sns, **attributes):
    full = name("t") + (".fifo" if attributes.get("FifoTopic") else "")
    return sns.create_topic(Name=full, Attributes=attributes)["TopicArn"]


def queue(fifo=False):
    sqs = client("sqs")
    full = name("q") + (".fifo" if fifo else "")
    url = sqs.create_queue(QueueName=full, Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]
    return url, f"arn:aws:sqs:us-east-1:000000000000:{full}"


def receive(url):
    answer = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], WaitTimeSeconds=10)
    return answer.get("Messages", [])


def eventually(holds, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come")


def case_topics(sns):
    arn = topic(sns, DisplayName="d")
    full = arn.rsplit(":", 1)[1]
    equal(sns.create_topic(Name=full)["TopicArn"], arn)
    refused("InvalidParameter", "Topic already exists with different attributes",
            sns.create_topic, Name=full, Attributes={"DisplayName": "e"})
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    equal(sns.list_tags_for_resource(ResourceArn=arn)["Tags"], [{"Key": "a", "Value": "b"}])
    refused("InvalidParameter", "Topic already exists with different tags",
            sns.create_topic, Name=full, Tags=[{"Key": "a", "Value": "c"}])
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    equal(attributes["DisplayName"], "d")
    assert {"TopicArn": arn} in sns.list_topics()["Topics"]
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    refused("NotFound", "Topic does not exist", sns.get_topic_attributes, TopicArn=arn)


def case_a_queue_gets_notifications(sns):
    arn = topic(sns)
    url, endpoint = queue()
    subscription = sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint)["SubscriptionArn"]
    attribute = {"a": {"DataType": "String", "StringValue": "x"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00"}}
    sent = sns.publish(TopicArn=arn, Message="grüße", Subject="S", MessageAttributes=attribute)["MessageId"]
    envelope = json.loads(receive(url)[0]["Body"])
    equal([envelope[key] for key in ["Type", "MessageId", "TopicArn", "Subject", "Message"]],
          ["Notification", sent, arn, "S", "grüße"])
    equal(envelope["MessageAttributes"], {"a": {"Type": "String", "Value": "x"}, "b": {"Type": "Binary", "Value": "AA=="}})
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true")
    sns.publish(TopicArn=arn, Message="raw", MessageAttributes=attribute)
    [message] = receive(url)
    equal((message["Body"], message["MessageAttributes"]), ("raw", attribute))
    # The link of the envelope ends the subscription.
    urllib.request.urlopen(envelope["UnsubscribeURL"]).read()
    equal(sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"], [])


def case_filters(sns):
    arn = topic(sns)
    url, endpoint = queue()
    policy = json.dumps({"price": [{"numeric": [">", 0, "<=", 10]}], "kind": [{"anything-but": ["b"]}]})
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes={"FilterPolicy": policy, "RawMessageDelivery": "true"})
    for text, price, kind in [("yes", "10", "a"), ("dear", "11", "a"), ("wrong", "1", "b")]:
        sns.publish(TopicArn=arn, Message=text, MessageAttributes={
            "price": {"DataType": "Number", "StringValue": price}, "kind": {"DataType": "String", "StringValue": kind}})
    equal([message["Body"] for message in receive(url)], ["yes"])
    refused("InvalidParameter", "FilterPolicy", sns.subscribe, TopicArn=arn, Protocol="sqs", Endpoint=endpoint + "2",
            Attributes={"FilterPolicy": "{"})


def case_fifo(sns):
    arn = topic(sns, FifoTopic="true", ContentBasedDeduplication="true")
    url, endpoint = queue(fifo=True)
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"})
    numbers = [sns.publish(TopicArn=arn, Message=text, MessageGroupId="g")["SequenceNumber"] for text in ["1", "2", "1"]]
    assert numbers[0] == numbers[2] < numbers[1], numbers
    equal([message["Body"] for message in receive(url)], ["1", "2"])


def case_batches(sns):
    arn = topic(sns)
    url, endpoint = queue()
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"})
    answer = sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=[
        {"Id": "1", "Message": "one"}, {"Id": "2", "Message": "{}", "MessageStructure": "json"}])
    equal([entry["Id"] for entry in answer["Successful"]], ["1"])
    equal([(entry["Id"], entry["Code"]) for entry in answer["Failed"]], [("2", "InvalidParameter")])
    equal([message["Body"] for message in receive(url)], ["one"])


class Hook(http.server.BaseHTTPRequestHandler):
    got = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Hook.got.append((self.headers, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def case_an_http_endpoint_confirms_by_the_link_and_gets_notifications(sns):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    arn = topic(sns)
    endpoint = f"http://127.0.0.1:{server.server_port}/hook"
    equal(sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=endpoint)["SubscriptionArn"], "pending confirmation")
    eventually(lambda: len(Hook.got) == 1)
    headers, body = Hook.got[0]
    equal(headers["x-amz-sns-message-type"], "SubscriptionConfirmation")
    urllib.request.urlopen(json.loads(body)["SubscribeURL"]).read()
    equal(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsConfirmed"], "1")
    sns.publish(TopicArn=arn, Message="hello")
    eventually(lambda: len(Hook.got) == 2)
    headers, body = Hook.got[1]
    equal((headers["x-amz-sns-message-type"], json.loads(body)["Message"]), ("Notification", "hello"))
    server.shutdown()


def case_a_function_is_called(sns):
    url, _ = queue()
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        # The queue is filled over plain HTTP: the function's interpreter need not have boto3.
        archive.writestr("index.py", """
import json, os, urllib.request
def handler(event, context):
    body = json.dumps({"QueueUrl": os.environ["QUEUE"], "MessageBody": event["Records"][0]["Sns"]["Message"]}).encode()
    headers = {"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0"}
    urllib.request.urlopen(urllib.request.Request(os.environ["QUEUE"], body, headers)).read()
""")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                     "Principal": {"Service": "lambda.amazonaws.com"}}]}
    role = client("iam").create_role(RoleName=name("r"), AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    functions = client("lambda")
    function = functions.create_function(
        FunctionName=name("f"), Runtime="python3.12", Handler="index.handler", Role=role,
        Code={"ZipFile": code.getvalue()}, Environment={"Variables": {"QUEUE": url}})["FunctionArn"]
    functions.get_waiter("function_active_v2").wait(FunctionName=function)
    arn = topic(sns)
    sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function)
    sns.publish(TopicArn=arn, Message="for the function")
    found = client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
    equal([message["Body"] for message in found], ["for the function"])


def case_errors(sns):
    arn = topic(sns)
    refused("InvalidParameter", "Empty message", sns.publish, TopicArn=arn, Message="")
    refused("NotFound", "Topic does not exist", sns.publish, TopicArn=arn + "x", Message="m")
    refused("InvalidParameter", "does not support this protocol string", sns.subscribe, TopicArn=arn, Protocol="x", Endpoint="y")
    equal(sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")["SubscriptionArn"], "pending confirmation")
    refused("InvalidParameter", "Invalid token", sns.confirm_subscription, TopicArn=arn, Token="x")


run(globals(), "sns")
