//! What is left out of a layer.

use layerlock::{BuiltLayer, Error, ErrorKind, Settings, Silent};
use layerlock_testkit::{LockedPackage, ProjectBuilder, WheelBuilder};

use crate::helpers::{Shop, build_one, files};

/// boto3 and what it needs, a package that needs botocore too, and one with tests.
fn shop(toml: &str) -> Shop {
    let wheel = |name: &str| {
        WheelBuilder::new(name, "1.0")
            .file(&format!("{name}/__init__.py"), name)
            .build()
    };
    let [boto3, botocore, jmespath, s3fs] = ["boto3", "botocore", "jmespath", "s3fs"].map(wheel);
    let numerics = WheelBuilder::new("numerics", "1.0")
        .file("numerics/__init__.py", "")
        .file("numerics/tests/__init__.py", "assert True")
        .file("numerics/tests/data.bin", "12")
        .build();
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(LockedPackage::from(&boto3).requires("botocore", "*"))
        .package(LockedPackage::from(&s3fs).requires("botocore", "*"))
        .package(
            LockedPackage::from(&botocore)
                .requires("jmespath", "*")
                .transitive(),
        )
        .package(LockedPackage::from(&jmespath).transitive())
        .package(&numerics)
        .pyproject(&format!(
            "[tool.layerlock]\nruntime = \"python3.12\"\n{toml}"
        ));
    Shop::new(&project, [&boto3, &botocore, &jmespath, &s3fs, &numerics])
}

fn names(layer: &BuiltLayer) -> Vec<&str> {
    layer.packages.iter().map(|p| p.name.as_str()).collect()
}

