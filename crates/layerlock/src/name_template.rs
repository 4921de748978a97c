//! The names under which layers are published: `{project}-{layer}`.
//!
//! Those of the parameters that get their ARNs have the same placeholders.

use layerlock_target::{LayerNames, Provider};

use crate::placeholders::{Piece, pieces};

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameTemplate {
    kind: NameKind,
    parts: Vec<Part>,
}

/// What a name is for, and so what may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// A layer.
    Layer,
    /// A parameter of AWS Systems Manager.
    Parameter,
}

/// [Characters](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html)
/// of a parameter's name, of which there are at most so many.
const PARAMETER_CHARACTERS: usize = 1011;

impl NameKind {
    fn has(self, c: char) -> bool {
        match self {
            Self::Layer => names().has(c),
            Self::Parameter => c.is_ascii_alphanumeric() || "_.-/".contains(c),
        }
    }

    /// A value as it may be in a name. What cannot be in it becomes `-`; a value stays one
    /// level of a parameter's name.
    fn fitted(self, value: &str) -> String {
        match self {
            Self::Layer => names().fitted(value),
            Self::Parameter => {
                let fit = |c| if self.has(c) && c != '/' { c } else { '-' };
                value.chars().map(fit).collect()
            }
        }
    }

    /// What is wrong with a name.
    fn fault(self, name: &str) -> Option<String> {
        let is_allowed = match self {
            Self::Layer => names().allow(name),
            Self::Parameter => {
                let first = name.trim_start_matches('/').to_ascii_lowercase();
                (1..=PARAMETER_CHARACTERS).contains(&name.len())
                    && name.chars().all(|c| self.has(c))
                    && (name.starts_with('/') || !name.contains('/'))
                    && !name.ends_with('/')
                    && !name.contains("//")
                    && !first.starts_with("aws")
                    && !first.starts_with("ssm")
            }
        };
        (!is_allowed).then(|| format!("invalid {} {name:?}: {}", self.what(), self.rule()))
    }

    fn what(self) -> &'static str {
        match self {
            Self::Layer => "layer name",
            Self::Parameter => "parameter name",
        }
    }

    fn rule(self) -> String {
        match self {
            Self::Layer => format!("a layer's name is {}", names()),
            Self::Parameter => format!(
                "a parameter's name is 1 to {PARAMETER_CHARACTERS} of a-z, A-Z, 0-9, `_`, `.` and \
                 `-`, starts with `/` where it has levels, such as /layers/base, and not with aws \
                 or ssm"
            ),
        }
    }
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
    pub(crate) runtime: &'v str,
    pub(crate) architecture: &'v str,
    pub(crate) variable: &'v dyn Fn(&str) -> Option<String>,
}

/// All placeholders, for people.
const PLACEHOLDERS: &str =
    "the placeholders are {layer}, {project}, {runtime}, {architecture} and {env:NAME}";

impl NameTemplate {
    /// The error is for people.
    pub(crate) fn parse(kind: NameKind, text: &str) -> Result<Self, String> {
        let pieces =
            pieces(text).map_err(|inside| format!("`{{{inside}` has no end; {PLACEHOLDERS}"))?;
        let parts: Vec<Part> = pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(plain) => match plain.chars().find(|c| !kind.has(*c)) {
                    None => Ok(Part::Text(plain.to_owned())),
                    Some(c) => Err(format!(
                        "{c:?} cannot be in a {}: {}",
                        kind.what(),
                        kind.rule()
                    )),
                },
                Piece::Placeholder(text) => Part::placeholder(text),
            })
            .collect::<Result<_, _>>()?;
        if parts.is_empty() {
            return Err(kind.rule());
        }
        let template = Self { kind, parts };
        // What the shortest values cannot make right is wrong in the text itself.
        let sample = template.render(&NameValues {
            layer: "x",
            project: Some("x"),
            runtime: "x",
            architecture: "x",
            variable: &|_| Some("x".to_owned()),
        });
        sample.map(|_| template)
    }

    /// Whether the name depends on a layer of a project.
    pub(crate) fn needs_a_layer(&self) -> bool {
        let is_fixed = |part: &Part| matches!(part, Part::Text(_) | Part::Variable(_));
        !self.parts.iter().all(is_fixed)
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
                    name.push_str(&self.kind.fitted(project));
                }
                Part::Runtime => name.push_str(&self.kind.fitted(values.runtime)),
                Part::Architecture => name.push_str(&self.kind.fitted(values.architecture)),
                Part::Variable(variable) => {
                    let value = (values.variable)(variable).filter(|value| !value.is_empty());
                    let Some(value) = value else {
                        return Err(format!("`{{env:{variable}}}`: {variable} is not set"));
                    };
                    name.push_str(&self.kind.fitted(&value));
                }
            }
        }
        self.kind.fault(&name).map_or(Ok(name), Err)
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
    use super::*;

    fn render(template: &str) -> Result<String, String> {
        render_as(NameKind::Layer, template)
    }

    fn render_as(kind: NameKind, template: &str) -> Result<String, String> {
        let variable = |name: &str| match name {
            "STAGE" => Some("feature/x".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        NameTemplate::parse(kind, template)?.render(&NameValues {
            layer: "base",
            project: Some("shop"),
            runtime: "python3.12",
            architecture: "arm64",
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
            ("a.b", "'.' cannot be in a layer name"),
            ("a}b", "'}' cannot be in a layer name"),
            ("{env:NONE}", "NONE is not set"),
            ("{env:EMPTY}", "EMPTY is not set"),
            (&"n".repeat(141), "a layer's name is 1 to 140"),
        ] {
            let error = render(template).unwrap_err();
            assert!(error.contains(part), "{template}: {error}");
        }
    }

    #[test]
    fn parameters_have_levels() {
        let render = |template| render_as(NameKind::Parameter, template);
        assert_eq!(
            render("/layers/{project}/{layer}/{runtime}-{architecture}/{env:STAGE}").unwrap(),
            "/layers/shop/base/python3.12-arm64/feature-x"
        );
        assert_eq!(render("base.arn").unwrap(), "base.arn");
        for template in [
            "layers/{layer}",
            "/layers/",
            "/aws/{layer}",
            "SSMlayer",
            "/a//b",
            "/a b",
        ] {
            let error = render(template).unwrap_err();
            assert!(
                error.contains("a parameter's name is"),
                "{template}: {error}"
            );
        }
    }
}
