//! Compiled files of Node's packages.
//!
//! A package brings files for several systems and takes one when it runs, or lies there for
//! one system beside those for others. So its files are looked at together: one for the
//! target has to be among them. What that needs is for who knows the packages.

use std::collections::BTreeMap;

use layerlock_elf::{Binary, Elf};

use super::files::Files;
use super::fit::{is_object, of_other_machine};
use super::fold::Fault;
use super::names::node_package;

/// Tells of packages all of whose compiled files are for other processors. They may do
/// without, so that it is a warning.
pub(super) fn check<'a>(files: &Files<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut packages: BTreeMap<&str, Vec<(&'a str, &'a Elf)>> = BTreeMap::new();
    for (path, binary) in files.binaries() {
        if let (Some(package), Binary::Elf(elf)) = (node_package(path), binary)
            && !is_object(elf)
            && !elf.machine.is_device()
        {
            packages.entry(package).or_default().push((path, elf));
        }
    }
    for elfs in packages.into_values() {
        if elfs.iter().any(|(_, elf)| elf.machine == files.machine) {
            continue;
        }
        faults.extend(
            elfs.into_iter()
                .map(|(path, elf)| of_other_machine(files, path, elf)),
        );
    }
}
