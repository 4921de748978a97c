//! Layers of other languages than Python, each under its own interpreter, with the layer at
//! /opt as a function has it.

mod gradle;
mod java;
mod mounted;
mod node;
mod php;
mod registry;

use std::path::Path;

use anyhow::Result;

use super::publish;
use crate::checks::{Checks, Proof};
use crate::tools::Tools;

pub(crate) fn prove(checks: &mut Checks, tools: &Tools, binary: &Path) {
    type Check = fn(&Tools, &Path) -> Result<Proof>;
    let each: [(&str, Check); 9] = [
        ("Node loads uuid and sharp from /opt", node::prove),
        (
            "the same handler under Lambda's own client",
            node::prove_client,
        ),
        ("a Java class loads from /opt/java/lib", java::prove),
        (
            "jars that are called the same, and a lock",
            java::prove_lock,
        ),
        ("Gradle copies jars that Java loads", gradle::prove),
        ("PHP loads through vendor/autoload.php", php::prove),
        (
            "publish a folder and npm packages (moto)",
            |tools, binary| publish::layers_of_other_languages(tools, binary),
        ),
        ("npm packages of a scope, with a token", registry::prove),
        (
            "the same bytes of npm packages anywhere",
            node::prove_same_bytes,
        ),
    ];
    for (name, check) in each {
        checks.check(name, || check(tools, binary));
    }
}
