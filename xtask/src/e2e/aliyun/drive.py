"""The official SDKs, against the server that layerlock is tested with.

Reads JSON from the variable ASKED: the server's URL and address, a key and its token. Does what
a user of the SDKs would do, and prints what came of it as JSON.
"""

import base64
import json
import os

import alibabacloud_oss_v2 as oss
from alibabacloud_fc20230330 import models as fc
from alibabacloud_fc20230330.client import Client
from alibabacloud_oss_v2.crc import Crc64
from alibabacloud_tea_openapi import utils_models as openapi_models

asked = json.loads(os.environ["ASKED"])
client = Client(
    openapi_models.Config(
        access_key_id=asked["id"],
        access_key_secret=asked["secret"],
        security_token=asked["token"],
        region_id="cn-hangzhou",
        endpoint=asked["address"],
        protocol="HTTP",
    )
)
config = oss.config.load_default()
config.credentials_provider = oss.credentials.StaticCredentialsProvider(
    asked["id"], asked["secret"], asked["token"]
)
config.region = "cn-hangzhou"
config.endpoint = asked["url"]
config.use_path_style = True
objects = oss.Client(config)

zipped = b"PK\x05\x06" + bytes(18)
crc = Crc64(0)
crc.update(zipped)
checksum = str(crc.sum64())
name = asked["layer"]


def create(**code):
    body = fc.CreateLayerVersionInput(
        code=fc.InputCodeLocation(**code),
        compatible_runtime=["python3.10"],
        description="größe & mehr",
        license="MIT",
    )
    return client.create_layer_version(name, fc.CreateLayerVersionRequest(body=body)).body


def refused(call):
    try:
        call()
    except Exception as error:
        return str(getattr(error, "code", None) or error)
    return "accepted"


key = "sdk/a b/ü.zip"
put = objects.put_object(oss.PutObjectRequest(bucket="layers", key=key, body=zipped))
head = objects.head_object(oss.HeadObjectRequest(bucket="layers", key=key))
got = objects.get_object(oss.GetObjectRequest(bucket="layers", key=key)).body.read()
first = create(zip_file=base64.b64encode(zipped).decode(), checksum=checksum)
second = create(oss_bucket_name="layers", oss_object_name=key, checksum=checksum)
pages, start = [], None
while True:
    page = client.list_layer_versions(name, fc.ListLayerVersionsRequest(limit=1, start_version=start)).body
    pages.append([one.version for one in page.layers])
    start = page.next_version
    if not start:
        break
arn = first.layer_version_arn
client.put_layer_acl(name, fc.PutLayerACLRequest(acl="1"))
functions = client.list_functions(fc.ListFunctionsRequest(limit=100)).body.functions
print(
    json.dumps(
        {
            "checksums": [put.hash_crc64, head.hash_crc64, first.code_checksum, second.code_checksum],
            "expected": checksum,
            "object": got == zipped,
            "versions": [first.version, second.version],
            "pages": pages,
            "arn": arn,
            "by_arn": client.get_layer_version_by_arn(arn).body.version,
            "got": client.get_layer_version(name, "2").body.description,
            "public": client.get_layer_version(name, "2").body.acl,
            "layers": [one.layer_name for one in client.list_layers(fc.ListLayersRequest(prefix=name)).body.layers],
            "used": [one.layers[0].arn for one in functions if one.layers],
            "wrong_checksum": refused(lambda: create(zip_file="UEsFBg==", checksum="1")),
            "long": refused(
                lambda: client.create_layer_version(
                    "n" * 65,
                    fc.CreateLayerVersionRequest(
                        body=fc.CreateLayerVersionInput(
                            code=fc.InputCodeLocation(zip_file="UEsFBg==")
                        )
                    ),
                )
            ),
            "missing": refused(lambda: client.get_layer_version(name, "9")),
            "deleted": client.delete_layer_version(name, "1").status_code,
        }
    )
)
