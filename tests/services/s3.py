"""S3 by boto3, which checks the checksums of what it reads and sends its own."""

import io
import os
import urllib.request

import boto3
from botocore.config import Config
from cases import equal, name, refused, run


def bucket(s3):
    full = name("bucket")
    s3.create_bucket(Bucket=full)
    return full


def case_buckets_are_made_found_and_deleted(s3):
    one = bucket(s3)
    s3.create_bucket(Bucket=one)
    assert one in [found["Name"] for found in s3.list_buckets()["Buckets"]]
    equal(s3.head_bucket(Bucket=one)["BucketRegion"], "us-east-1")
    equal(s3.get_bucket_location(Bucket=one)["LocationConstraint"], None)
    s3.put_object(Bucket=one, Key="k", Body=b"x")
    refused("BucketNotEmpty", "not empty", s3.delete_bucket, Bucket=one)
    s3.delete_object(Bucket=one, Key="k")
    s3.delete_bucket(Bucket=one)
    refused("404", "Not Found", s3.head_bucket, Bucket=one)
    refused("NoSuchBucket", "does not exist", s3.list_objects_v2, Bucket=one)
    refused("NotImplemented", "not implemented by the local cloud: s3:GetBucketVersioning", s3.get_bucket_versioning, Bucket=one)


