//! Projects of uv, from `uv init` and `uv add` to a layer that functions import, and the
//! locks of other tools for the same packages: the layers have the bytes of Poetry's.

mod both;
mod moved;

use std::path::Path;

use crate::checks::Checks;
use crate::tools::Tools;

pub(crate) fn prove(checks: &mut Checks, tools: &Tools, binary: &Path) {
    moved::prove(checks, tools, binary);
    checks.check("Poetry and uv lock one project: the same bytes", || {
        both::prove(tools, binary)
    });
}
