"""Makes calls of AWS's API with boto3, and prints their answers as JSON.

Bytes are {"$base64": "..."} in the calls, and text in base64 in the answers. Of what comes
in pages all pages are read.
"""

import base64
import functools
import json
import sys

import boto3
from botocore.exceptions import ClientError


@functools.cache
def client(service, region, account):
    keys = {}
    if account:
        role = f"arn:aws:iam::{account}:role/judge"
        sts = client("sts", region, None)
        found = sts.assume_role(RoleArn=role, RoleSessionName="judge")["Credentials"]
        keys = {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }
    return boto3.client(service, region_name=region, **keys)


def answer(call):
    service = client(call["service"], call["region"], call["account"])
    operation, arguments = call["operation"], call["arguments"]
    try:
        if service.can_paginate(operation):
            found = service.get_paginator(operation).paginate(**arguments)
            found = found.build_full_result()
        else:
            found = getattr(service, operation)(**arguments)
    except ClientError as error:
        return {"error": error.response["Error"]["Code"], "message": str(error)}
    found.pop("ResponseMetadata", None)
    return {"answer": found}


def decode(value):
    return base64.b64decode(value["$base64"]) if "$base64" in value else value


def encode(value):
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


calls = json.loads(sys.argv[1], object_hook=decode)
json.dump([answer(call) for call in calls], sys.stdout, default=encode)
