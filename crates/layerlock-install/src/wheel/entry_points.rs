//! `entry_points.txt`: the commands that a distribution declares
//! ([specification](https://packaging.python.org/en/latest/specifications/entry-points/)).

use serde::{Deserialize, Serialize};

use super::limits::MAX_COMMANDS;
use super::problem::WheelProblem;

/// A command, and the function that it calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Script {
    pub(super) name: String,
    module: String,
    attribute: String,
}

impl Script {
    /// The script's text.
    ///
    /// A process that a function starts has none of the `sys.path` that Lambda's
    /// bootstrap made for the function itself, so the script adds the layer it
    /// lies in: `site_packages` is the way there from the layer's root. The layer
    /// comes first, as it does for the function: the runtime brings packages of
    /// its own.
    pub(super) fn text(&self, interpreter: &str, site_packages: &str) -> String {
        let Self {
            module, attribute, ..
        } = self;
        let import = attribute.split('.').next().unwrap_or(attribute);
        format!(
            "#!{interpreter}\n\
             import os\n\
             import site\n\
             import sys\n\
             \n\
             layer = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))\n\
             others = list(sys.path)\n\
             site.addsitedir(os.path.join(layer, {site_packages:?}))\n\
             sys.path.sort(key=others.__contains__)\n\
             \n\
             from {module} import {import}\n\
             \n\
             if __name__ == \"__main__\":\n    \
                 sys.exit({attribute}())\n"
        )
    }
}

/// The commands of the groups `console_scripts` and `gui_scripts`.
pub(super) fn scripts(text: &str) -> Result<Vec<Script>, WheelProblem> {
    let malformed = |reason: String| WheelProblem::Metadata {
        file: "entry_points.txt",
        reason,
    };
    let mut scripts = Vec::new();
    let mut group = "";
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            group = name.trim();
            continue;
        }
        if !matches!(group, "console_scripts" | "gui_scripts") {
            continue;
        }
        let script = parse(line)
            .ok_or_else(|| malformed(format!("{:?} in [{}]", beginning(line), beginning(group))))?;
        if scripts.len() == MAX_COMMANDS {
            return Err(malformed(format!("more than {MAX_COMMANDS} commands")));
        }
        scripts.push(script);
    }
    Ok(scripts)
}

/// As much of a text as an error shows.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(200)]
}

/// `name = module:attribute [extra]`, the extra being of the past.
fn parse(line: &str) -> Option<Script> {
    let (name, reference) = line.split_once('=')?;
    let reference = reference.split('[').next()?;
    let (module, attribute) = reference.split_once(':')?;
    let (name, module, attribute) = (name.trim(), module.trim(), attribute.trim());
    let safe_name = !name.is_empty()
        && !name.starts_with(['.', '-'])
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+'));
    (safe_name && is_dotted_name(module) && is_dotted_name(attribute)).then(|| Script {
        name: name.to_owned(),
        module: module.to_owned(),
        attribute: attribute.to_owned(),
    })
}

/// What lands in the script's code has to be identifiers and dots.
fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut characters = part.chars();
        characters
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_')
            && characters.all(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_some_and_not_millions() {
        let text = |count: usize| {
            let commands = (0..count).map(|number| format!("c{number} = a:b\n"));
            format!("[console_scripts]\n{}", commands.collect::<String>())
        };
        assert_eq!(scripts(&text(MAX_COMMANDS)).unwrap().len(), MAX_COMMANDS);
        let error = scripts(&text(MAX_COMMANDS + 1)).unwrap_err().to_string();
        assert!(error.contains("more than"), "{error}");
    }

    #[test]
    fn of_a_long_line_an_error_shows_the_beginning() {
        let text = format!("[console_scripts]\n{}\n", "ü".repeat(1_000_000));
        let error = scripts(&text).unwrap_err().to_string();
        assert!(error.len() < 1_000 && error.contains("ü"), "{error}");
    }
}