fn findings(layer: &BuiltLayer) -> Vec<String> {
    layer.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn packages_of_the_runtime_stay_out_with_what_only_they_need() {
    let shop = shop("exclude = [\"boto3\", \"botocore\"]\n");
    let layer = shop.build();
    assert_eq!(names(&layer), ["numerics", "s3fs"]);
    let excluded: Vec<_> = layer
        .excluded
        .iter()
        .map(|one| {
            (
                &one.name[..],
                one.named,
                one.in_runtime,
                one.needed_by.join(","),
            )
        })
        .collect();
    assert_eq!(
        excluded,
        [
            ("boto3", true, true, String::new()),
            ("botocore", true, true, "s3fs".to_owned()),
            ("jmespath", false, true, String::new()),
        ]
    );
    assert!(
        layer
            .to_string()
            .contains("\nexcluded: boto3, botocore; needed by these alone: jmespath\n"),
        "{layer}"
    );
    assert_eq!(
        findings(&layer),
        [
            "note[exclude-from-runtime]: functions get boto3 from python3.12, in the provider's \
             version and not the locked 1.0",
            "note[exclude-from-runtime]: functions get botocore from python3.12, in the \
             provider's version and not the locked 1.0; s3fs will use it",
        ]
    );
}

#[test]
fn what_others_need_stays_and_options_win() {
    let shop = shop("exclude = [\"boto3\", \"botocore\"]\n");
    let layer = build_one(&Settings {
        exclude: Some(vec!["boto3".to_owned()]),
        ..shop.settings()
    });
    assert_eq!(names(&layer), ["botocore", "jmespath", "numerics", "s3fs"]);
}

#[test]
fn a_wrong_name_and_a_package_that_the_runtime_lacks_are_findings() {
    let shop = shop("exclude = [\"botto3\", \"numerics\"]\nexclude-files = [\"*.pyx\"]\n");
    let layer = shop.build();
    let codes: Vec<_> = layer.findings.iter().map(|one| one.code.name()).collect();
    assert_eq!(
        codes,
        ["exclude-unknown", "exclude-missing", "exclude-unused"]
    );
    assert_eq!(layer.findings[0].package.as_deref(), Some("botto3"));
}

#[test]
fn files_stay_out_and_record_tells_the_truth() {
    let shop = shop("staging = \"out\"\nexclude-files = [\"tests\", \"METADATA\"]\n");
    let layer = shop.build();
    let staged = files(&shop.path("out"));
    assert!(staged.contains_key("python/numerics/__init__.py"));
    assert!(staged.contains_key("python/numerics-1.0.dist-info/METADATA"));
    assert!(!staged.keys().any(|path| path.contains("tests")));
    let record = std::str::from_utf8(&staged["python/numerics-1.0.dist-info/RECORD"]).unwrap();
    let listed: Vec<_> = record
        .lines()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    let installed: Vec<_> = staged
        .keys()
        .filter_map(|path| path.strip_prefix("python/"))
        .filter(|path| path.starts_with("numerics"))
        .collect();
    assert_eq!(listed, installed);

    assert_eq!(layer.excluded_files.file_count, 2);
    assert_eq!(layer.excluded_files.unzipped_size, 13);
    let codes: Vec<_> = layer.findings.iter().map(|one| one.code.name()).collect();
    assert_eq!(codes, ["exclude-code", "exclude-metadata"]);
    // Where nothing is left out, RECORD is the wheel's own.
    let whole = build_one(&Settings {
        exclude_files: Some(Vec::new()),
        ..shop.settings()
    });
    assert_eq!(whole.file_count, layer.file_count + 2);
}

#[test]
fn names_and_patterns_are_told_apart() {
    for (toml, said) in [
        (
            "exclude = [\"**/tests/**\"]\n",
            "patterns of files are for exclude-files",
        ),
        (
            "exclude-files = [\"../a\"]\n",
            "start at the top of the layer",
        ),
    ] {
        let error = layerlock::build(&shop(toml).settings(), &Silent).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Project, "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
        assert!(error.place().is_some());
    }
    let shop = shop("");
    for settings in [
        Settings {
            exclude: Some(vec!["a/b".to_owned()]),
            ..shop.settings()
        },
        Settings {
            exclude_files: Some(vec!["..".to_owned()]),
            ..shop.settings()
        },
    ] {
        let error = layerlock::build(&settings, &Silent).unwrap_err();
        assert!(matches!(error, Error::Exclude(_)), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
}

/// Layers share a list, and each has use for a part of it.
#[test]
fn what_is_of_use_in_another_layer_is_no_finding() {
    let numerics = WheelBuilder::new("numerics", "1.0")
        .file("numerics/data.bin", "12")
        .build();
    let boto3 = WheelBuilder::new("boto3", "1.0").build();
    let web = WheelBuilder::new("web", "1.0").build();
    let project = ProjectBuilder::new("shop")
        .package(&web)
        .package(&boto3)
        .package(LockedPackage::from(&numerics).groups(&["data"]))
        .pyproject(
            "[tool.layerlock]\nruntime = \"python3.12\"\n\
             exclude = [\"boto3\", \"botto3\"]\nexclude-files = [\"*.bin\", \"*.bon\"]\n\
             [tool.layerlock.layers.data]\ngroups = [\"data\"]\n\
             [tool.layerlock.layers.web]\n",
        );
    let shop = Shop::new(&project, [&web, &boto3, &numerics]);
    let useless = |settings: &Settings| -> Vec<(String, String)> {
        let report = layerlock::build(settings, &Silent).unwrap();
        let findings = |layer: &BuiltLayer| {
            let told: Vec<_> = layer
                .findings
                .iter()
                .filter(|one| ["exclude-unknown", "exclude-unused"].contains(&one.code.name()))
                .map(|one| (layer.name.clone(), one.message.clone()))
                .collect();
            told
        };
        report.layers.iter().flat_map(findings).collect()
    };
    let told = useless(&shop.settings());
    let expected = [
        ("data", "`botto3`"),
        ("data", "`*.bon`"),
        ("web", "`botto3`"),
        ("web", "`*.bon`"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((layer, message), (name, part)) in told.iter().zip(expected) {
        assert!(layer == name && message.contains(part), "{told:?}");
    }
    // What the others would say is not known here.
    let alone = Settings {
        layers: vec!["data".to_owned()],
        ..shop.settings()
    };
    assert!(useless(&alone).is_empty());
}
