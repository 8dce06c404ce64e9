"""What a Python application does with S3. Endpoint and credentials come from the environment."""

import io
import os

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

s3 = boto3.client("s3", config=Config(retries={"max_attempts": 1}))


def refused(code, call, **arguments):
    """The call must fail with this error code."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response["Error"]
        return error.response
    raise AssertionError(f"{call.__name__} should have been refused with {code}")


s3.create_bucket(Bucket="boto-bucket")
s3.get_waiter("bucket_exists").wait(Bucket="boto-bucket")
assert "boto-bucket" in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]

# Bodies, metadata, ranges.
s3.put_object(Bucket="boto-bucket", Key="päth/ü.txt", Body=b"hello", ContentType="text/plain", Metadata={"who": "boto"})
got = s3.get_object(Bucket="boto-bucket", Key="päth/ü.txt")
assert got["Body"].read() == b"hello"
assert got["ContentType"] == "text/plain"
assert got["Metadata"] == {"who": "boto"}
part = s3.get_object(Bucket="boto-bucket", Key="päth/ü.txt", Range="bytes=1-3")
assert (part["Body"].read(), part["ContentRange"]) == (b"ell", "bytes 1-3/5")

# Errors are classes and codes.
refused("NoSuchKey", s3.get_object, Bucket="boto-bucket", Key="missing")
refused("404", s3.head_object, Bucket="boto-bucket", Key="missing")
refused("NoSuchBucket", s3.list_objects_v2, Bucket="boto-no-such-bucket")
refused("PreconditionFailed", s3.put_object, Bucket="boto-bucket", Key="päth/ü.txt", Body=b"x", IfNoneMatch="*")
refused("BucketNotEmpty", s3.delete_bucket, Bucket="boto-bucket")
try:
    s3.get_object(Bucket="boto-bucket", Key="missing")
except s3.exceptions.NoSuchKey:
    pass

# Managed transfers: multipart upload and ranged download.
body = os.urandom(21 * 1024 * 1024)
config = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024)
s3.upload_fileobj(io.BytesIO(body), "boto-bucket", "big", Config=config)
sink = io.BytesIO()
s3.download_fileobj("boto-bucket", "big", sink, Config=config)
assert sink.getvalue() == body
assert s3.head_object(Bucket="boto-bucket", Key="big")["ETag"].endswith('-5"')

# Checksums of every algorithm that needs no extra package.
for algorithm in ("CRC32", "SHA1", "SHA256"):
    put = s3.put_object(Bucket="boto-bucket", Key=f"sum/{algorithm}", Body=b"checked", ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket="boto-bucket", Key=f"sum/{algorithm}", ChecksumMode="ENABLED")
    assert put[f"Checksum{algorithm}"] == head[f"Checksum{algorithm}"]

# Listings: prefixes, delimiters, pages; keys come back as they were sent.
for name in ["list/a b", "list/a+b", "list/ä", "list/sub/1", "list/sub/2", "list/z"]:
    s3.put_object(Bucket="boto-bucket", Key=name, Body=b"")
pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="boto-bucket", Prefix="list/", Delimiter="/", PaginationConfig={"PageSize": 2}))
assert [key["Key"] for page in pages for key in page.get("Contents", [])] == ["list/a b", "list/a+b", "list/z", "list/ä"]
assert [prefix["Prefix"] for page in pages for prefix in page.get("CommonPrefixes", [])] == ["list/sub/"]

# Presigned URLs.
import urllib.request

url = s3.generate_presigned_url("get_object", Params={"Bucket": "boto-bucket", "Key": "list/a+b"}, ExpiresIn=60)
assert urllib.request.urlopen(url).status == 200

# Configuration.
s3.put_bucket_cors(Bucket="boto-bucket", CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
assert s3.get_bucket_cors(Bucket="boto-bucket")["CORSRules"][0]["AllowedMethods"] == ["GET"]
s3.put_bucket_lifecycle_configuration(
    Bucket="boto-bucket",
    LifecycleConfiguration={"Rules": [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}]},
)
assert s3.get_bucket_lifecycle_configuration(Bucket="boto-bucket")["Rules"][0]["ID"] == "old"
refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket="boto-bucket")

# The resource interface, and cleaning up.
bucket = boto3.resource("s3").Bucket("boto-bucket")
assert bucket.Object("päth/ü.txt").copy_from(CopySource={"Bucket": "boto-bucket", "Key": "list/ä"})
bucket.objects.all().delete()
s3.delete_bucket(Bucket="boto-bucket")
s3.get_waiter("bucket_not_exists").wait(Bucket="boto-bucket")
print("all good")
