//! Checks of a project's layers and functions, and of layers that anybody made.

#[cfg(target_os = "linux")]
mod imports;

use std::path::PathBuf;

use fs_err as fs;
use layerlock::{
    CheckReport, CheckSettings, Code, Finding, Outcome, Provider, PublishSettings, Publishing,
    Severity, Silent, build, check, list_functions, publish,
};
use layerlock_testkit::{LockedPackage, ProjectBuilder, SharedLibrary, Wheel, WheelBuilder};

use crate::helpers::Shop;

fn wheels() -> [Wheel; 4] {
    let pure = |name: &str| WheelBuilder::new(name, "1.0").file(&format!("{name}/__init__.py"), "");
    [
        pure("web").requires("core>=1").requires("left").build(),
        pure("core").requires("gone; extra == 'x'").build(),
        pure("left").build(),
        pure("odd")
            .file("odd/py2.py", "print 'x'\n")
            .file("odd/tests/test.pem", "-----BEGIN PRIVATE KEY-----\n")
            .build(),
    ]
}

/// Two layers, of which one has what the other requires.
fn shop(configuration: &str) -> Shop {
    let wheels = wheels();
    let [web, core, left, odd] = &wheels;
    let in_group = |wheel, group| LockedPackage::from(wheel).groups(&[group]);
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(in_group(web, "web"))
        .package(in_group(left, "web"))
        .package(in_group(core, "core"))
        .package(in_group(odd, "core"))
        .pyproject(&format!(
            "[tool.layerlock]\nruntime = \"python3.12\"\narchitecture = \"x86_64\"\n\
             [tool.layerlock.layers.web]\ngroups = [\"web\"]\nexclude = [\"left\"]\n\
             [tool.layerlock.layers.core]\ngroups = [\"core\"]\n{configuration}"
        ));
    Shop::new(&project, &wheels)
}

fn check_project(shop: &Shop) -> CheckReport {
    check(&settings(shop, &[]), &Silent).unwrap()
}

fn settings(shop: &Shop, given: &[PathBuf]) -> CheckSettings {
    CheckSettings {
        settings: shop.settings(),
        given: given.to_vec(),
        ..CheckSettings::default()
    }
}

fn found(findings: &[Finding]) -> Vec<(Severity, &'static str, Option<&str>)> {
    let findings = findings.iter();
    findings
        .map(|one| (one.severity, one.code.name(), one.path.as_deref()))
        .collect()
}

#[test]
fn what_another_layer_brings_and_what_is_excluded_is_info() {
    let shop = shop("");
    let report = check_project(&shop);
    let [core, web] = &report.layers[..] else {
        panic!("{report:?}");
    };
    let syntax = (Severity::Warning, "syntax-error", Some("python/odd/py2.py"));
    assert_eq!(found(&core.findings), [syntax]);
    let metadata = Some("python/web-1.0.dist-info/METADATA");
    assert_eq!(
        found(&web.findings),
        [
            (Severity::Warning, "exclude-missing", None),
            (Severity::Info, "requirement-elsewhere", metadata),
            (Severity::Info, "requirement-elsewhere", metadata),
        ]
    );
    let messages: Vec<_> = web
        .findings
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        messages[1..],
        [
            "web 1.0 requires core >=1, which is not in the layer: the layer core brings it",
            "web 1.0 requires left, which is not in the layer: it is excluded",
        ]
    );
    assert!(!report.has_errors());
    let names: Vec<_> = web.packages.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["web"]);
}

#[test]
fn what_is_known_of_wheels_is_kept() {
    let shop = shop("");
    let first = serde_json::to_string(&check_project(&shop)).unwrap();
    let kept = || {
        let notes = fs::read_dir(shop.cache.path().join("checks-v1")).unwrap();
        let mut notes: Vec<_> = notes
            .map(|note| {
                let path = note.unwrap().path();
                (fs::metadata(&path).unwrap().modified().unwrap(), path)
            })
            .collect();
        notes.sort();
        notes
    };
    let notes = kept();
    assert_eq!(notes.len(), 3);
    assert_eq!(serde_json::to_string(&check_project(&shop)).unwrap(), first);
    assert_eq!(kept(), notes);
    // What was damaged is found out again.
    for (_, note) in &notes {
        fs::write(note, "damaged").unwrap();
    }
    assert_eq!(serde_json::to_string(&check_project(&shop)).unwrap(), first);
}

