//! The names under which layers are published: `{project}-{layer}`.

use layerlock_target::{LayerNames, Provider, Target};

use crate::placeholders::{Piece, pieces};

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameTemplate {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Layer,
    Project,
    Runtime,
    Architecture,
    /// A variable of the environment.
    Variable(String),
}

/// What stands for the placeholders.
pub(crate) struct NameValues<'v> {
    pub(crate) layer: &'v str,
    pub(crate) project: Option<&'v str>,
    pub(crate) target: &'v Target,
    pub(crate) variable: &'v dyn Fn(&str) -> Option<String>,
}

/// All placeholders, for people.
const PLACEHOLDERS: &str =
    "the placeholders are {layer}, {project}, {runtime}, {architecture} and {env:NAME}";

impl NameTemplate {
    /// The error is for people.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let pieces =
            pieces(text).map_err(|inside| format!("`{{{inside}` has no end; {PLACEHOLDERS}"))?;
        let parts: Vec<Part> = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(plain) => match plain.chars().find(|c| !names().has(*c)) {
                    None => Ok(Part::Text(plain.to_owned())),
                    Some(c) => Err(format!(
                        "{c:?} cannot be in the name of a layer, which is {}",
                        names()
                    )),
                },
                Piece::Placeholder(text) => Part::placeholder(text),
            })
            .collect::<Result<_, _>>()?;
        if parts.is_empty() {
            return Err(format!("a layer's name is {}", names()));
        }
        Ok(Self { parts })
    }

    /// The name for a layer. What a name cannot have in it becomes `-`. The error is for
    /// people.
    pub(crate) fn render(&self, values: &NameValues<'_>) -> Result<String, String> {
        let mut name = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => name.push_str(text),
                Part::Layer => name.push_str(values.layer),
                Part::Project => {
                    let project = values
                        .project
                        .ok_or("`{project}`: the project has no name")?;
                    name.push_str(&names().fitted(project));
                }
                Part::Runtime => name.push_str(&names().fitted(values.target.runtime.identifier())),
                Part::Architecture => {
                    name.push_str(&names().fitted(&values.target.architecture.to_string()));
                }
                Part::Variable(variable) => {
                    let value = (values.variable)(variable).filter(|value| !value.is_empty());
                    let Some(value) = value else {
                        return Err(format!("`{{env:{variable}}}`: {variable} is not set"));
                    };
                    name.push_str(&names().fitted(&value));
                }
            }
        }
        if !names().allow(&name) {
            return Err(format!(
                "invalid layer name {name:?}: a layer's name is {}",
                names()
            ));
        }
        Ok(name)
    }
}

impl Part {
    fn placeholder(text: &str) -> Result<Self, String> {
        match text {
            "layer" => Ok(Self::Layer),
            "project" => Ok(Self::Project),
            "runtime" => Ok(Self::Runtime),
            "architecture" => Ok(Self::Architecture),
            _ => match text.strip_prefix("env:") {
                Some(variable) if !variable.is_empty() => Ok(Self::Variable(variable.to_owned())),
                _ => Err(format!("unknown placeholder `{{{text}}}`: {PLACEHOLDERS}")),
            },
        }
    }
}

fn names() -> LayerNames {
    Provider::Aws.layer_names()
}

#[cfg(test)]
mod tests {
    use layerlock_target::Architecture;

    use super::*;

    fn render(template: &str) -> Result<String, String> {
        let target = Target::new(
            Provider::Aws.runtime("python3.12").unwrap(),
            Architecture::Arm64,
        );
        let variable = |name: &str| match name {
            "STAGE" => Some("feature/x".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        NameTemplate::parse(template)?.render(&NameValues {
            layer: "base",
            project: Some("shop"),
            target: &target,
            variable: &variable,
        })
    }

    #[test]
    fn placeholders_get_their_values() {
        assert_eq!(
            render("{project}-{layer}_{runtime}-{architecture}-{env:STAGE}").unwrap(),
            "shop-base_python3-12-arm64-feature-x"
        );
        assert_eq!(render("shared").unwrap(), "shared");
    }

    #[test]
    fn what_is_no_template_is_told() {
        for (template, part) in [
            ("", "a layer's name is 1 to 140"),
            ("{project", "`{project` has no end"),
            (
                "{stage}",
                "unknown placeholder `{stage}`: the placeholders are {layer}",
            ),
            ("{env:}", "unknown placeholder `{env:}`"),
            ("a.b", "'.' cannot be in the name"),
            ("a}b", "'}' cannot be in the name"),
            ("{env:NONE}", "NONE is not set"),
            ("{env:EMPTY}", "EMPTY is not set"),
            (&"n".repeat(141), "a layer's name is 1 to 140"),
        ] {
            let error = render(template).unwrap_err();
            assert!(error.contains(part), "{template}: {error}");
        }
    }
}
