"""Records what the official SDKs sign: canonical requests and signatures of one clock.

Prints JSON. Nothing is sent: each request is taken before it goes out.
"""

import datetime
import json

import alibabacloud_oss_v2 as oss
from alibabacloud_fc20230330 import models as fc
from alibabacloud_fc20230330.client import Client
from alibabacloud_oss_v2.signer.v4 import SignerV4
from alibabacloud_tea_openapi import client as openapi
from alibabacloud_tea_openapi import utils
from alibabacloud_tea_openapi import utils_models as openapi_models
from darabonba.core import DaraCore
from fc2.auth import Auth

CLOCK = datetime.datetime(2026, 11, 28, 4, 5, 6, tzinfo=datetime.timezone.utc)
KEY, SECRET, TOKEN = "LTAIexample", "s3cr3t/with+odd=characters", "CAIS/token+with/odd=="
REGION = "cn-hangzhou"

vectors = []


class Taken(Exception):
    """The request was taken."""


def take(request, _runtime):
    canonical_query = utils.get_canonical_query_string(request.query)
    signed = {k: v for k, v in request.headers.items() if k != "Authorization"}
    headers, names = utils.get_canonicalized_headers(signed)
    taken.update(
        method=request.method,
        path=request.pathname,
        query=dict(request.query or {}),
        headers=signed,
        canonical="\n".join(
            [
                request.method,
                request.pathname,
                canonical_query,
                headers,
                names,
                signed["x-acs-content-sha256"],
            ]
        ),
        body=request.body if isinstance(request.body, str) else "",
        authorization=request.headers["Authorization"],
    )
    raise Taken


def record_fc(name, call, token=None):
    config = openapi_models.Config(
        access_key_id=KEY,
        access_key_secret=SECRET,
        security_token=token,
        region_id=REGION,
        user_agent="layerlock",
    )
    taken.clear()
    taken.update(scheme="acs3", name=name, key=KEY, secret=SECRET, token=token)
    try:
        call(Client(config))
    except Taken:
        pass
    except Exception as error:  # the SDK wraps what its transport raises
        if "method" not in taken:
            raise error
    vectors.append(dict(taken))


def version(**code):
    return fc.CreateLayerVersionRequest(
        body=fc.CreateLayerVersionInput(
            code=fc.InputCodeLocation(**code),
            compatible_runtime=["python3.10"],
            description="größe & mehr",
            license="MIT",
        )
    )


def record_all_fc():
    zipped = dict(zip_file="UEsFBg==", checksum="11051210869376104954")
    stored = dict(oss_bucket_name="layers", oss_object_name="a/b c.zip")
    record_fc("create", lambda c: c.create_layer_version("web", version(**zipped)))
    record_fc("create-sts", lambda c: c.create_layer_version("web", version(**zipped)), TOKEN)
    record_fc("create-oss", lambda c: c.create_layer_version("web", version(**stored)))
    versions = fc.ListLayerVersionsRequest
    record_fc("list", lambda c: c.list_layer_versions("web", versions(limit=100)))
    record_fc(
        "list-page",
        lambda c: c.list_layer_versions("web", versions(limit=20, start_version=7)),
        TOKEN,
    )
    record_fc("get", lambda c: c.get_layer_version("web-1_a", "12"))
    arn = "acs:fc:cn-hangzhou:123456789:layers/web/versions/3"
    record_fc("get-by-arn", lambda c: c.get_layer_version_by_arn(arn))
    record_fc("list-layers", lambda c: c.list_layers(fc.ListLayersRequest(limit=100, prefix="we")))
    odd = "a/b c+d*e~f=ü&g"
    record_fc(
        "list-layers-odd-token",
        lambda c: c.list_layers(fc.ListLayersRequest(limit=1, next_token=odd)),
    )
    record_fc("delete", lambda c: c.delete_layer_version("web", "3"))
    record_fc("delete-sts", lambda c: c.delete_layer_version("web", "3"), TOKEN)
    record_fc("acl", lambda c: c.put_layer_acl("web", fc.PutLayerACLRequest(acl="1", public="true")))
    functions = fc.ListFunctionsRequest
    record_fc("functions", lambda c: c.list_functions(functions(limit=100)))
    record_fc("functions-page", lambda c: c.list_functions(functions(limit=100, next_token=odd)))


