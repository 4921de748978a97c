//! What `layerlock diff` takes.

use std::convert::Infallible;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueHint};
use layerlock::Comparand;

use super::misuse::Misuse;
use super::upkeep::UpkeepArgs;

#[derive(Debug, ClapArgs)]
pub(crate) struct DiffArgs {
    /// The earlier zip, directory of a layer's files, lock or project; or `published`, for the
    /// newest published version of the layer, or `published:NUMBER`
    #[arg(value_name = "A", value_hint = ValueHint::AnyPath)]
    pub(crate) before: ComparandArg,
    /// The later one
    #[arg(value_name = "B", value_hint = ValueHint::AnyPath)]
    pub(crate) after: ComparandArg,
    /// Exit with 1 where they are different
    #[arg(long, help_heading = "Output")]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) upkeep: UpkeepArgs,
}

/// One side, as it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComparandArg(pub(crate) Comparand);

impl FromStr for ComparandArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let published = text.strip_prefix("published").and_then(|rest| match rest {
            "" => Some(None),
            rest => rest.strip_prefix(':')?.parse().ok().map(Some),
        });
        Ok(Self(match published {
            Some(number) => Comparand::Published(number),
            None => Comparand::Path(text.into()),
        }))
    }
}

impl DiffArgs {
    pub(super) fn check(&self) -> Result<(), Misuse> {
        self.upkeep.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_a_path_unless_it_is_published() {
        for (text, expected) in [
            ("published", Comparand::Published(None)),
            ("published:12", Comparand::Published(Some(12))),
            ("./published", Comparand::Path("./published".into())),
            ("published:x", Comparand::Path("published:x".into())),
            ("published.zip", Comparand::Path("published.zip".into())),
            ("a.zip", Comparand::Path("a.zip".into())),
        ] {
            assert_eq!(text.parse(), Ok(ComparandArg(expected)));
        }
    }
}
