//! Layers with one fault each, and sound ones.

mod fit;
mod languages;
mod loader;
mod needs;
mod reading;
mod versions;

use layerlock_target::{Architecture, Provider, Target};
use layerlock_testkit::SharedLibrary;

use super::{BinaryContent, BinaryFile, check_binaries_beside, read_binary};
use crate::Finding;

const X86_64: u16 = 62;
const AARCH64: u16 = 183;

/// What a file of a test holds.
enum Content {
    Bytes(Vec<u8>),
    Link(&'static str),
}

use Content::{Bytes, Link};

fn library() -> SharedLibrary {
    SharedLibrary::new(X86_64).needs("libc.so.6")
}

fn lib(library: &SharedLibrary) -> Content {
    Bytes(library.build())
}

fn text() -> Content {
    Bytes(b"import os\n".to_vec())
}

fn findings(runtime: &str, files: &[(&str, Content)]) -> Vec<Finding> {
    findings_of(Provider::Aws, runtime, files)
}

fn findings_of(provider: Provider, runtime: &str, files: &[(&str, Content)]) -> Vec<Finding> {
    findings_beside(&[], provider, runtime, files)
}

fn findings_beside(
    others: &[&str],
    provider: Provider,
    runtime: &str,
    files: &[(&str, Content)],
) -> Vec<Finding> {
    let runtime = provider.runtime(runtime).unwrap();
    let target = Target::new(runtime, Architecture::X86_64);
    let binaries: Vec<_> = files
        .iter()
        .map(|(_, content)| match content {
            Bytes(bytes) => read_binary(bytes),
            Link(_) => None,
        })
        .collect();
    let files = files.iter().zip(&binaries);
    let files = files.map(|((path, content), binary)| BinaryFile {
        path,
        package: None,
        content: match (content, binary) {
            (Link(target), _) => BinaryContent::Link(target),
            (_, Some(binary)) => BinaryContent::Binary(binary),
            _ => BinaryContent::Other,
        },
    });
    check_binaries_beside(files, others.iter().copied(), &target)
}

/// The findings of a layer for Python 3.12: severity, code and path.
fn found(files: &[(&str, Content)]) -> Vec<String> {
    let findings = findings("python3.12", files);
    let line = |finding: &Finding| {
        let text = finding.to_string();
        let (head, _) = text.split_once("]:").unwrap();
        format!("{head}] {}", finding.path.as_deref().unwrap())
    };
    findings.iter().map(line).collect()
}

/// The message of the one finding there is.
fn told(files: &[(&str, Content)]) -> String {
    told_on("python3.12", files)
}

fn told_on(runtime: &str, files: &[(&str, Content)]) -> String {
    let findings = findings(runtime, files);
    let [finding] = &findings[..] else {
        panic!("{findings:?}");
    };
    finding.to_string()
}

const MODULE: &str = "python/demo/_core.cpython-312-x86_64-linux-gnu.so";

#[test]
fn a_sound_layer_is_without_findings() {
    let module = library()
        .needs("libdemo-1a.so.1")
        .needs("libstdc++.so.6")
        .needs("libpython3.12.so.1.0")
        .runpath("$ORIGIN/../demo.libs")
        .needs_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])
        .needs_versions("libdemo-1a.so.1", &["DEMO_1"])
        .exports(&["PyInit__core"]);
    let own = library()
        .soname("libdemo-1a.so.1")
        .defines(&["DEMO_1", "DEMO_2"]);
    let layer = [
        (
            "bin/tool",
            lib(&library().interpreter("/lib64/ld-linux-x86-64.so.2")),
        ),
        ("python/demo/__init__.py", text()),
        (MODULE, lib(&module)),
        ("python/demo/_pure.abi3.so", lib(&library())),
        ("python/demo.libs/libdemo-1a.so.1", lib(&own)),
        ("python/demo/data.bin", Bytes(vec![0; 100])),
        // The code of a graphics card, and of the kernel.
        ("python/demo/kernel.cubin", lib(&SharedLibrary::new(190))),
        ("python/demo/filter.o", lib(&SharedLibrary::new(247))),
        ("python/demo-1.0.dist-info/RECORD", text()),
    ];
    assert_eq!(found(&layer), [""; 0]);
}
