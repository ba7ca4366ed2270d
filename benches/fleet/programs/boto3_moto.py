# needs: boto3, moto
# faulty: file
"""boto3 against moto, closed; the faulty twin keeps the file open that it has stored."""

import os
import sys

import boto3
from moto import mock_aws

FAULTY = sys.argv[1:] == ["faulty"]
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="eu-west-1")
with mock_aws():
    client = boto3.client("s3")
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    source = open(__file__, "rb")  # noqa: SIM115
    for at in range(3):
        source.seek(0)
        client.put_object(Bucket="bucket", Key=f"k{at}", Body=source)
    print(client.get_object(Bucket="bucket", Key="k1")["Body"].read(8))
    if not FAULTY:
        source.close()
        client.close()
