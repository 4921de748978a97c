//! The keys under which results are handed over.
//!
//! A key is the layer's name, followed by what the project's settings give it several of:
//! runtime, architecture, region, account. It never depends on what became of a run, so
//! that the next step can name it once and for all.

use crate::handover_error::HandoverError;
use crate::output_format::OutputFormat;

/// What the settings make of the layers: which they are, and where they go.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    /// The layers of the run.
    pub(super) layers: Vec<LayerTargets>,
    /// The project's other layers, which the run was not asked for.
    pub(super) others: Vec<String>,
    pub(super) places: Places,
}

/// A layer, and all that it is built for.
#[derive(Debug, Clone)]
pub(super) struct LayerTargets {
    pub(super) name: String,
    pub(super) runtimes: Vec<String>,
    pub(super) architectures: Vec<String>,
}

/// Where layers go.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// All regions, where there are several in an account.
    pub(crate) regions: Vec<String>,
    /// Whether there are several accounts.
    pub(crate) has_accounts: bool,
}

/// One result: what tells it apart from others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'r> {
    pub(super) layer: &'r str,
    /// The provider, where its runtimes need it to be told from another's.
    pub(super) provider: Option<&'static str>,
    pub(super) runtimes: &'r [String],
    pub(super) architectures: &'r [String],
    pub(super) region: Option<&'r str>,
    pub(super) account: Option<&'r str>,
}

/// The parts of a key, the layer's name first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(Vec<String>);

/// The provider as part of a key: a runtime of AWS stands alone, and one of another provider
/// may have the same name.
pub(super) fn told_provider(provider: &'static str) -> Option<&'static str> {
    (!matches!(provider, "aws" | "local")).then_some(provider)
}

impl Layout {
    pub(super) fn key(&self, subject: &Subject<'_>) -> Key {
        let mut parts = vec![subject.layer.to_owned()];
        let layer = self.layers.iter().find(|one| one.name == subject.layer);
        if layer.is_some_and(|layer| layer.runtimes.len() > 1) {
            parts.extend(subject.provider.map(str::to_owned));
            parts.push(subject.runtimes.join("-"));
        }
        if layer.is_some_and(|layer| layer.architectures.len() > 1) {
            parts.push(subject.architectures.join("-"));
        }
        if self.places.regions.len() > 1 {
            parts.extend(subject.region.map(str::to_owned));
        }
        if self.places.has_accounts {
            parts.extend(subject.account.map(str::to_owned));
        }
        Key(parts)
    }

    /// Refuses names of layers that a format does not tell apart.
    pub(super) fn refuse_shared_keys(&self, format: OutputFormat) -> Result<(), HandoverError> {
        let Some(style) = Style::of(format) else {
            return Ok(());
        };
        let mut seen: Vec<(String, String)> = Vec::new();
        for (subject, key) in self.keys() {
            let text = style.key(&key);
            let what = key.0.join(" ");
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == text) {
                let is_of_one = first.split(' ').next() == Some(subject.as_str());
                if !is_of_one {
                    return Err(HandoverError::SharedKey {
                        first: first.clone(),
                        second: what,
                        key: style.told(&text),
                    });
                }
            }
            seen.push((text, what));
        }
        Ok(())
    }

    /// Each key of the run, but for accounts, which are known only afterwards.
    fn keys(&self) -> Vec<(String, Key)> {
        let regions: Vec<Option<&str>> = match &self.places.regions[..] {
            [] => vec![None],
            regions => regions.iter().map(|one| Some(one.as_str())).collect(),
        };
        let mut keys = Vec::new();
        for layer in &self.layers {
            for runtime in &layer.runtimes {
                for architecture in &layer.architectures {
                    for region in &regions {
                        let subject = Subject {
                            layer: &layer.name,
                            // It is part of the runtime here.
                            provider: None,
                            runtimes: std::slice::from_ref(runtime),
                            architectures: std::slice::from_ref(architecture),
                            region: *region,
                            account: None,
                        };
                        keys.push((layer.name.clone(), self.key(&subject)));
                    }
                }
            }
        }
        keys
    }
}

