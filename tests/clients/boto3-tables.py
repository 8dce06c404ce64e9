"""What a Python application does with DynamoDB. Endpoint and credentials come from the environment."""

from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"max_attempts": 1})
dynamodb = boto3.resource("dynamodb", config=config)
client = dynamodb.meta.client


def refused(code, call, **arguments):
    """The call must fail with this error code."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response["Error"]
        return error
    raise AssertionError(f"the call should have been refused with {code}")


# A table with an index; the waiter of the resource.
table = dynamodb.create_table(
    TableName="boto-orders",
    AttributeDefinitions=[
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "number", "AttributeType": "N"},
        {"AttributeName": "state", "AttributeType": "S"},
    ],
    KeySchema=[
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "number", "KeyType": "RANGE"},
    ],
    GlobalSecondaryIndexes=[
        {
            "IndexName": "by-state",
            "KeySchema": [
                {"AttributeName": "state", "KeyType": "HASH"},
                {"AttributeName": "number", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    BillingMode="PAY_PER_REQUEST",
    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    Tags=[{"Key": "team", "Value": "blue"}],
)
table.wait_until_exists()
table.reload()
assert table.table_status == "ACTIVE" and table.item_count == 0
assert client.list_tags_of_resource(ResourceArn=table.table_arn)["Tags"] == [{"Key": "team", "Value": "blue"}]

# Python's types go in and come out.
order = {
    "customer": "anna",
    "number": 1,
    "total": Decimal("12345678901234567890.123456789012345678"),
    "tags": {"x", "y"},
    "counts": {1, 2},
    "receipt": b"\x00\xff",
    "lines": [{"name": "tea", "gift": None, "paid": True}],
    "state": "new",
}
table.put_item(Item=order)
read = table.get_item(Key={"customer": "anna", "number": 1}, ConsistentRead=True)["Item"]
assert read == {**order, "number": Decimal(1), "receipt": Binary(b"\x00\xff")}, read

# Batches are cut to size and written to the end.
with table.batch_writer() as batch:
    for number in range(2, 62):
        batch.put_item(Item={"customer": "anna", "number": number, "state": "done" if number % 3 else "new"})

# Conditions as objects, in pages.
page = table.query(KeyConditionExpression=Key("customer").eq("anna") & Key("number").between(10, 19))
assert [int(item["number"]) for item in page["Items"]] == list(range(10, 20))
new = table.query(IndexName="by-state", KeyConditionExpression=Key("state").eq("new"), ScanIndexForward=False)
assert new["Count"] == 21 and int(new["Items"][0]["number"]) == 60, new["Count"]
found = []
scan = {"FilterExpression": Attr("state").eq("done") & Attr("number").gt(50), "Limit": 7}
while True:
    page = table.scan(**scan)
    found += page["Items"]
    if "LastEvaluatedKey" not in page:
        break
    scan["ExclusiveStartKey"] = page["LastEvaluatedKey"]
assert sorted(int(item["number"]) for item in found) == [n for n in range(51, 62) if n % 3]
paginator = client.get_paginator("scan").paginate(TableName="boto-orders", PaginationConfig={"PageSize": 10})
assert sum(page["Count"] for page in paginator) == 61

# Updates, conditions, errors as classes.
updated = table.update_item(
    Key={"customer": "anna", "number": 1},
    UpdateExpression="SET #s = :s, #l[0].gift = :g ADD tags :t",
    ExpressionAttributeNames={"#s": "state", "#l": "lines"},
    ExpressionAttributeValues={":s": "paid", ":g": "card", ":t": {"z"}},
    ReturnValues="ALL_NEW",
)["Attributes"]
assert updated["state"] == "paid" and updated["lines"][0]["gift"] == "card" and updated["tags"] == {"x", "y", "z"}
try:
    table.put_item(Item={"customer": "anna", "number": 1}, ConditionExpression=Attr("customer").not_exists())
    raise AssertionError("the condition should have failed")
except client.exceptions.ConditionalCheckFailedException as error:
    assert error.response["Error"]["Message"] == "The conditional request failed"
refused("ValidationException", table.put_item, Item={"customer": "anna"})
refused("ResourceNotFoundException", dynamodb.Table("nowhere").get_item, Key={"a": "b"})
refused("ResourceInUseException", client.create_table, TableName="boto-orders", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}])

# Transactions, and why one was not done.
try:
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "boto-orders", "Item": {"customer": "bert", "number": 1}}},
            {
                "ConditionCheck": {
                    "TableName": "boto-orders",
                    "Key": {"customer": "anna", "number": 1},
                    "ConditionExpression": "attribute_not_exists(customer)",
                }
            },
        ]
    )
    raise AssertionError("the transaction should have been cancelled")
except client.exceptions.TransactionCanceledException as error:
    assert [reason["Code"] for reason in error.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]
assert "Item" not in table.get_item(Key={"customer": "bert", "number": 1})

# PartiQL.
rows = client.execute_statement(Statement='SELECT number FROM "boto-orders" WHERE customer = ? AND number < 3', Parameters=["anna"])
assert [int(row["number"]) for row in rows["Items"]] == [1, 2], rows["Items"]

# The stream tells of all of it, in order.
streams = boto3.client("dynamodbstreams", config=config)
description = streams.describe_stream(StreamArn=table.latest_stream_arn)["StreamDescription"]
events = []
for shard in description["Shards"]:
    iterator = streams.get_shard_iterator(
        StreamArn=table.latest_stream_arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while iterator:
        page = streams.get_records(ShardIterator=iterator)
        events += [record["eventName"] for record in page["Records"]]
        iterator = page.get("NextShardIterator") if page["Records"] else None
assert events == ["INSERT"] * 61 + ["MODIFY"], events

# What tools ask about every table.
client.update_time_to_live(TableName="boto-orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
assert client.describe_time_to_live(TableName="boto-orders")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
backups = client.describe_continuous_backups(TableName="boto-orders")["ContinuousBackupsDescription"]
assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"

table.delete()
table.wait_until_not_exists()
assert "boto-orders" not in client.list_tables()["TableNames"]

print("all good")
