//! Libraries that a file needs and does not find, and how bad that is.

use layerlock_target::Provider;

use super::{MODULE, findings, findings_beside, found, lib, library, text, told};

#[test]
fn a_library_that_is_nowhere_is_told_with_what_loads_it() {
    let module = library()
        .needs("libgdal.so.37")
        .rpath("$ORIGIN/../demo.libs");
    let gdal = library().needs("libodd.so.1");
    assert_eq!(
        told(&[
            ("python/demo/__init__.py", text()),
            (MODULE, lib(&module)),
            ("python/demo.libs/libgdal.so.37", lib(&gdal)),
        ]),
        format!(
            "error[missing-library]: python/demo.libs/libgdal.so.37 needs libodd.so.1, which is \
             neither in the layer nor in python3.12; {MODULE} loads it\n  hint: put libodd.so.1 \
             into lib/ of a layer, built on the runtime's own system, or take a release of the \
             package that brings it"
        )
    );
}

/// The libraries of a user's first week.
#[test]
fn known_misfits_are_told_with_what_to_do() {
    for (path, needed, code, hint) in [
        (
            "python/cv2/cv2.abi3.so",
            "libGL.so.1",
            "missing-library",
            "take opencv-python-headless in place of opencv-python",
        ),
        (
            "python/cv2/cv2.abi3.so",
            "libgthread-2.0.so.0",
            "missing-library",
            "take opencv-python-headless in place of opencv-python",
        ),
        (
            "python/rasterio/_base.cpython-312-x86_64-linux-gnu.so",
            "libexpat.so.1",
            "image-library",
            "copy libexpat.so.1 from the image into lib/ of a layer",
        ),
        (
            "python/pyodbc.cpython-312-x86_64-linux-gnu.so",
            "libodbc.so.2",
            "missing-library",
            "put unixODBC's libodbc and the driver for your database into lib/ of a layer",
        ),
        (
            "python/psycopg2/_psycopg.cpython-312-x86_64-linux-gnu.so",
            "libpq.so.5",
            "missing-library",
            "take psycopg2-binary or psycopg[binary], whose wheels bring it",
        ),
        (
            "python/lightgbm/lib/lib_lightgbm.so",
            "libgomp.so.1",
            "missing-library",
            "put libgomp.so.1 into lib/ of a layer, built on the runtime's own system, or take a \
             release of the package that brings it",
        ),
    ] {
        let layer = [
            ("python/lightgbm/__init__.py", text()),
            (path, lib(&library().needs(needed))),
        ];
        let text = told(&layer);
        assert!(
            text.starts_with(&format!("error[{code}]: {path} needs {needed}, ")),
            "{text}"
        );
        assert!(text.ends_with(&format!("hint: {hint}")), "{text}");
    }
}

#[test]
fn libraries_that_a_file_misses_are_told_together() {
    let module = library()
        .needs("libodd.so.1")
        .needs("libexpat.so.1")
        .needs("libssl.so.3")
        .needs("libeven.so.2")
        .needs("libcrypto.so.3")
        .needs("libprime.so.3");
    let messages: Vec<String> = findings("python3.12", &[(MODULE, lib(&module))])
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert_eq!(
        messages,
        [
            format!(
                "{MODULE} needs libodd.so.1, libeven.so.2 and libprime.so.3, which are neither \
                 in the layer nor in python3.12"
            ),
            format!(
                "{MODULE} needs libexpat.so.1, which is in the container image of python3.12 and \
                 not in the managed runtime"
            ),
            format!(
                "{MODULE} needs libssl.so.3 and libcrypto.so.3, which python3.12 should have for \
                 its own Python, and nobody promises"
            ),
        ]
    );
}

#[test]
fn what_another_layer_has_is_a_note() {
    let layer = [(
        MODULE,
        lib(&library().needs("libexpat.so.1").needs("libodd.so.1")),
    )];
    let lines = |others: &[&str]| -> Vec<String> {
        findings_beside(others, Provider::Aws, "python3.12", &layer)
            .iter()
            .map(|finding| finding.to_string().lines().next().unwrap().to_owned())
            .collect()
    };
    let both = lines(&["libexpat.so.1", "libodd.so.1"]);
    assert_eq!(both.len(), 2);
    for (line, library) in both.iter().zip(["libexpat.so.1", "libodd.so.1"]) {
        assert_eq!(
            *line,
            format!(
                "note[library-off-path]: {MODULE} needs {library}, which is in lib/ of another \
                 layer: functions need both"
            )
        );
    }
    let one = lines(&["libexpat.so.1"]);
    assert!(
        one.iter()
            .any(|line| line.starts_with("error[missing-library]")),
        "{one:?}"
    );
}

#[test]
fn what_the_runtime_should_have_is_a_warning() {
    assert_eq!(
        found(&[(MODULE, lib(&library().needs("libssl.so.3")))]),
        [format!("warning[uncertain-library] {MODULE}")]
    );
    assert_eq!(
        found(&[(MODULE, lib(&library().needs("libcrypt.so.1")))]),
        [format!("error[missing-library] {MODULE}")]
    );
}

#[test]
fn severity_goes_by_what_gets_at_a_library() {
    let broken = library().needs("libodd.so.1");
    let code = "python/demo/__init__.py";
    for (path, severity) in [
        // Modules.
        ("python/_demo.cpython-312-x86_64-linux-gnu.so", "error"),
        ("python/demo/sub/_x.abi3.so", "error"),
        (
            "python/lib/python3.12/site-packages/demo/_x.abi3.so",
            "error",
        ),
        // Libraries beside code, or in a folder beside it.
        ("python/libx.so", "error"),
        ("python/demo/libx.so", "error"),
        ("python/demo/lib/libx.so.1", "error"),
        // Commands.
        ("bin/tool", "error"),
        ("extensions/tool", "error"),
        // Plugins and what else nothing gets at.
        ("python/demo/plugins/libx.so", "warning"),
        ("python/demo/qt/plugins/platforms/libqxcb.so", "warning"),
        ("python/demo/deep/folder/libx.so", "warning"),
        ("python/demo.libs/libx.so", "warning"),
        ("python/demo/driver/node", "warning"),
        ("lib/libx.so", "warning"),
    ] {
        assert_eq!(
            found(&[(code, text()), (path, lib(&broken))]),
            [format!("{severity}[missing-library] {path}")]
        );
    }
    // A plugin that a module is linked with is none.
    let module = library().needs("libx.so").rpath("$ORIGIN/plugins");
    assert_eq!(
        found(&[
            (MODULE, lib(&module)),
            ("python/demo/plugins/libx.so", lib(&broken))
        ]),
        ["error[missing-library] python/demo/plugins/libx.so"]
    );
    // numba does without these.
    let path = "python/numba/np/ufunc/omppool.cpython-312-x86_64-linux-gnu.so";
    assert_eq!(
        found(&[(path, lib(&broken))]),
        [format!("warning[missing-library] {path}")]
    );
    // A plain library is a module where it says so.
    let module = broken.exports(&["PyInit_x"]);
    for (path, severity) in [
        ("python/demo/far/away/x.so", "error"),
        ("python/demo/far/away/y.so", "warning"),
        ("python/demo.libs/x.so", "warning"),
    ] {
        assert_eq!(
            found(&[(code, text()), (path, lib(&module))]),
            [format!("{severity}[missing-library] {path}")]
        );
    }
}