/// How a format spells keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `LAYERLOCK_BASE_ARN`: a variable of the environment.
    Env,
    /// `base-arn`: an output of a step.
    GitHub,
    /// `BaseLayerArn`: a parameter of CloudFormation.
    Sam,
    /// `base`: a key of a JSON object.
    Map,
}

impl Style {
    /// `None` for formats without keys.
    pub(super) fn of(format: OutputFormat) -> Option<Self> {
        match format {
            OutputFormat::Text | OutputFormat::Json | OutputFormat::ServerlessDevs => None,
            OutputFormat::Env => Some(Self::Env),
            OutputFormat::GitHub => Some(Self::GitHub),
            OutputFormat::Sam => Some(Self::Sam),
            OutputFormat::Cdk | OutputFormat::Terraform => Some(Self::Map),
        }
    }

    /// A key without the words around it.
    pub(super) fn key(self, key: &Key) -> String {
        self.joined(key.0.iter().map(String::as_str))
    }

    fn joined<'p>(self, parts: impl Iterator<Item = &'p str>) -> String {
        let parts: Vec<String> = parts.map(|part| self.part(part)).collect();
        parts.join(self.separator())
    }

    fn separator(self) -> &'static str {
        match self {
            Self::Env => "_",
            Self::GitHub | Self::Map => "-",
            Self::Sam => "",
        }
    }

    fn part(self, part: &str) -> String {
        let with = |separator: char| {
            let replace = |c: char| {
                if c.is_ascii_alphanumeric() {
                    c
                } else {
                    separator
                }
            };
            part.chars().map(replace).collect::<String>()
        };
        match self {
            Self::Env => with('_').to_ascii_uppercase(),
            Self::GitHub => with('-').to_ascii_lowercase(),
            Self::Sam => {
                let words = part.split(|c: char| !c.is_ascii_alphanumeric());
                words.map(capitalised).collect()
            }
            Self::Map => part.to_owned(),
        }
    }

    /// The name of a value: the key with what it is a value of.
    pub(super) fn name(self, key: &str, what: &str) -> String {
        match self {
            Self::Env => format!("LAYERLOCK_{key}_{}", what.to_ascii_uppercase()),
            // An output's name begins with a letter or `_`.
            Self::GitHub if key.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                format!("{key}-{what}")
            }
            Self::GitHub => format!("_{key}-{what}"),
            Self::Sam => format!("{key}Layer{}", capitalised(what)),
            Self::Map => key.to_owned(),
        }
    }

    /// A key as a message names it.
    fn told(self, key: &str) -> String {
        match self {
            Self::Map => key.to_owned(),
            _ => self.name(key, "arn"),
        }
    }

    /// Whether a key can be one of a layer's.
    pub(super) fn is_of_layer(self, key: &str, layer: &str) -> bool {
        let layer = self.part(layer);
        let rest = key.strip_prefix(&layer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(self.separator()))
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn layer(name: &str, runtimes: &[&str], architectures: &[&str]) -> LayerTargets {
        LayerTargets {
            name: name.to_owned(),
            runtimes: texts(runtimes),
            architectures: texts(architectures),
        }
    }

    fn names(layout: &Layout, format: OutputFormat) -> Vec<String> {
        let style = Style::of(format).unwrap();
        let keys = layout.keys().into_iter();
        keys.map(|(_, key)| style.name(&style.key(&key), "arn"))
            .collect()
    }

    #[test]
    fn a_key_has_what_there_is_several_of() {
        let mut layout = Layout {
            layers: vec![layer("base-web", &["python3.12"], &["arm64"])],
            ..Layout::default()
        };
        for (format, expected) in [
            (OutputFormat::Env, "LAYERLOCK_BASE_WEB_ARN"),
            (OutputFormat::GitHub, "base-web-arn"),
            (OutputFormat::Sam, "BaseWebLayerArn"),
            (OutputFormat::Cdk, "base-web"),
            (OutputFormat::Terraform, "base-web"),
        ] {
            assert_eq!(names(&layout, format), [expected]);
        }
        layout.layers = vec![layer("base", &["python3.12"], &["x86_64", "arm64"])];
        let env = names(&layout, OutputFormat::Env);
        assert_eq!(
            env,
            ["LAYERLOCK_BASE_X86_64_ARN", "LAYERLOCK_BASE_ARM64_ARN"]
        );
        layout.layers = vec![layer("base", &["python3.12", "python3.13"], &["arm64"])];
        layout.places.regions = texts(&["eu-west-1", "us-east-1"]);
        for (format, expected) in [
            (OutputFormat::Env, "LAYERLOCK_BASE_PYTHON3_12_EU_WEST_1_ARN"),
            (OutputFormat::GitHub, "base-python3-12-eu-west-1-arn"),
            (OutputFormat::Sam, "BasePython312EuWest1LayerArn"),
            (OutputFormat::Terraform, "base-python3.12-eu-west-1"),
        ] {
            assert_eq!(names(&layout, format)[0], expected);
        }
    }

    #[test]
    fn accounts_are_told_apart_where_there_are_several() {
        let mut layout = Layout::default();
        let subject = Subject {
            layer: "base",
            provider: None,
            runtimes: &[],
            architectures: &[],
            region: Some("eu-west-1"),
            account: Some("123456789012"),
        };
        assert_eq!(Style::Map.key(&layout.key(&subject)), "base");
        layout.places.has_accounts = true;
        let key = layout.key(&subject);
        assert_eq!(Style::Map.key(&key), "base-123456789012");
        assert_eq!(Style::Env.key(&key), "BASE_123456789012");
    }

    #[test]
    fn an_output_of_a_step_begins_with_a_letter_or_an_underscore() {
        let name = |layer| Style::GitHub.name(&Style::GitHub.part(layer), "arn");
        assert_eq!(name("3d"), "_3d-arn");
        assert_eq!(name("-x"), "_-x-arn");
        assert_eq!(name("Shop_2"), "shop-2-arn");
    }

    #[test]
    fn layers_that_a_format_does_not_tell_apart_are_refused() {
        let layout = |names: [&str; 2]| Layout {
            layers: names
                .map(|name| layer(name, &["python3.12"], &["arm64"]))
                .into(),
            ..Layout::default()
        };
        let refused = |names, format| {
            let error = layout(names).refuse_shared_keys(format).err();
            error.map(|error| error.to_string())
        };
        let both = ["base-web", "base_web"];
        for (format, key) in [
            (OutputFormat::Env, "LAYERLOCK_BASE_WEB_ARN"),
            (OutputFormat::GitHub, "base-web-arn"),
            (OutputFormat::Sam, "BaseWebLayerArn"),
        ] {
            let expected = format!("the layers base-web and base_web would both be {key}");
            assert_eq!(refused(both, format), Some(expected));
        }
        for format in [
            OutputFormat::Text,
            OutputFormat::Json,
            OutputFormat::Cdk,
            OutputFormat::Terraform,
        ] {
            assert_eq!(refused(both, format), None);
        }
        assert!(refused(["aB", "a-b"], OutputFormat::Sam).is_some());
        assert_eq!(refused(["ab", "a-b"], OutputFormat::Sam), None);
        // One layer for several architectures, and one of that name.
        let layers = Layout {
            layers: vec![
                layer("base", &["python3.12"], &["x86_64", "arm64"]),
                layer("base-arm64", &["python3.12"], &["arm64"]),
            ],
            ..Layout::default()
        };
        assert_eq!(
            layers
                .refuse_shared_keys(OutputFormat::Cdk)
                .unwrap_err()
                .to_string(),
            "the layers base arm64 and base-arm64 would both be base-arm64"
        );
    }

    #[test]
    fn the_keys_of_a_layer_begin_with_its_name() {
        for (style, key, layer, is_of_it) in [
            (Style::Map, "base", "base", true),
            (Style::Map, "base-arm64", "base", true),
            (Style::Map, "based", "base", false),
            (Style::Env, "BASE_WEB_ARM64", "base-web", true),
            (Style::Env, "BASE", "base-web", false),
        ] {
            assert_eq!(style.is_of_layer(key, layer), is_of_it, "{key} {layer}");
        }
    }
}