#[test]
fn the_project_says_how_bad_a_finding_is_and_what_it_accepts() {
    let shop = shop(
        "[tool.layerlock.check]\n\
         severity = { exclude-missing = \"error\", requirement-elsewhere = \"warning\" }\n\
         allow = [\n  { finding = \"syntax-error:python/odd/**\", reason = \"nobody imports it\" },\n  \
         \"stale-pyc\",\n]\n",
    );
    let report = check_project(&shop);
    let [core, web] = &report.layers[..] else {
        panic!("{report:?}");
    };
    assert_eq!(
        found(&core.findings),
        [
            (Severity::Info, "syntax-error", Some("python/odd/py2.py")),
            (Severity::Warning, "allow-unused", None),
        ]
    );
    assert!(
        core.findings[0]
            .message
            .ends_with("(allowed: nobody imports it)")
    );
    assert_eq!(web.findings[0].severity, Severity::Error);
    assert_eq!(web.findings[1].severity, Severity::Warning);
    assert!(report.has_errors());

    // Where a build finds an error, nothing is published.
    assert!(build(&shop.settings(), &Silent).unwrap().has_errors());
    let publishing = PublishSettings {
        settings: shop.settings(),
        to: Publishing::Local(Some(shop.path("shelf"))),
        ..PublishSettings::default()
    };
    let published = publish(&publishing, &Silent).unwrap();
    assert!(
        published
            .published
            .iter()
            .all(|one| one.outcome != Outcome::Published)
    );
    assert!(!shop.path("shelf").exists());
}

#[test]
fn a_layer_has_its_own_budget_else_the_projects() {
    let shop = shop("max-unzipped = \"10 MB\"\n[tool.layerlock.check]\nmax-unzipped = 100\n");
    let built = build(&shop.settings(), &Silent).unwrap();
    let [core, web] = &built.layers[..] else {
        panic!("{built:?}");
    };
    assert_eq!(found(&core.findings), []);
    let budget = web
        .findings
        .iter()
        .find(|one| one.code == Code::OverBudget)
        .unwrap();
    assert_eq!(budget.severity, Severity::Error);
    let size = web.unzipped_size;
    assert_eq!(
        budget.message,
        format!("the layer unzips to {size} bytes, and `max-unzipped` allows 100")
    );
}

#[test]
fn a_function_is_judged_with_all_of_its_layers() {
    let shop = shop(
        "[tool.layerlock.functions.report]\npath = \"report\"\nmax-unzipped = \"30 MB\"\n\
         layers = [\"web\", \"core\", \"arn:aws:lambda:eu-west-1:123456789012:layer:a:1\", \
         { arn = \"arn:b\", unzipped = \"30 MB\", architecture = \"arm64\" }]\n",
    );
    fs::create_dir_all(shop.path("report")).unwrap();
    fs::write(shop.path("report/app.py"), "import web\n").unwrap();
    let report = check_project(&shop);
    let [function] = &report.functions[..] else {
        panic!("{report:?}");
    };
    let codes: Vec<_> = function.findings.iter().map(|one| one.code).collect();
    assert_eq!(
        codes,
        [Code::SizeUnknown, Code::OverBudget, Code::WrongLayer]
    );
    let of_layers: u64 = report.layers.iter().map(|layer| layer.unzipped_size).sum();
    assert_eq!(function.unzipped_size, 30_000_000 + of_layers + 11);
}

fn of_functions(report: &CheckReport) -> Vec<(String, Severity, &'static str)> {
    let functions = report.functions.iter();
    functions
        .flat_map(|function| {
            let findings = function.findings.iter();
            findings.map(|one| (function.name.clone(), one.severity, one.code.name()))
        })
        .collect()
}

#[test]
fn a_function_needs_what_its_layers_require_in_one_of_them() {
    let shop = shop(
        "[tool.layerlock.functions.both]\nlayers = [\"web\", \"core\"]\n\
         [tool.layerlock.functions.half]\nlayers = [\"web\"]\n\
         [tool.layerlock.functions.perhaps]\nlayers = [\"web\", \"arn:aws:lambda:a:1:layer:b:1\"]\n\
         [tool.layerlock.functions.vendored]\nlayers = [\"web\"]\npath = \"vendored\"\n",
    );
    let info = "vendored/core-2.0.dist-info";
    fs::create_dir_all(shop.path(info)).unwrap();
    fs::write(
        shop.path(info).join("METADATA"),
        "Metadata-Version: 2.1\nName: core\nVersion: 2.0\n",
    )
    .unwrap();
    let report = check_project(&shop);
    let own = |name: &str, severity, code| (name.to_owned(), severity, code);
    assert_eq!(
        of_functions(&report),
        [
            own("half", Severity::Error, "requirement-missing"),
            own("perhaps", Severity::Info, "size-unknown"),
        ]
    );
    assert_eq!(
        report.functions[1].findings[0].message,
        "web 1.0 requires core >=1, which is in none of the function's layers"
    );
    assert!(report.has_errors());
}

