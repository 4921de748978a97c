//! The parts of `cargo xtask e2e`, which can be run alone.

use clap::ValueEnum;

/// A part; its name on the command line is that of the module that proves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// The report names the packages of the lock.
    Packages,
    /// The same input gives the same bytes, in the zip, the staging directory and the report.
    Reproducible,
    /// unzip and Python read the zip.
    Zip,
    /// pip lays out the same files.
    Pip,
    /// Libraries are for the target's architecture.
    Elf,
    /// Poetry prints the same export.
    Export,
    /// Lambda functions run on the layer, and not without it.
    Function,
    /// Console scripts run from PATH.
    Script,
    /// The CDK takes the staging directory.
    Cdk,
    /// A server of AWS Lambda's API and a directory take the layer.
    Publish,
    /// A server that speaks Function Compute and OSS, with the official SDKs, takes layers.
    Aliyun,
    /// Nothing temporary is left.
    Leftovers,
    /// An index that wants credentials.
    PrivateIndex,
    /// Errors that name what is wrong, and change nothing.
    WrongInput,
    /// Packages without a wheel.
    Sources,
    /// No secret in the arguments of pip, uv, git and keyring, whatever an index answers.
    Secrets,
    /// Projects of uv, and the locks of pip: layers with the bytes of Poetry's.
    Uv,
    /// The page of `layerlock size` in a browser.
    Size,
    /// Layers for Node, Java and PHP, each under its own interpreter.
    Languages,
    /// The wheel of the command, installed by pip and uv, and the tools that it is a part of.
    Install,
}

impl Part {
    /// All parts.
    pub(crate) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// The part of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::from_str(name, false).ok()
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Whether it looks at the layers of the fixtures; the others make projects of their own.
    pub(crate) fn needs_fixtures(self) -> bool {
        !matches!(
            self,
            Self::PrivateIndex
                | Self::WrongInput
                | Self::Sources
                | Self::Secrets
                | Self::Uv
                | Self::Size
                | Self::Languages
                | Self::Install
        )
    }
}
