"""DynamoDB by boto3: client and resource."""

import random
import time
from decimal import Context, Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import TypeSerializer

from cases import equal, name, refused, run

serialize = TypeSerializer().serialize


def values(**plain):
    return {":" + key: serialize(value) for key, value in plain.items()}


def item(**plain):
    return {key: serialize(value) for key, value in plain.items()}


def table(db, sort="S", **more):
    full = name("t")
    definitions = [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": sort}]
    db.create_table(TableName=full, BillingMode="PAY_PER_REQUEST",
                    KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
                    AttributeDefinitions=definitions + more.pop("definitions", []), **more)
    db.get_waiter("table_exists").wait(TableName=full, WaiterConfig={"Delay": 1})
    return full


def index(name_, hash_, range_=None, projection="ALL"):
    schema = [{"AttributeName": hash_, "KeyType": "HASH"}]
    if range_:
        schema.append({"AttributeName": range_, "KeyType": "RANGE"})
    return {"IndexName": name_, "KeySchema": schema, "Projection": {"ProjectionType": projection}}


def case_tables_are_made_changed_and_deleted(db):
    full = table(db)
    found = db.describe_table(TableName=full)["Table"]
    equal(found["TableArn"], f"arn:aws:dynamodb:us-east-1:000000000000:table/{full}")
    equal(found["TableStatus"], "ACTIVE")
    equal(found["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
    equal((found["ProvisionedThroughput"]["ReadCapacityUnits"], found["DeletionProtectionEnabled"]), (0, False))
    refused("ResourceInUseException", full, db.create_table, TableName=full, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}])
    db.update_table(TableName=full, DeletionProtectionEnabled=True)
    refused("ValidationException", "deletion protection", db.delete_table, TableName=full)
    db.update_table(TableName=full, DeletionProtectionEnabled=False)
    db.tag_resource(ResourceArn=found["TableArn"], Tags=[{"Key": "a", "Value": "b"}])
    equal(db.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"], [{"Key": "a", "Value": "b"}])
    db.untag_resource(ResourceArn=found["TableArn"], TagKeys=["a"])
    equal(db.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"], [])
    db.delete_table(TableName=full)
    db.get_waiter("table_not_exists").wait(TableName=full, WaiterConfig={"Delay": 1})
    refused("ResourceNotFoundException", "not found", db.describe_table, TableName=full)


def case_tables_are_listed_in_pages(db):
    mine = sorted(table(db) for _ in range(3))
    found = [full for page in db.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2})
             for full in page["TableNames"]]
    equal([full for full in found if full in mine], mine)


def case_wrong_tables_are_refused(db):
    key = [{"AttributeName": "p", "KeyType": "HASH"}]
    text = [{"AttributeName": "p", "AttributeType": "S"}]
    refused("ValidationException", "ReadCapacityUnits", db.create_table, TableName=name("t"), KeySchema=key,
            AttributeDefinitions=text, BillingMode="PROVISIONED")
    refused("ValidationException", "ReadCapacityUnits", db.create_table, TableName=name("t"), KeySchema=key,
            AttributeDefinitions=text)
    refused("ValidationException", "have no definition", db.create_table, TableName=name("t"), KeySchema=key,
            AttributeDefinitions=[], BillingMode="PAY_PER_REQUEST")
    refused("ValidationException", "", db.create_table, TableName="a!", KeySchema=key, AttributeDefinitions=text,
            BillingMode="PAY_PER_REQUEST")


def case_all_types_come_back(db):
    full = table(db)
    everything = {
        "p": "a", "s": "b", "text": "grüße", "empty": "", "number": Decimal("-1.5e-10"), "true": True, "none": None,
        "list": [1, "x", [], {}], "map": {"a": {"b": [None]}}, "texts": {"a", "b"}, "numbers": {1, 2}, "binaries": {b"\0"},
    }
    plain = boto3.resource("dynamodb", endpoint_url=db.meta.endpoint_url, region_name="us-east-1",
                           aws_access_key_id="test", aws_secret_access_key="test").Table(full)
    plain.put_item(Item=everything)
    found = plain.get_item(Key={"p": "a", "s": "b"}, ConsistentRead=True)["Item"]
    found["binaries"] = {bytes(value.value) if hasattr(value, "value") else value for value in found["binaries"]}
    equal(found, everything)
    equal(plain.query(KeyConditionExpression=Key("p").eq("a") & Key("s").begins_with("b"))["Count"], 1)
    equal(plain.scan(FilterExpression=Attr("text").contains("ü") & Attr("list").size().eq(4))["Count"], 1)


def case_arithmetic_is_that_of_38_digits(db):
    full = table(db)
    chance, wide = random.Random(4), Context(prec=200)
    for _ in range(60):
        left, right = (Decimal(chance.randrange(-10**chance.randrange(1, 37), 10**36)).scaleb(-chance.randrange(30), wide)
                       for _ in "ab")
        total = wide.add(left, right)
        if len(total.as_tuple().digits) > 38:
            continue
        found = db.update_item(TableName=full, Key=item(p="a", s="b"), UpdateExpression="SET n = :a + :b",
                               ExpressionAttributeValues={":a": {"N": str(left)}, ":b": {"N": str(right)}},
                               ReturnValues="UPDATED_NEW")["Attributes"]["n"]["N"]
        equal(Decimal(found), total)


def case_updates(db):
    full = table(db)

    def update(expression, names=None, condition=None, **plain):
        more = {}
        if plain:
            more["ExpressionAttributeValues"] = values(**plain)
        if names:
            more["ExpressionAttributeNames"] = names
        if condition:
            more["ConditionExpression"] = condition
        answer = db.update_item(TableName=full, Key=item(p="a", s="b"), UpdateExpression=expression,
                                ReturnValues="ALL_NEW", **more)
        return {key: value for key, value in answer["Attributes"].items() if key not in "ps"}

    equal(update("SET n = if_not_exists(n, :zero) + :one", zero=0, one=1), item(n=1))
    equal(update("SET n = n - :one, l = :l, m = :m", one=1, l=[1, 2], m={"a": 1}), item(n=0, l=[1, 2], m={"a": 1}))
    equal(update("SET l = list_append(l, :l), m.b = :x", l=[3], x="x"),
          item(n=0, l=[1, 2, 3], m={"a": 1, "b": "x"}))
    equal(update("SET l[0] = :x", x="x")["l"], serialize(["x", 2, 3]))
    equal(update("REMOVE l[1], m.a, n"), item(l=["x", 3], m={"b": "x"}))
    equal(update("ADD c :two SET #r = :x REMOVE l, m", {"#r": "size"}, two=2, x="x"), item(c=2, size="x"))
    equal(update("ADD c :two, t :t REMOVE #r", {"#r": "size"}, two=2, t={"a", "b"})["c"], {"N": "4"})
    equal(update("DELETE t :t", t={"a"}), item(c=4, t={"b"}))
    equal(update("DELETE t :t", t={"b"}), item(c=4))
    equal(update("SET c = :one", condition="c BETWEEN :one AND :five AND c IN (:four, :five)", one=1, four=4, five=5),
          item(c=1))
    call = {"TableName": full, "Key": item(p="a", s="b")}
    for message, expression, given in [
        ("reserved keyword", "SET size = :x", values(x=1)),
        ("unused in expressions", "SET c = :x", values(x=1, y=1)),
        ("not defined", "SET c = :y", values(x=1)),
        ("Cannot update attribute p. This attribute is part of the key", "SET p = :x", values(x="z")),
        ("overlap", "SET c = :x, c[0] = :x", values(x=1)),
        ("document path", "SET zz.y = :x", values(x=1)),
        ("Incorrect operand type", "SET c = c + :x", values(x="text")),
        ("empty", "", values(x=1)),
    ]:
        refused("ValidationException", message, db.update_item, UpdateExpression=expression,
                ExpressionAttributeValues=given, **call)
    refused("ValidationException", "#n", db.update_item, UpdateExpression="SET c = :x",
            ExpressionAttributeValues=values(x=1), ExpressionAttributeNames={"#n": "n"}, **call)


def case_conditions(db):
    full = table(db)
    db.put_item(TableName=full, Item=item(p="a", s="b", n=5, t="hello", l=[1, 2], ss={"x"}))

    def holds(condition, **plain):
        more = {"ExpressionAttributeValues": values(**plain)} if plain else {}
        try:
            db.update_item(TableName=full, Key=item(p="a", s="b"), UpdateExpression="REMOVE zz",
                           ConditionExpression=condition, **more)
            return True
        except db.exceptions.ConditionalCheckFailedException:
            return False

    for expected, condition, plain in [
        (True, "attribute_exists(n) AND attribute_not_exists(zz)", {}),
        (False, "attribute_exists(zz) OR NOT attribute_exists(n)", {}),
        (True, "attribute_type(n, :x)", {"x": "N"}),
        (True, "begins_with(t, :x) AND contains(t, :y)", {"x": "he", "y": "ll"}),
        (True, "contains(l, :x) AND contains(ss, :y)", {"x": 2, "y": "x"}),
        (True, "size(t) = :x AND size(l) < :x", {"x": 5}),
        (False, "n = :x", {"x": "5"}),
        (False, "n < :x", {"x": "6"}),
        (True, "n <> :x", {"x": "5"}),
        (True, "n > :x AND n >= :y AND n <= :y", {"x": Decimal("4.9"), "y": 5}),
        (True, "NOT n = :x AND (t = :y OR n = :x)", {"x": 6, "y": "hello"}),
        (True, "l[1] = :x", {"x": 2}),
    ]:
        equal((condition, holds(condition, **plain)), (condition, expected))
    try:
        db.put_item(TableName=full, Item=item(p="a", s="b"), ConditionExpression="attribute_not_exists(p)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD")
    except db.exceptions.ConditionalCheckFailedException as error:
        equal(error.response["Item"]["n"], {"N": "5"})
    equal(db.delete_item(TableName=full, Key=item(p="a", s="b"), ReturnValues="ALL_OLD")["Attributes"]["t"], {"S": "hello"})
    assert "Attributes" not in db.delete_item(TableName=full, Key=item(p="a", s="b"), ReturnValues="ALL_OLD")


def case_queries(db):
    full = table(db, "N", definitions=[{"AttributeName": "g", "AttributeType": "S"}],
                 GlobalSecondaryIndexes=[index("by-g", "g", projection="KEYS_ONLY")],
                 LocalSecondaryIndexes=[index("by-p-g", "p", "g")])
    for number in range(10):
        group = {"g": f"g{number % 3}"} if number != 9 else {}
        db.put_item(TableName=full, Item=item(p="a", s=number - 5, x=number, **group))
    db.put_item(TableName=full, Item=item(p="b", s=0, x=0))

    def query(condition, plain, **more):
        answer = db.query(TableName=full, KeyConditionExpression=condition,
                          ExpressionAttributeValues=values(**plain), **more)
        return [int(found["s"]["N"]) for found in answer["Items"]], answer

    equal(query("p = :p", {"p": "a"})[0], list(range(-5, 5)))
    equal(query("p = :p", {"p": "a"}, ScanIndexForward=False, Limit=2)[0], [4, 3])
    equal(query("p = :p AND s BETWEEN :a AND :b", {"p": "a", "a": -1, "b": 1})[0], [-1, 0, 1])
    equal(query("s >= :a AND p = :p", {"p": "a", "a": 3})[0], [3, 4])
    found, answer = query("p = :p", {"p": "a", "x": 5}, FilterExpression="x < :x", Limit=7)
    equal((found, answer["Count"], answer["ScannedCount"]), ([-5, -4, -3, -2, -1], 5, 7))
    equal(answer["LastEvaluatedKey"], item(p="a", s=1))
    equal(query("p = :p", {"p": "a"}, ExclusiveStartKey=answer["LastEvaluatedKey"])[0], [2, 3, 4])
    found, answer = query("g = :g", {"g": "g1"}, IndexName="by-g")
    equal(sorted(found), [-4, -1, 2])
    equal(set(answer["Items"][0]), {"p", "s", "g"})
    equal(query("p = :p AND begins_with(g, :g)", {"p": "a", "g": "g"}, IndexName="by-p-g")[1]["Count"], 9)
    equal(db.query(TableName=full, KeyConditionExpression="p = :p", ExpressionAttributeValues=values(p="a"),
                   Select="COUNT")["Count"], 10)
    for condition, given, message in [
        ("s = :a", values(a=1), "missed key schema element: p"),
        ("p = :a AND x = :b", values(a="a", b=1), "key"),
        ("p > :a", values(a="a"), "not supported"),
        ("p = :a AND s = :a", values(a="a"), "type"),
    ]:
        refused("ValidationException", message, db.query, TableName=full, KeyConditionExpression=condition,
                ExpressionAttributeValues=given)
    refused("ValidationException", "does not have the specified index", db.query, TableName=full, IndexName="none",
            KeyConditionExpression="p = :p", ExpressionAttributeValues=values(p="a"))


def case_scans_end_a_page_at_1_mb(db):
    full = table(db)
    for start in range(0, 40, 20):
        db.batch_write_item(RequestItems={full: [
            {"PutRequest": {"Item": item(p=str(number), s="s", x="x" * 60_000)}} for number in range(start, start + 20)]})
    pages = list(db.get_paginator("scan").paginate(TableName=full, ProjectionExpression="p"))
    equal(sorted(int(found["p"]["S"]) for page in pages for found in page["Items"]), list(range(40)))
    equal(len(pages), 3)
    equal(set(pages[0]["Items"][0]), {"p"})
    parts = [{found["p"]["S"] for page in db.get_paginator("scan").paginate(TableName=full, Segment=segment, TotalSegments=3)
              for found in page["Items"]} for segment in range(3)]
    equal(sum(map(len, parts)), 40)
    equal(len(set.union(*parts)), 40)
    found = db.scan(TableName=full, Limit=5, FilterExpression="p = :none", ExpressionAttributeValues=values(none="none"))
    equal((found["Count"], found["ScannedCount"], "LastEvaluatedKey" in found), (0, 5, True))


def case_batches(db):
    full, other = table(db), table(db)
    requests = [{"PutRequest": {"Item": item(p=str(number), s="s")}} for number in range(25)]
    equal(db.batch_write_item(RequestItems={full: requests})["UnprocessedItems"], {})
    answer = db.batch_get_item(RequestItems={
        full: {"Keys": [item(p=str(number), s="s") for number in range(24, 50)]},
        other: {"Keys": [item(p="1", s="s")]}})
    equal(answer["Responses"], {full: [item(p="24", s="s")], other: []})
    equal(answer["UnprocessedKeys"], {})
    refused("ValidationException", "", db.batch_write_item, RequestItems={full: requests + requests[:1]})
    refused("ValidationException", "duplicates", db.batch_write_item, RequestItems={full: requests[:1] * 2})
    refused("ResourceNotFoundException", "not found", db.batch_get_item,
            RequestItems={"no-such-table": {"Keys": [item(p="1", s="s")]}})


def case_transactions(db):
    full = table(db)
    put = {"Put": {"TableName": full, "Item": item(p="a", s="b", n=1), "ConditionExpression": "attribute_not_exists(p)"}}
    token = name("token")[:36]
    db.transact_write_items(TransactItems=[put], ClientRequestToken=token)
    db.transact_write_items(TransactItems=[put], ClientRequestToken=token)
    delete = {"Delete": {"TableName": full, "Key": item(p="z", s="z")}}
    refused("IdempotentParameterMismatchException", "", db.transact_write_items, TransactItems=[delete],
            ClientRequestToken=token)
    add = {"Update": {"TableName": full, "Key": item(p="c", s="d"), "UpdateExpression": "SET n = :n",
                      "ExpressionAttributeValues": values(n=1)}}
    try:
        db.transact_write_items(TransactItems=[add, put])
        raise AssertionError("was not cancelled")
    except db.exceptions.TransactionCanceledException as error:
        equal([reason["Code"] for reason in error.response["CancellationReasons"]], ["None", "ConditionalCheckFailed"])
    assert "Item" not in db.get_item(TableName=full, Key=item(p="c", s="d")), "nothing of it was done"
    check = {"ConditionCheck": {"TableName": full, "Key": item(p="a", s="b"), "ConditionExpression": "n = :n",
                                "ExpressionAttributeValues": values(n=1)}}
    db.transact_write_items(TransactItems=[check, add])
    found = db.transact_get_items(TransactItems=[{"Get": {"TableName": full, "Key": item(p=p, s=s)}}
                                                 for p, s in ["ab", "cd", "zz"]])
    equal(found["Responses"], [{"Item": item(p="a", s="b", n=1)}, {"Item": item(p="c", s="d", n=1)}, {}])
    refused("ValidationException", "multiple operations on one item", db.transact_write_items, TransactItems=[check, put])


def case_limits_of_items(db):
    full = table(db)
    for message, wrong in [
        ("Missing the key s", item(p="a")),
        ("Type mismatch for key s", item(p="a", s=1)),
        ("empty string value. Key: p", item(p="", s="b")),
        ("size has exceeded the maximum allowed size", item(p="a", s="b", x="x" * 409_600)),
        ("contains duplicates", {**item(p="a", s="b"), "x": {"SS": ["a", "a"]}}),
        ("may not be empty", {**item(p="a", s="b"), "x": {"SS": []}}),
        ("38 significant digits", {**item(p="a", s="b"), "x": {"N": "1" * 39}}),
        ("range key", item(p="a", s="b" * 1025)),
        ("hashkey", item(p="a" * 2049, s="b")),
    ]:
        refused("ValidationException", message, db.put_item, TableName=full, Item=wrong)
    db.put_item(TableName=full, Item=item(p="a", s="b" * 1024, x="x" * 400_000))
    refused("ValidationException", "", db.put_item, TableName=full, Item=item(p="a", s="b"), ReturnValues="ALL_NEW")


def case_capacity_is_counted(db):
    full = table(db)
    found = db.put_item(TableName=full, Item=item(p="a", s="b", x="x" * 1500), ReturnConsumedCapacity="TOTAL")
    equal(found["ConsumedCapacity"], {"TableName": full, "CapacityUnits": 2.0})
    found = db.get_item(TableName=full, Key=item(p="a", s="b"), ReturnConsumedCapacity="TOTAL")
    equal(found["ConsumedCapacity"]["CapacityUnits"], 0.5)


def case_items_expire(db):
    full = table(db)
    db.update_time_to_live(TableName=full, TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    found = db.describe_time_to_live(TableName=full)["TimeToLiveDescription"]
    equal((found["TimeToLiveStatus"] in ("ENABLING", "ENABLED"), found["AttributeName"]), (True, "until"))
    db.put_item(TableName=full, Item=item(p="a", s="b", until=int(time.time()) - 10))
    end = time.time() + 30
    while "Item" in db.get_item(TableName=full, Key=item(p="a", s="b")):
        assert time.time() < end, "it does not expire"
        time.sleep(0.1)


def case_legacy_parameters(db):
    full = table(db)
    db.put_item(TableName=full, Item=item(p="a", s="b"), Expected={"p": {"Exists": False}})
    refused("ConditionalCheckFailedException", "failed", db.put_item, TableName=full, Item=item(p="a", s="b"),
            Expected={"p": {"Exists": False}})
    db.update_item(TableName=full, Key=item(p="a", s="b"), AttributeUpdates={"n": {"Action": "ADD", "Value": {"N": "2"}}})
    conditions = {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}
    equal(db.query(TableName=full, KeyConditions=conditions)["Items"], [item(p="a", s="b", n=2)])
    equal(db.scan(TableName=full, ScanFilter=conditions)["Count"], 1)
    refused("ValidationException", "expression and non-expression parameters", db.scan, TableName=full,
            ScanFilter=conditions, FilterExpression="n = :n", ExpressionAttributeValues=values(n=1))


run(globals(), "dynamodb")
