"""The construct of `layerlock.cdk`. Importing this module starts the CDK."""

from __future__ import annotations

import os
import tempfile
import zipfile
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ._report import run

#: The reports of this process: an app may make several layers of the same arguments.
_REPORTS: Dict[Tuple[str, ...], Dict[str, Any]] = {}


class LayerlockLayer(lambda_.LayerVersion):
    """A layer version of the packages that a project's lock names.

    It runs `layerlock build` when it is constructed, which takes milliseconds if nothing has
    changed. The asset is the zip, and its hash is the zip's SHA-256: a deployment makes a new
    version exactly if the layer's bytes are others. Runtime and architecture of the report
    are the compatible ones. Warnings are annotations of the construct, which
    `Annotations.of(layer).acknowledge_warning("layerlock:CODE")` silences.

    As constructs that bundle do, it builds nothing where the CDK needs no assets: in
    `cdk ls`, `cdk destroy`, and with the context `"aws:cdk:bundling-stacks": []`.
    """

    layerlock: Optional[Mapping[str, Any]]
    """The layer's part of the report: `packages`, `zip`, `unzipped_size`, `findings`; None
    where nothing was built."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        project: Union[str, "os.PathLike[str]"] = ".",
        layer: Optional[str] = None,
        runtime: Union[str, lambda_.Runtime, None] = None,
        architecture: Union[str, lambda_.Architecture, None] = None,
        with_groups: Union[str, Iterable[str]] = (),
        without_groups: Union[str, Iterable[str]] = (),
        only_groups: Union[str, Iterable[str]] = (),
        all_groups: bool = False,
        extras: Union[str, Iterable[str]] = (),
        all_extras: bool = False,
        exclude: Union[str, Iterable[str]] = (),
        exclude_files: Union[str, Iterable[str]] = (),
        include_project: bool = False,
        allow_stale_lock: bool = False,
        compression: Optional[str] = None,
        arguments: Sequence[str] = (),
        layer_version_name: Optional[str] = None,
        description: Optional[str] = None,
        license: Optional[str] = None,
        removal_policy: Optional[cdk.RemovalPolicy] = None,
    ) -> None:
        """Build the layer.

        project: the directory of pyproject.toml and the lock, from the directory in which
            the app runs.
        layer, runtime, architecture: which one, if the project configures several.
        with_groups ... compression: the options of `layerlock build` with these names, in
            place of what `[tool.layerlock]` configures.
        arguments: other arguments of `layerlock build`.
        layer_version_name, description, license, removal_policy: those of LayerVersion.

        Raises LayerlockError if the layer cannot be built.
        """
        options: List[str] = []
        for name, value in (
            ("layer", layer),
            ("runtime", _name(runtime)),
            ("architecture", _name(architecture)),
            ("with", with_groups),
            ("without", without_groups),
            ("only", only_groups),
            ("all-groups", all_groups),
            ("extras", extras),
            ("all-extras", all_extras),
            ("exclude", exclude),
            ("exclude-files", exclude_files),
            ("include-project", include_project),
            ("allow-stale-lock", allow_stale_lock),
            ("compression", compression),
        ):
            options += _option(name, value)

        props: Dict[str, Any] = {
            "layer_version_name": layer_version_name,
            "description": description,
            "license": license,
            "removal_policy": removal_policy,
        }
        if not cdk.Stack.of(scope).bundling_required:
            self._stand_in(scope, id, runtime, architecture, props)
            return
        report = _build(os.fspath(project), [*options, *arguments])
        built = _only_layer(report["layers"], os.fspath(project))
        target, file = built["target"], built["zip"]
        super().__init__(
            scope,
            id,
            code=lambda_.Code.from_asset(
                file["absolute_path"],
                asset_hash=file["sha256"],
                asset_hash_type=cdk.AssetHashType.CUSTOM,
            ),
            compatible_runtimes=[_runtime(target["runtime"])],
            compatible_architectures=[_architecture(target["architecture"])],
            **props,
        )
        self.layerlock = built
        self._annotate(built["findings"])

    @staticmethod
    def from_published(
        scope: Construct, id: str, layer: str, *, context: str = "layerlock"
    ) -> lambda_.ILayerVersion:
        """Use the version that `layerlock publish --output-format cdk` has published.

        layer: its key in cdk.context.json, which is the layer's name, and for a project with
            several targets, regions or accounts also these.
        context: the member of cdk.context.json, if it is not layerlock's own.
        """
        arns = scope.node.try_get_context(context)
        arn = arns.get(layer) if isinstance(arns, Mapping) else None
        if not arn:
            published = ", ".join(sorted(arns)) if isinstance(arns, Mapping) else ""
            raise LookupError(
                f"cdk.context.json names no published layer {layer!r}"
                + (f", but {published}" if published else "")
                + ": run `layerlock publish --output-format cdk` before the CDK"
            )
        return lambda_.LayerVersion.from_layer_version_arn(scope, id, arn)

    def _stand_in(
        self,
        scope: Construct,
        id: str,
        runtime: Union[str, lambda_.Runtime, None],
        architecture: Union[str, lambda_.Architecture, None],
        props: Mapping[str, Any],
    ) -> None:
        """Be a layer version without files, which is not to be deployed."""
        if runtime:
            props = {**props, "compatible_runtimes": [_runtime(_name(runtime))]}
        if architecture:
            props = {**props, "compatible_architectures": [_architecture(_name(architecture))]}
        with tempfile.TemporaryDirectory() as directory:
            file = os.path.join(directory, "layer.zip")
            zipfile.ZipFile(file, "w").close()
            code = lambda_.Code.from_asset(
                file, asset_hash="not-built", asset_hash_type=cdk.AssetHashType.CUSTOM
            )
            super().__init__(scope, id, code=code, **props)
        self.layerlock = None

    def _annotate(self, findings: Iterable[Mapping[str, Any]]) -> None:
        annotations = cdk.Annotations.of(self)
        for finding in findings:
            text = finding["message"]
            if finding.get("hint"):
                text += f" (hint: {finding['hint']})"
            if finding["severity"] == "error":
                annotations.add_error(text)
            elif finding["severity"] == "warning":
                annotations.add_warning_v2(f"layerlock:{finding['code']}", text)


def _build(project: str, options: Sequence[str]) -> Dict[str, Any]:
    """Run `layerlock build`, once for each project and options in this process."""
    # What it reports are annotations; only errors go to standard error, as they are.
    command = ["build", "--quiet", f"--project={project}", *options]
    key = (os.path.realpath(project), *command)
    if key not in _REPORTS:
        _REPORTS[key] = run(command)
    return _REPORTS[key]


def _only_layer(layers: Sequence[Mapping[str, Any]], project: str) -> Mapping[str, Any]:
    if len(layers) == 1:
        return layers[0]
    names = sorted({layer["name"] for layer in layers})
    if len(names) > 1:
        raise ValueError(
            f"the project {project} has the layers {', '.join(names)}:"
            " name one with layer=, for each a LayerlockLayer of its own"
        )
    targets = ", ".join(
        "{runtime} {architecture}".format(**layer["target"]) for layer in layers
    )
    raise ValueError(
        f"the layer {names[0]} is built for {targets}: name one with runtime= and architecture="
    )


def _option(name: str, value: Union[str, bool, Iterable[str], None]) -> List[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [f"--{name}"]
    values = [value] if isinstance(value, str) else list(value)
    return [f"--{name}={value}" for value in values]


def _name(value: Union[str, lambda_.Runtime, lambda_.Architecture, None]) -> Optional[str]:
    return value if value is None or isinstance(value, str) else value.name


def _runtime(name: str) -> lambda_.Runtime:
    # That of the CDK, since it takes two of one name for different ones if only one of them
    # supports inline code. A runtime that is newer than the CDK has to be made.
    known = getattr(lambda_.Runtime, name.upper().replace("PYTHON", "PYTHON_").replace(".", "_"), None)
    if known is not None:
        return known
    return lambda_.Runtime(name, lambda_.RuntimeFamily.PYTHON, supports_inline_code=True)


def _architecture(name: str) -> lambda_.Architecture:
    known = {"x86_64": lambda_.Architecture.X86_64, "arm64": lambda_.Architecture.ARM_64}
    return known.get(name) or lambda_.Architecture.custom(name)