#[test]
fn a_function_is_checked_whoever_made_its_layers() {
    let shop = shop(
        "[tool.layerlock.functions.alone]\n\
         layers = [{ arn = \"arn:a\", unzipped = \"250 MiB\", runtime = \"python3.9\" }]\n\
         path = \"alone\"\n\
         [tool.layerlock.functions.typo]\nlayers = [\"wob\", \"core\"]\n",
    );
    fs::create_dir_all(shop.path("alone")).unwrap();
    fs::write(shop.path("alone/app.py"), "X = 1\n").unwrap();
    let report = check_project(&shop);
    let own = |name: &str, severity, code| (name.to_owned(), severity, code);
    assert_eq!(
        of_functions(&report),
        [
            own("alone", Severity::Error, "function-too-large"),
            own("alone", Severity::Error, "wrong-layer"),
            own("typo", Severity::Error, "unknown-layer"),
        ]
    );
    let [.., typo] = &report.functions[..] else {
        panic!("{report:?}");
    };
    let text = typo.findings[0].to_string();
    assert!(
        text.starts_with(
            "error[unknown-layer]: the function typo names the layer `wob`, which the project does \
             not have (pyproject.toml:"
        ),
        "{text}"
    );
    assert!(text.ends_with("the project's layers: core, web"), "{text}");
}

/// A function on one architecture may name a layer that is for that alone.
#[test]
fn layers_of_others_tell_what_a_function_runs_on() {
    let shop = shop(
        "[tool.layerlock.functions.report]\n\
         layers = [\"core\", { arn = \"arn:b\", unzipped = 1, architecture = \"arm64\" }]\n",
    );
    let mut settings = settings(&shop, &[]);
    settings.settings.architectures = vec![
        layerlock::Architecture::X86_64,
        layerlock::Architecture::Arm64,
    ];
    let report = check(&settings, &Silent).unwrap();
    let [function] = &report.functions[..] else {
        panic!("{report:?}");
    };
    assert_eq!(function.target.to_string(), "python3.12 arm64");
    assert_eq!(found(&function.findings), []);
}

/// Of some layers alone nobody knows what the others bring.
#[test]
fn what_a_layer_that_is_left_out_may_bring_is_no_error() {
    let shop = shop("");
    let mut settings = settings(&shop, &[]);
    settings.settings.layers = vec!["web".to_owned()];
    let report = check(&settings, &Silent).unwrap();
    assert!(!report.has_errors(), "{report:?}");
    assert!(
        report.layers[0].findings.iter().any(|one| one.message
            == "web 1.0 requires core >=1, which is not in the layer: another layer of the \
                project, which this run leaves out, may bring it"),
        "{report:?}"
    );
}

#[test]
fn functions_are_listed_with_the_sizes_of_their_layers() {
    let shop = shop(
        "[tool.layerlock.functions.report]\npath = \"report\"\n\
         layers = [\"core\", { arn = \"arn:b\", unzipped = \"30 MB\" }, \"arn:c\"]\n",
    );
    fs::create_dir_all(shop.path("report")).unwrap();
    fs::write(shop.path("report/app.py"), "import web\n").unwrap();
    let list = list_functions(&shop.settings(), &Silent).unwrap();
    let [function] = &list.functions[..] else {
        panic!("{list:?}");
    };
    let core = function.layers[0].unzipped_size.unwrap();
    assert!(core > 0);
    assert_eq!(function.unzipped_size, 30_000_000 + core + 11);
    let text = list.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "report on python3.12 x86_64: 30.0 MB of 262.1 MB unzipped"
    );
    assert_eq!(lines[1], "  its code  11 B");
    assert_eq!(lines[3..], ["  arn:b     30.0 MB", "  arn:c     unknown"]);
    let json = serde_json::to_value(&list).unwrap();
    assert_eq!(json["functions"][0]["limit"], 262_144_000);
    assert_eq!(
        json["functions"][0]["layers"][2]["unzipped_size"],
        serde_json::Value::Null
    );
}

