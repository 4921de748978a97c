"""A construct of the AWS CDK: a layer of the packages that a lock names.

    from layerlock.cdk import LayerlockLayer

    layer = LayerlockLayer(self, "Dependencies", project="services/shop")
    lambda_.Function(self, "Echo", layers=[layer], ...)

The CDK is imported when `LayerlockLayer` is: layerlock itself does not need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from ._report import LayerlockError

if TYPE_CHECKING:
    from ._cdk_layer import LayerlockLayer

__all__ = ["LayerlockError", "LayerlockLayer"]


def __getattr__(name: str) -> Any:
    if name != "LayerlockLayer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import aws_cdk
        import constructs
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("aws_cdk", "constructs"):
            raise
        return _WithoutCdk
    del aws_cdk, constructs
    from ._cdk_layer import LayerlockLayer

    globals()[name] = LayerlockLayer
    return LayerlockLayer


def __dir__() -> List[str]:
    return __all__


class _WithoutCdk:
    """Stands for the construct where there is no CDK, and says what is missing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise ModuleNotFoundError(
            "LayerlockLayer needs version 2 of the AWS CDK in the environment of the app:"
            " run `pip install aws-cdk-lib constructs`"
        )

    from_published = __init__