def case_calls_that_are_not_there_are_named(s3):
    one = bucket(s3)
    s3.put_object(Bucket=one, Key="k", Body=b"x")
    tags = {"TagSet": [{"Key": "k", "Value": "v"}]}
    for action, call, params in [
        ("PutBucketVersioning", s3.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Enabled"}}),
        ("GetBucketAcl", s3.get_bucket_acl, {}),
        ("GetBucketPolicy", s3.get_bucket_policy, {}),
        ("PutBucketTagging", s3.put_bucket_tagging, {"Tagging": tags}),
        ("DeleteBucketTagging", s3.delete_bucket_tagging, {}),
        ("DeleteBucketLifecycle", s3.delete_bucket_lifecycle, {}),
        ("GetPublicAccessBlock", s3.get_public_access_block, {}),
        ("GetObjectLockConfiguration", s3.get_object_lock_configuration, {}),
        ("ListObjectVersions", s3.list_object_versions, {}),
        ("ListBucketMetricsConfigurations", s3.list_bucket_metrics_configurations, {}),
        ("GetBucketMetricsConfiguration", s3.get_bucket_metrics_configuration, {"Id": "m"}),
        ("PutObjectTagging", s3.put_object_tagging, {"Key": "k", "Tagging": tags}),
        ("DeleteObjectTagging", s3.delete_object_tagging, {"Key": "k"}),
        ("GetObjectAcl", s3.get_object_acl, {"Key": "k"}),
        ("GetObjectAttributes", s3.get_object_attributes, {"Key": "k", "ObjectAttributes": ["ETag"]}),
        ("RestoreObject", s3.restore_object, {"Key": "k", "RestoreRequest": {"Days": 1}}),
        ("UploadPartCopy", s3.upload_part_copy, {"Key": "k", "UploadId": "u", "PartNumber": 1, "CopySource": f"{one}/k"}),
    ]:
        refused("NotImplemented", f"not implemented by the local cloud: s3:{action}", call, Bucket=one, **params)
    equal(s3.get_object(Bucket=one, Key="k")["Body"].read(), b"x")


def case_objects_come_back(s3):
    one = bucket(s3)
    key, body = "folder/ä b+c&d", bytes(range(256)) * 100
    put = s3.put_object(Bucket=one, Key=key, Body=body, ContentType="text/x", Metadata={"color": "red"})
    found = s3.get_object(Bucket=one, Key=key, ChecksumMode="ENABLED")
    equal(found["Body"].read(), body)
    equal((found["ETag"], found["ContentType"], found["Metadata"]), (put["ETag"], "text/x", {"color": "red"}))
    equal(found["ChecksumCRC32"], put["ChecksumCRC32"])
    equal(s3.get_object(Bucket=one, Key=key, Range="bytes=10-19")["Body"].read(), body[10:20])
    head = s3.head_object(Bucket=one, Key=key)
    equal((head["ContentLength"], head["ETag"]), (len(body), put["ETag"]))
    refused("404", "Not Found", s3.head_object, Bucket=one, Key="none")
    refused("NoSuchKey", "does not exist", s3.get_object, Bucket=one, Key="none")
    refused("InvalidRange", "not satisfiable", s3.get_object, Bucket=one, Key=key, Range="bytes=99999-")
    refused("304", "Not Modified", s3.get_object, Bucket=one, Key=key, IfNoneMatch=put["ETag"])
    refused("PreconditionFailed", "pre-conditions", s3.put_object, Bucket=one, Key=key, Body=b"", IfNoneMatch="*")
    refused("BadDigest", "did not match", s3.put_object, Bucket=one, Key="k", Body=b"x", ChecksumSHA256="A" * 43 + "=")
    s3.copy_object(Bucket=one, Key="copy", CopySource={"Bucket": one, "Key": key})
    equal(s3.get_object(Bucket=one, Key="copy")["Body"].read(), body)
    url = s3.generate_presigned_url("get_object", {"Bucket": one, "Key": key})
    equal(urllib.request.urlopen(url).read(), body)


def case_every_checksum_is_understood(s3):
    one = bucket(s3)
    for algorithm in ["CRC32", "SHA1", "SHA256"]:
        put = s3.put_object(Bucket=one, Key="k", Body=io.BytesIO(b"text"), ChecksumAlgorithm=algorithm)
        assert put["Checksum" + algorithm], put


def case_listings_have_pages_and_folders(s3):
    one = bucket(s3)
    keys = ["a/1", "a/2", "b c", "c/d/1", "c/e", "ü"]
    for key in reversed(keys):
        s3.put_object(Bucket=one, Key=key, Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=one, PaginationConfig={"PageSize": 2})
    equal([found["Key"] for page in pages for found in page["Contents"]], keys)
    pages = s3.get_paginator("list_objects").paginate(Bucket=one, PaginationConfig={"PageSize": 4})
    equal([found["Key"] for page in pages for found in page["Contents"]], keys)
    found = s3.list_objects_v2(Bucket=one, Prefix="c/", Delimiter="/")
    equal([entry["Key"] for entry in found["Contents"]], ["c/e"])
    equal([entry["Prefix"] for entry in found["CommonPrefixes"]], ["c/d/"])
    equal(found["KeyCount"], 2)
    deleted = s3.delete_objects(Bucket=one, Delete={"Objects": [{"Key": key} for key in keys]})
    equal(len(deleted["Deleted"]), len(keys))
    assert "Contents" not in s3.list_objects_v2(Bucket=one)


def case_large_files_go_in_parts(s3):
    one = bucket(s3)
    body = os.urandom(1 << 20) * 17
    s3.upload_fileobj(io.BytesIO(body), one, "large")
    into = io.BytesIO()
    s3.download_fileobj(one, "large", into)
    equal(into.getvalue() == body, True)
    assert s3.head_object(Bucket=one, Key="large")["ETag"].endswith('-3"')
    upload = s3.create_multipart_upload(Bucket=one, Key="k")["UploadId"]
    equal(len(s3.list_multipart_uploads(Bucket=one)["Uploads"]), 1)
    s3.upload_part(Bucket=one, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    equal([part["Size"] for part in s3.list_parts(Bucket=one, Key="k", UploadId=upload)["Parts"]], [1])
    s3.abort_multipart_upload(Bucket=one, Key="k", UploadId=upload)
    refused("NoSuchUpload", "does not exist", s3.list_parts, Bucket=one, Key="k", UploadId=upload)


def case_buckets_before_the_host(_):
    port = os.environ["AWS_ENDPOINT_URL"].rsplit(":", 1)[1]
    virtual = boto3.client("s3", endpoint_url=f"http://localhost:{port}", region_name="us-east-1", aws_access_key_id="a",
                           aws_secret_access_key="b", config=Config(s3={"addressing_style": "virtual"}))
    # Not every resolver knows names under localhost.
    import socket
    known = socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **more: known("127.0.0.1", *rest, **more)
    try:
        one = bucket(virtual)
        virtual.put_object(Bucket=one, Key="k", Body=b"x")
        equal(virtual.get_object(Bucket=one, Key="k")["Body"].read(), b"x")
    finally:
        socket.getaddrinfo = known


run(globals(), "s3")
