//! The names of zips.

use layerlock_lock::is_plain_file_name;
use layerlock_target::Target;

use crate::placeholders::{Piece, pieces};

const ENDING: &str = ".zip";

/// What the name of a zip is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ZipName(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Layer,
    Provider,
    Runtime,
    Architecture,
}

impl ZipName {
    /// Reads a name such as `{layer}-{runtime}.zip`; the error is for people.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let pieces =
            pieces(text).map_err(|_| format!("the zip name `{text}` has a {{ without a }}"))?;
        let parts: Vec<Part> = pieces
            .iter()
            .map(|piece| match *piece {
                Piece::Text(plain) => Ok(Part::Text(plain.to_owned())),
                Piece::Placeholder("layer") => Ok(Part::Layer),
                Piece::Placeholder("provider") => Ok(Part::Provider),
                Piece::Placeholder("runtime") => Ok(Part::Runtime),
                Piece::Placeholder("architecture") => Ok(Part::Architecture),
                Piece::Placeholder(other) => Err(format!(
                    "the zip name `{text}` has an unknown placeholder `{{{other}}}`: there are \
                     {{layer}}, {{provider}}, {{runtime}} and {{architecture}}"
                )),
            })
            .collect::<Result<_, _>>()?;
        // Any layer's name will do for what stands for a placeholder.
        let example = pieces.iter().map(|piece| match *piece {
            Piece::Text(plain) => plain,
            Piece::Placeholder(_) => "x",
        });
        let example: String = example.collect();
        if !is_plain_file_name(&example) || example.contains('}') {
            return Err(format!(
                "the zip name `{text}` is no plain file name: `output` is for its directory"
            ));
        }
        let stem = example.len().checked_sub(ENDING.len());
        if !example.to_lowercase().ends_with(ENDING) || stem == Some(0) {
            return Err(format!("the zip name `{text}` is not NAME.zip"));
        }
        Ok(Self(parts))
    }

    /// The name for one layer and target.
    pub(super) fn of(&self, layer: &str, target: &Target) -> String {
        let texts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Layer => layer.to_owned(),
            Part::Provider => target.provider().to_string(),
            Part::Runtime => target.runtime.to_string(),
            Part::Architecture => target.architecture.to_string(),
        });
        texts.collect()
    }
}

#[cfg(test)]
mod tests {
    use layerlock_target::{Architecture, Provider};
    use proptest::prelude::*;

    use super::*;

    fn target() -> Target {
        let runtime = Provider::Aws.runtime("python3.12").unwrap();
        Target::new(runtime, Architecture::Arm64)
    }

    #[test]
    fn placeholders_are_replaced() {
        for (text, name) in [
            ("{layer}.zip", "web.zip"),
            ("shared.zip", "shared.zip"),
            (
                "{layer}-{runtime}-{architecture}.zip",
                "web-python3.12-arm64.zip",
            ),
            ("a{layer}{layer}.ZIP", "awebweb.ZIP"),
        ] {
            let parsed = ZipName::parse(text).unwrap();
            assert_eq!(parsed.of("web", &target()), name);
        }
    }

    #[test]
    fn what_is_no_name_of_a_zip_is_refused() {
        for (text, reason) in [
            ("", "no plain file name"),
            (".zip", "not NAME.zip"),
            ("{layer}", "not NAME.zip"),
            ("{layer}.tar", "not NAME.zip"),
            ("dist/{layer}.zip", "no plain file name"),
            ("..\\x.zip", "no plain file name"),
            ("{layer.zip", "without a }"),
            ("layer}.zip", "no plain file name"),
            ("{name}.zip", "unknown placeholder `{name}`"),
            ("{}.zip", "unknown placeholder `{}`"),
        ] {
            let error = ZipName::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Ok(name) = ZipName::parse(&text) {
                prop_assert!(is_plain_file_name(&name.of("web", &target())));
            }
        }
    }
}
