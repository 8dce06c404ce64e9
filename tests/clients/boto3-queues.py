"""What a Python application does with SQS. Endpoint and credentials come from the environment."""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"max_attempts": 1})
sqs = boto3.client("sqs", config=config)


def refused(code, call, **arguments):
    """The call must fail with this error code."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response["Error"]
        return error.response["Error"]["Message"]
    raise AssertionError(f"the call should have been refused with {code}")


# Queues: the URL works, names page, attributes and tags are there again.
url = sqs.create_queue(QueueName="boto-jobs", Attributes={"VisibilityTimeout": "1"}, tags={"team": "blue"})["QueueUrl"]
assert sqs.get_queue_url(QueueName="boto-jobs")["QueueUrl"] == url
for name in ("boto-page-a", "boto-page-b", "boto-page-c"):
    sqs.create_queue(QueueName=name)
pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix="boto-page-", PaginationConfig={"PageSize": 2})
assert [queue.rsplit("/", 1)[1] for page in pages for queue in page.get("QueueUrls", [])] == [
    "boto-page-a",
    "boto-page-b",
    "boto-page-c",
]
assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "blue"}
sqs.tag_queue(QueueUrl=url, Tags={"more": "x"})
sqs.untag_queue(QueueUrl=url, TagKeys=["more"])
sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "2"})
assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"] == "2"

# Errors are codes of the query protocol, and classes.
assert refused("AWS.SimpleQueueService.NonExistentQueue", sqs.get_queue_url, QueueName="boto-none") == (
    "The specified queue does not exist."
)
try:
    sqs.get_queue_url(QueueName="boto-none")
except sqs.exceptions.QueueDoesNotExist:
    pass
refused("QueueAlreadyExists", sqs.create_queue, QueueName="boto-jobs", Attributes={"DelaySeconds": "9"})
refused("InvalidParameterValue", sqs.send_message, QueueUrl=url, MessageBody="x", DelaySeconds=901)
refused("InvalidAttributeValue", sqs.set_queue_attributes, QueueUrl=url, Attributes={"DelaySeconds": "901"})
refused("ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=url, ReceiptHandle="x")

# Messages, with the digests that the client verifies.
sent = sqs.send_message(
    QueueUrl=url,
    MessageBody="héllo",
    MessageAttributes={
        "text": {"DataType": "String", "StringValue": "t"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    },
)
got = sqs.receive_message(
    QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"], WaitTimeSeconds=5, VisibilityTimeout=30
)["Messages"][0]
assert (got["Body"], got["MessageId"]) == ("héllo", sent["MessageId"])
assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
assert got["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\xff"
assert got["Attributes"]["ApproximateReceiveCount"] == "1"
sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=60)
sqs.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
assert "Messages" not in sqs.receive_message(QueueUrl=url)

# Batches fail entry by entry.
batch = sqs.send_message_batch(
    QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "1"}, {"Id": "b", "MessageBody": "2", "DelaySeconds": 901}]
)
assert [entry["Id"] for entry in batch["Successful"]] == ["a"]
assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in batch["Failed"]] == [
    ("b", "InvalidParameterValue", True)
]
sqs.purge_queue(QueueUrl=url)
refused("AWS.SimpleQueueService.PurgeQueueInProgress", sqs.purge_queue, QueueUrl=url)

# The resource interface, FIFO, dead letters.
resource = boto3.resource("sqs", config=config)
dead = resource.create_queue(QueueName="boto-dead.fifo", Attributes={"FifoQueue": "true"})
fifo = resource.create_queue(
    QueueName="boto.fifo",
    Attributes={
        "FifoQueue": "true",
        "ContentBasedDeduplication": "true",
        "VisibilityTimeout": "0",
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead.attributes["QueueArn"], "maxReceiveCount": "1"}),
    },
)
first = fifo.send_message(MessageBody="1", MessageGroupId="g")
assert fifo.send_message(MessageBody="1", MessageGroupId="g")["SequenceNumber"] == first["SequenceNumber"]
assert [message.body for message in fifo.receive_messages(WaitTimeSeconds=5)] == ["1"]
assert fifo.receive_messages() == []
(letter,) = dead.receive_messages(AttributeNames=["All"], WaitTimeSeconds=5)
assert letter.attributes["DeadLetterQueueSourceArn"] == fifo.attributes["QueueArn"]
letter.delete()
assert [queue.url for queue in dead.dead_letter_source_queues.all()] == [fifo.url]

# Permissions.
account = fifo.attributes["QueueArn"].split(":")[4]
sqs.add_permission(QueueUrl=url, Label="self", AWSAccountIds=[account], Actions=["SendMessage"])
policy = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
assert policy["Statement"][0]["Sid"] == "self"
sqs.remove_permission(QueueUrl=url, Label="self")

for queue in (fifo, dead, resource.Queue(url)):
    queue.delete()
refused("AWS.SimpleQueueService.QueueDeletedRecently", sqs.create_queue, QueueName="boto-jobs")
print("all good")
