//! Layers for other languages than Python.

use layerlock_testkit::SharedLibrary;

use super::{AARCH64, Content, X86_64, findings, lib, library};
use crate::Finding;

/// A layer for another language, or for any, was not looked at.
#[test]
fn folders_and_packages_of_node_are_checked_for_the_processor() {
    let arm = || lib(&SharedLibrary::new(AARCH64).needs("libc.so.6"));
    let own = || lib(&library());
    let told = |runtime: &str, files: &[(&str, Content)]| -> Vec<String> {
        let findings = findings(runtime, files);
        let head = |one: &Finding| {
            let severity = format!("{:?}", one.severity).to_lowercase();
            format!("{severity} {}", one.path.as_deref().unwrap())
        };
        findings.iter().map(head).collect()
    };
    for runtime in ["any", "nodejs22.x", "java21", "provided.al2023"] {
        let files = [
            ("bin/tool", arm()),
            ("extensions/own", own()),
            ("lib/libz.so.1", arm()),
            ("nodejs/node_modules/@s/arm/a.node", arm()),
            ("nodejs/node_modules/@s/arm/b.node", arm()),
            ("nodejs/node_modules/@s/both/arm64.node", arm()),
            ("nodejs/node_modules/@s/both/x64.node", own()),
        ];
        let expected = [
            "error bin/tool",
            "error lib/libz.so.1",
            "warning nodejs/node_modules/@s/arm/a.node",
        ];
        assert_eq!(told(runtime, &files), expected, "{runtime}");
    }
    let findings = findings("any", &[("bin/tool", arm())]);
    let text = findings[0].to_string();
    let expected = "error[other-machine]: bin/tool is for aarch64, and the target's processor is \
                    x86-64\n  hint: build it for x86_64, or publish the layer for arm64";
    assert_eq!(text, expected);
}

#[test]
fn own_programs_are_checked_for_the_system_where_that_is_known() {
    let tool = || {
        let tool = SharedLibrary::new(X86_64)
            .needs("libc.so.6")
            .needs("libq.so.1");
        [("bin/tool", lib(&tool))]
    };
    let findings_for = |runtime: &str| findings(runtime, &tool());
    assert_eq!(findings_for("any"), []);
    let [missing] = &findings_for("nodejs22.x")[..] else {
        panic!("one finding");
    };
    assert!(missing.to_string().contains("needs libq.so.1"), "{missing}");
    // For which Python a module is does not matter where nobody says which there is.
    let name = "python/_x.cpython-312-x86_64-linux-gnu.so";
    assert_eq!(findings("any", &[(name, lib(&library()))]), []);
}