#[test]
fn wrong_settings_are_told_with_their_line() {
    for (configuration, message) in [
        (
            "[tool.layerlock.check]\nseverity = { stale-pic = \"error\" }\n",
            "`stale-pic` is no code of a finding: did you mean `stale-pyc`?",
        ),
        (
            "[tool.layerlock.check]\nallow = [\"stale-pyc:\"]\n",
            "`stale-pyc:` has no path or package after its colon",
        ),
        (
            "[tool.layerlock.check]\nmax-unzipped = \"much\"\n",
            "`much` is no size: write bytes as a number, or \"120 MB\" or \"64 MiB\"",
        ),
        (
            "[tool.layerlock.functions.a]\npath = \"nowhere\"\n",
            "`path` of the function a is no directory: nowhere",
        ),
    ] {
        let shop = shop(configuration);
        let error = check(&settings(&shop, &[]), &Silent).unwrap_err();
        let told = error.to_string();
        assert!(
            told.starts_with(message.split(": nowhere").next().unwrap()),
            "{told}"
        );
        assert_eq!(
            layerlock::Diagnose::kind(&error),
            layerlock::ErrorKind::Project,
            "{told}"
        );
        assert!(layerlock::Diagnose::place(&error).is_some(), "{told}");
    }
}

#[test]
fn a_given_layer_needs_no_project() {
    let shop = shop("");
    let built = build(&shop.settings(), &Silent).unwrap();
    let zips = built.layers.iter().filter_map(|layer| layer.zip.as_ref());
    let zips: Vec<PathBuf> = zips.map(|zip| zip.path.clone()).collect();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut settings = settings(&shop, &zips);
    settings.settings = layerlock::Settings::for_project(elsewhere.path());
    let report = check(&settings, &Silent).unwrap();
    let [core, web] = &report.layers[..] else {
        panic!("{report:?}");
    };
    // The name of the zip tells what it is for.
    assert_eq!(core.target.to_string(), "python3.12 x86_64");
    assert_eq!(
        found(&core.findings),
        [(Severity::Warning, "syntax-error", Some("python/odd/py2.py"))]
    );
    let missing: Vec<_> = web.findings.iter().map(|one| one.code).collect();
    assert_eq!(missing, [Code::RequirementMissing; 2]);
    assert!(report.has_errors());
    let zip = web.zip.as_ref().unwrap();
    assert_eq!(zip.size, built.layers[1].zip.as_ref().unwrap().size);

    // The same of a directory, for which nothing is named.
    let directory = elsewhere.path().join("layer");
    fs::create_dir_all(directory.join("python")).unwrap();
    fs::write(directory.join("python/app.py"), "X = 1\n").unwrap();
    settings.given = vec![directory];
    let report = check(&settings, &Silent).unwrap();
    let codes: Vec<_> = report.layers[0]
        .findings
        .iter()
        .map(|one| one.code)
        .collect();
    assert_eq!(codes, [Code::DefaultRuntime, Code::DistInfoMissing]);
    settings.runtimes = vec!["nodejs22.x".to_owned()];
    let report = check(&settings, &Silent).unwrap();
    assert_eq!(report.layers[0].findings, []);
    assert_eq!(report.layers[0].target.to_string(), "nodejs22.x x86_64");
}

#[test]
fn a_file_that_is_no_zip_is_a_finding_and_a_missing_one_an_error() {
    let shop = shop("");
    let text = shop.path("text.zip");
    fs::write(&text, "no zip").unwrap();
    let report = check(&settings(&shop, &[text]), &Silent).unwrap();
    assert_eq!(
        report.layers[0].findings.last().unwrap().code,
        Code::BadArchive
    );
    assert!(report.has_errors());
    let error = check(&settings(&shop, &[shop.path("none.zip")]), &Silent).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("there is no zip or directory"),
        "{error}"
    );
}

/// A wheel that AWS's newest runtimes take, on Debian 10.
#[test]
fn a_layer_for_another_cloud_is_checked_against_its_glibc() {
    const X86_64: u16 = 62;
    let shop = shop("");
    let module = SharedLibrary::new(X86_64)
        .needs("libc.so.6")
        .needs_versions("libc.so.6", &["GLIBC_2.17", "GLIBC_2.34"])
        .build();
    let layer = shop.path("layer");
    fs::create_dir_all(layer.join("python")).unwrap();
    fs::write(layer.join("python/argon.abi3.so"), module).unwrap();
    let mut settings = settings(&shop, &[layer]);
    let mut errors = |provider: Provider, runtime: &str| -> Vec<String> {
        settings.settings.provider = Some(provider);
        settings.runtimes = vec![runtime.to_owned()];
        settings.architectures = vec![layerlock::Architecture::X86_64];
        let report = check(&settings, &Silent).unwrap();
        let findings = report.layers[0].findings.iter();
        findings
            .filter(|one| one.severity == Severity::Error)
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(errors(Provider::Aws, "python3.12"), [""; 0]);
    let told = errors(Provider::Aliyun, "python3.10");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with(
            "error[glibc-too-new]: python/argon.abi3.so needs GLIBC_2.34 of libc.so.6, and \
             python3.10 has GLIBC_2.28 at most\n  hint: take a wheel for manylinux_2_28 or older"
        ),
        "{told:?}"
    );
}
