//! Where the bytes of layers are: of a project's, or of any zip or directory.

mod measure;
mod page;
mod report;
mod text;

use std::path::{Path, PathBuf};

use fs_err as fs;
use layerlock_install::Reporter;
use layerlock_layer::{can_write_file, write_file};

use crate::outputs::refuse_report_on_inputs;
use crate::{Error, Settings};

use measure::Measured;
pub use report::{Duplicate, FileSize, LayerSize, PackageSize, SizeReport, Sizes};

/// Which layers to measure, and what to tell of them.
#[derive(Debug, Clone)]
pub struct SizeSettings {
    /// The project, and what is asked of its layers.
    pub settings: Settings,
    /// Zips, directories of a layer's files, or directories of zips, whoever made them; the
    /// project's layers where there are none.
    pub paths: Vec<PathBuf>,
    /// How many of the largest files to tell.
    pub top: usize,
    /// A file for a page that shows each file of the layers.
    pub html: Option<PathBuf>,
}

/// Measures layers. The project's are built where nobody sees them, so that their bytes in
/// a zip are known too; nothing is written but the page.
pub fn size(size: &SizeSettings, reporter: &dyn Reporter) -> Result<SizeReport, Error> {
    if let Some(path) = &size.html {
        refuse_page(path, size)?;
    }
    let layers = if size.paths.is_empty() {
        measure::project(&size.settings, reporter)?
    } else {
        measure::given(&size.paths)?
    };
    if let Some(path) = &size.html {
        write_page(path, &layers)?;
    }
    Ok(SizeReport {
        layers: layers.iter().map(|it| it.report(size.top)).collect(),
        html: size.html.clone(),
    })
}

/// A page that would replace what it is made of, or cannot be written, is told before the
/// work.
fn refuse_page(path: &Path, size: &SizeSettings) -> Result<(), Error> {
    refuse_report_on_inputs(path, &size.settings)?;
    let is_input = |input: &PathBuf| match (fs::canonicalize(input), fs::canonicalize(path)) {
        (Ok(input), Ok(path)) => input == path,
        _ => false,
    };
    if let Some(input) = size.paths.iter().find(|input| is_input(input)) {
        return Err(Error::PageReplaces {
            path: input.clone(),
        });
    }
    Ok(can_write_file(path)?)
}

fn write_page(path: &Path, layers: &[Measured]) -> Result<(), Error> {
    let page = page::page(layers);
    Ok(write_file(path, page.as_bytes())?)
}
