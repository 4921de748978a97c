"""Run by `cargo xtask e2e --part install`, with a Python that has the CDK and one without."""

import importlib.util
import os
import tempfile
import unittest
import zipfile
from unittest import mock

HAS_CDK = importlib.util.find_spec("aws_cdk") is not None


@unittest.skipIf(HAS_CDK, "there is a CDK here")
class WithoutCdk(unittest.TestCase):
    def test_the_module_loads_and_the_class_says_what_to_install(self):
        from layerlock.cdk import LayerlockError, LayerlockLayer

        self.assertTrue(issubclass(LayerlockError, Exception))
        with self.assertRaisesRegex(ImportError, "pip install aws-cdk-lib constructs"):
            LayerlockLayer(None, "Layer")
        with self.assertRaisesRegex(ImportError, "pip install aws-cdk-lib constructs"):
            LayerlockLayer.from_published(None, "Layer", "web")


@unittest.skipUnless(HAS_CDK, "there is no CDK here")
class WithCdk(unittest.TestCase):
    def setUp(self):
        import aws_cdk

        from layerlock import _cdk_layer

        self.cdk, self.module = aws_cdk, _cdk_layer
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.zip = os.path.join(directory.name, "layer.zip")
        zipfile.ZipFile(self.zip, "w").close()
        self.layers = [self.layer("web")]
        self.commands = []
        _cdk_layer._REPORTS.clear()
        patch = mock.patch.object(_cdk_layer, "run", self.run_command)
        patch.start()
        self.addCleanup(patch.stop)

    def layer(self, name, runtime="python3.12", architecture="arm64", findings=()):
        return {
            "name": name,
            "target": {"provider": "aws", "runtime": runtime, "architecture": architecture},
            "zip": {"absolute_path": self.zip, "sha256": "0" * 64},
            "findings": list(findings),
        }

    def run_command(self, command):
        self.commands.append(command)
        return {"layers": self.layers}

    def stack(self, **context):
        return self.cdk.Stack(self.cdk.App(context=context), "Stack")

    def resource(self, stack):
        from aws_cdk.assertions import Template

        found = Template.from_stack(stack).find_resources("AWS::Lambda::LayerVersion")
        [resource] = found.values()
        return resource

    def test_targets_of_the_report_are_compatible(self):
        from aws_cdk import aws_lambda

        stack = self.stack()
        layer = self.module.LayerlockLayer(
            stack,
            "Layer",
            layer_version_name="shop-web",
            description="d",
            license="MIT",
            removal_policy=self.cdk.RemovalPolicy.RETAIN,
        )
        aws_lambda.Function(
            stack,
            "Echo",
            runtime=aws_lambda.Runtime.PYTHON_3_12,
            architecture=aws_lambda.Architecture.ARM_64,
            handler="main.handler",
            code=aws_lambda.Code.from_inline("handler = print"),
            layers=[layer],
        )
        resource = self.resource(stack)
        self.assertEqual(resource["DeletionPolicy"], "Retain")
        properties = resource["Properties"]
        del properties["Content"]
        self.assertEqual(
            properties,
            {
                "CompatibleRuntimes": ["python3.12"],
                "CompatibleArchitectures": ["arm64"],
                "Description": "d",
                "LayerName": "shop-web",
                "LicenseInfo": "MIT",
            },
        )

    def test_options_become_arguments_and_the_same_run_once(self):
        from aws_cdk import aws_lambda

        stack = self.stack()
        for name in ("One", "Two"):
            self.module.LayerlockLayer(
                stack,
                name,
                project="services/shop",
                layer="web",
                runtime=aws_lambda.Runtime.PYTHON_3_12,
                architecture=aws_lambda.Architecture.ARM_64,
                with_groups=["web", "db"],
                extras="redis",
                all_groups=True,
                exclude=["boto3"],
                arguments=["--offline"],
            )
        self.assertEqual(
            self.commands,
            [
                ["build", "--quiet", "--project=services/shop", "--layer=web",
                 "--runtime=python3.12", "--architecture=arm64", "--with=web", "--with=db",
                 "--all-groups", "--extras=redis", "--exclude=boto3", "--offline"],
            ],
        )
        self.module.LayerlockLayer(stack, "Three", project="services/shop")
        self.assertEqual(len(self.commands), 2)

    def test_a_runtime_that_is_newer_than_the_cdk_is_made(self):
        self.layers = [self.layer("web", runtime="python3.99")]
        stack = self.stack()
        self.module.LayerlockLayer(stack, "Layer")
        properties = self.resource(stack)["Properties"]
        self.assertEqual(properties["CompatibleRuntimes"], ["python3.99"])

    def test_findings_are_annotations(self):
        self.layers = [
            self.layer(
                "web",
                findings=[
                    {"severity": "error", "code": "empty-layer", "message": "no files", "hint": None},
                    {"severity": "warning", "code": "yanked", "message": "gone", "hint": "lock"},
                    {"severity": "info", "code": "built", "message": "quiet", "hint": None},
                ],
            )
        ]
        layer = self.module.LayerlockLayer(self.stack(), "Layer")
        annotations = [(entry.type, entry.data) for entry in layer.node.metadata]
        self.assertEqual(
            [(type, data) for type, data in annotations if type.startswith("aws:cdk:") and data],
            [
                ("aws:cdk:error", "no files"),
                ("aws:cdk:warning", "gone (hint: lock) [ack: layerlock:yanked]"),
            ],
        )

    def test_one_of_several_layers_or_targets_has_to_be_named(self):
        stack = self.stack()
        self.layers = [self.layer("web"), self.layer("db")]
        with self.assertRaisesRegex(ValueError, "layers db, web: name one with layer="):
            self.module.LayerlockLayer(stack, "One")
        self.layers = [self.layer("web"), self.layer("web", architecture="x86_64")]
        message = "web is built for python3.12 arm64, python3.12 x86_64: name one with runtime="
        with self.assertRaisesRegex(ValueError, message):
            self.module.LayerlockLayer(stack, "Two", layer="web")

    def test_nothing_is_built_where_the_cdk_bundles_nothing(self):
        stack = self.stack(**{"aws:cdk:bundling-stacks": []})
        layer = self.module.LayerlockLayer(stack, "Layer", runtime="python3.12")
        self.assertEqual(self.commands, [])
        self.assertIsNone(layer.layerlock)
        properties = self.resource(stack)["Properties"]
        self.assertEqual(properties["CompatibleRuntimes"], ["python3.12"])

    def test_a_published_layer_comes_from_the_context(self):
        arn = "arn:aws:lambda:eu-west-1:123456789012:layer:web:3"
        stack = self.stack(layerlock={"web": arn, "db": arn})
        from_published = self.module.LayerlockLayer.from_published
        self.assertEqual(from_published(stack, "Web", "web").layer_version_arn, arn)
        with self.assertRaisesRegex(LookupError, "no published layer 'wbe', but db, web: run"):
            from_published(stack, "Wbe", "wbe")
        with self.assertRaisesRegex(LookupError, "no published layer 'web': run `layerlock"):
            from_published(self.stack(), "Web", "web")


if __name__ == "__main__":
    unittest.main()
