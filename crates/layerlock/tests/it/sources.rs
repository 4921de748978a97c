//! Layers of packages that the lock has no wheel of.

use layerlock::{ExportFormat, ExportSettings, FrontendKind, Provider, Settings, Severity, Silent};
use layerlock_testkit::{LockedPackage, ProjectBuilder, SourceTree, sha256_hex};

use crate::helpers::{STAGED, Shop, files};

/// The library's tests build with the pip of this machine.
fn settings(shop: &Shop) -> Settings {
    Settings {
        build_frontend: Some(FrontendKind::Pip),
        ..shop.settings()
    }
}

const BACKEND: &str = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\n\
                       backend-path = [\"backend\"]\n";

/// The project `shop`, which is a package itself.
fn package() -> Shop {
    let toml = format!("{STAGED}include-project = true\n\n{BACKEND}");
    let project = ProjectBuilder::new("shop").pyproject(&toml);
    let shop = Shop::new(&project, []);
    SourceTree::new("shop", "0.1.0").write_to(shop.project.path());
    project.write_to(shop.project.path());
    shop
}

#[test]
fn a_layer_can_hold_the_project_itself() {
    let shop = package();
    let report = layerlock::build(&settings(&shop), &Silent).unwrap();
    let [layer] = &report.layers[..] else {
        panic!("{report}");
    };
    let [own] = &layer.packages[..] else {
        panic!("{report}");
    };
    assert_eq!((&*own.name, &*own.version), ("shop", "0.1.0"));
    assert_eq!(own.file, "shop-0.1.0-py3-none-any.whl");
    assert_eq!(own.digest.bytes().len(), 32);
    let staged = files(&shop.path("lambda_dependencies"));
    assert!(staged.contains_key("python/shop/__init__.py"), "{staged:?}");
    let note = layer
        .findings
        .iter()
        .find(|finding| finding.code.name() == "built");
    let note = note.unwrap();
    assert_eq!(note.severity, Severity::Info);
    assert_eq!(note.package.as_deref(), Some("shop"));

    // What it wrote is no part of the project that it builds: the same is kept.
    let offline = Settings {
        offline: true,
        ..settings(&shop)
    };
    let again = layerlock::build(&offline, &Silent).unwrap();
    assert_eq!(again.to_string(), report.to_string());
}

/// Any Python builds pure code, so that nothing else says that the target's does not
/// suit it.
#[test]
fn a_directory_that_is_not_for_the_targets_python_is_refused_before_it_is_built() {
    let shop = package();
    SourceTree::new("demo", "1.0")
        .requires_python("<3.12")
        .failing("it was built")
        .write_to(&shop.path("libs"));
    let pyproject = shop.path("libs/pyproject.toml");
    let text = fs_err::read_to_string(&pyproject).unwrap();
    fs_err::write(&pyproject, text + "requires-python = \"<3.12\"\n").unwrap();
    let libs = shop.path("libs");
    let demo = format!(
        "[[package]]\nname = \"demo\"\nversion = \"1.0\"\ndescription = \"\"\n\
         optional = false\npython-versions = \"*\"\ngroups = [\"main\"]\nfiles = []\n\n\
         [package.source]\ntype = \"directory\"\nurl = '{}'\n",
        libs.display()
    );
    ProjectBuilder::new("shop")
        .lock_packages(&demo)
        .write_to(shop.project.path());
    let build = |runtime: &str| {
        let settings = Settings {
            runtimes: vec![Provider::Aws.runtime(runtime).unwrap()],
            ..settings(&shop)
        };
        layerlock::build(&settings, &Silent).unwrap_err()
    };
    let error = build("python3.12");
    assert_eq!(
        error.to_string(),
        format!(
            "demo cannot be built for python3.12: {} allows Python `<3.12`",
            pyproject.display()
        )
    );
    assert_eq!(
        error.hint().unwrap(),
        "build for a runtime that it allows, or allow Python 3.12 there and run `poetry lock`"
    );
    assert!(error.place().is_some());
    assert_eq!(error.kind().exit_code(), 4);
    // What allows it is built.
    assert!(build("python3.11").to_string().contains("it was built"));
}

/// setuptools, which builds where no backend is named, would make an empty
/// package of it.
#[test]
fn a_project_that_is_no_package_is_not_put_into_a_layer() {
    let is_refused = |toml: &str| {
        let project = ProjectBuilder::new("shop").pyproject(toml);
        let shop = Shop::new(&project, []);
        let settings = Settings {
            include_project: true,
            ..settings(&shop)
        };
        match layerlock::build(&settings, &Silent) {
            Err(layerlock::Error::NoPackage { place }) => {
                assert_eq!(&project.pyproject_text()[place.span], "false");
                true
            }
            Err(layerlock::Error::Install(_)) => false,
            other => panic!("{other:?}"),
        }
    };
    assert!(is_refused(STAGED));
    let poetry = "[build-system]\nrequires = [\"poetry-core\"]\n\
                  build-backend = \"poetry.core.masonry.api\"\n";
    assert!(is_refused(&format!("{STAGED}\n{poetry}")));
    // Its backend is not there, and would be asked.
    assert!(!is_refused(&format!("{STAGED}\n{BACKEND}")));
}

/// What setuptools-scm does: the variable has the last word, then git.
#[test]
fn a_project_whose_backend_knows_its_version_is_told_none() {
    let shop = package();
    let backend = "import os, backend\n\
                   def build_wheel(*arguments, **named):\n    \
                       told = [name for name in os.environ if 'PRETEND_VERSION' in name]\n    \
                       assert not told, told\n    \
                       backend.project = {'name': 'shop', 'version': '3.1'}.get\n    \
                       return backend.build_wheel(*arguments, **named)\n";
    fs_err::write(shop.path("backend/scm.py"), backend).unwrap();
    let path = shop.path("pyproject.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    let text = text
        .replace("version = \"0.1.0\"", "dynamic = [\"version\"]")
        .replace("build-backend = \"backend\"", "build-backend = \"scm\"");
    fs_err::write(&path, text).unwrap();
    let report = layerlock::build(&settings(&shop), &Silent).unwrap();
    let own = &report.layers[0].packages[0];
    assert_eq!((&*own.name, &*own.version), ("shop", "3.1"));
}

#[test]
fn a_change_of_the_project_changes_its_layer() {
    let shop = package();
    let sha256 = || {
        let report = layerlock::build(&settings(&shop), &Silent).unwrap();
        report.layers[0].zip.as_ref().unwrap().digest
    };
    let before = sha256();
    fs_err::write(shop.path("shop/__init__.py"), "VALUE = 2\n").unwrap();
    assert_ne!(sha256(), before);
}

#[test]
fn an_export_needs_no_build() {
    let sdist = SourceTree::new("demo", "1.0")
        .failing("an export builds nothing")
        .sdist();
    let package =
        LockedPackage::new("demo", "1.0").file(&sdist.file_name, &sha256_hex(&sdist.bytes));
    let shop = Shop::new(&ProjectBuilder::new("shop").package(package), []);
    let export = ExportSettings {
        settings: settings(&shop),
        format: ExportFormat::Json,
        ..ExportSettings::default()
    };
    let exported = layerlock::export(&export, &layerlock::Silent).unwrap();
    assert!(
        exported.text.contains("\"file\": null"),
        "{}",
        exported.text
    );
    assert!(shop.index.requests().is_empty());
}