def record_oss(name, call, token=None):
    config = oss.config.load_default()
    provider = oss.credentials.StaticCredentialsProvider(KEY, SECRET, token)
    config.credentials_provider = provider
    config.region = REGION
    canonical = {}
    plain = SignerV4._calc_canonical_request

    def kept(self, **arguments):
        canonical["text"] = plain(self, **arguments)
        return canonical["text"]

    class Clock(SignerV4):
        def sign(self, context):
            context.signing_time = CLOCK
            SignerV4._calc_canonical_request = kept
            try:
                super().sign(context)
            finally:
                SignerV4._calc_canonical_request = plain
            request = context.request
            headers = dict(request.headers)
            vectors.append(
                dict(
                    scheme="oss4",
                    name=name,
                    key=KEY,
                    secret=SECRET,
                    token=token,
                    method=request.method,
                    bucket=context.bucket,
                    object=context.key,
                    region=context.region,
                    query=dict(p.partition("=")[::2] for p in request.url.partition("?")[2].split("&") if p),
                    headers={k: v for k, v in headers.items() if k not in ("Authorization", "User-Agent")},
                    canonical=canonical["text"],
                    authorization=headers["Authorization"],
                )
            )
            raise Taken

    client = oss.Client(config)
    client._client._options.signer = Clock()
    try:
        call(client)
    except Exception as error:
        if not vectors or vectors[-1]["name"] != name:
            raise error


def record_all_oss():
    def put(key, **more):
        return lambda c: c.put_object(oss.PutObjectRequest(bucket="layers", key=key, body=b"zip", **more))

    record_oss("put", put("layerlock/a.zip"))
    record_oss("put-sts", put("1234/layerlock/a.zip"), TOKEN)
    record_oss("put-odd", put("a b/ü+~*'!().zip"))
    record_oss("put-empty", lambda c: c.put_object(oss.PutObjectRequest(bucket="layers", key="e", body=b"")))
    record_oss("head", lambda c: c.head_object(oss.HeadObjectRequest(bucket="layers", key="layerlock/a.zip")))
    record_oss("get", lambda c: c.get_object(oss.GetObjectRequest(bucket="layers", key="a.zip")), TOKEN)
    record_oss("delete", lambda c: c.delete_object(oss.DeleteObjectRequest(bucket="layers", key="a.zip")))


def record_token(name, token):
    headers = {
        "host": "123456789.cn-hangzhou.fc.aliyuncs.com",
        "date": "Sat, 28 Nov 2026 04:05:06 GMT",
        "content-type": "application/json",
    }
    if token:
        headers["x-fc-security-token"] = token
    path = "/2016-08-15/tempBucketToken"
    signed = Auth(KEY, SECRET, token or "").sign_request("GET", path, headers)
    vectors.append(
        dict(
            scheme="fc",
            name=name,
            key=KEY,
            secret=SECRET,
            token=token,
            method="GET",
            path=path,
            headers=headers,
            authorization=signed,
        )
    )


taken = {}
openapi.Utils.get_timestamp = staticmethod(lambda: CLOCK.strftime("%Y-%m-%dT%H:%M:%SZ"))
openapi.Utils.get_nonce = staticmethod(lambda: "0123456789abcdef0123456789abcdef")
openapi.Utils.get_user_agent = staticmethod(lambda _agent: "layerlock")
DaraCore.do_action = staticmethod(take)

record_all_fc()
record_all_oss()
record_token("token", None)
record_token("token-sts", TOKEN)
print(json.dumps(vectors, indent=1, ensure_ascii=False, sort_keys=True))
