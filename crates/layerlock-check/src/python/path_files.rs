//! `.pth` files, and packages that are links to where they were installed from.

use layerlock_target::Target;

use crate::layer::{FileInLayer, Layer, ReadError};
use crate::names::ending;
use crate::{Code, Finding};

/// Checks the `.pth` and `.egg-link` files of a layer.
pub(crate) fn check_path_files(
    layer: &Layer<'_>,
    target: &Target,
) -> Result<Vec<Finding>, ReadError> {
    let mut reader = layer.reader();
    let mut findings = Vec::new();
    for site in target.module_paths() {
        for file in layer.below(&site) {
            if file.path[site.len() + 1..].contains('/') {
                continue;
            }
            match ending(file.name()) {
                Some("egg-link") => findings.push(editable(file)),
                Some("pth") => {
                    let text = reader.text(file)?;
                    findings.push(of_path_file(file, &text, target));
                }
                _ => {}
            }
        }
    }
    Ok(findings)
}

fn of_path_file(file: &FileInLayer<'_>, text: &str, target: &Target) -> Finding {
    let leads_away = text.lines().map(str::trim).any(|line| {
        let is_absolute = line.starts_with('/') || line.get(1..3) == Some(":\\");
        let is_of_layer = line.starts_with(target.mount()) || line.starts_with("/var/");
        (is_absolute && !is_of_layer) || line.starts_with("import __editable__")
    });
    if leads_away {
        return editable(file);
    }
    let message = format!(
        "{} changes sys.path, or runs code each time that Python starts",
        file.path
    );
    Finding::new(Code::PathFile, message).about(file.package(), Some(&file.path))
}

fn editable(file: &FileInLayer<'_>) -> Finding {
    let message = format!(
        "{} leads to the code of a package on the machine that installed it: a function does not \
         have that",
        file.path
    );
    Finding::new(Code::EditableInstall, message)
        .about(file.package(), Some(&file.path))
        .with_hint("install the package itself, and not with `--editable` or `develop = true`")
}
