use std::collections::BTreeMap;
use std::path::Path;

use layerlock::{
    Architecture, BuiltLayer, CacheLocation, Provider, Settings, Severity, Silent, install,
};
use layerlock_testkit::{Flaw, LockedPackage, ProjectBuilder, WheelBuilder, sha256_hex};

use crate::helpers::{STAGED, Shop, build_one, files, tree, unzipped, wheels};

fn digest(layer: &BuiltLayer) -> String {
    layer.zip.as_ref().unwrap().digest.hex()
}

fn codes(layer: &BuiltLayer) -> Vec<(Severity, &str)> {
    let findings = layer.findings.iter();
    findings.map(|f| (f.severity, f.code.name())).collect()
}

/// Compressed bytes of all members of a zip.
fn compressed_sizes(zip: &Path) -> u64 {
    let mut archive = zip::ZipArchive::new(fs_err::File::open(zip).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| archive.by_index_raw(index).unwrap().compressed_size())
        .sum()
}

#[test]
fn the_digest_is_the_same_in_any_folder_with_any_cache() {
    let (one, other) = (Shop::configured(STAGED), Shop::configured(STAGED));
    let cold = one.build();
    let warm = one.build();
    assert_eq!(digest(&warm), digest(&cold));
    assert_eq!(digest(&other.build()), digest(&cold));
    let nowhere = Settings {
        cache: CacheLocation::Nowhere,
        staging: Some(other.path("elsewhere")),
        output: Some(other.path("zips")),
        ..other.settings()
    };
    let uncached = build_one(&nowhere);
    assert_eq!(digest(&uncached), digest(&cold));
    assert_eq!(
        tree(&other.path("elsewhere")),
        tree(&one.path("lambda_dependencies"))
    );
}

/// A project with one file each from two packages.
fn shop_of_two(one: (&str, &str), other: (&str, &str)) -> Shop {
    let wheels = [("alpha", one), ("beta", other)]
        .map(|(name, (path, bytes))| WheelBuilder::new(name, "1.0").file(path, bytes).build());
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(&wheels[0])
        .package(&wheels[1])
        .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\n");
    Shop::new(&project, &wheels)
}

#[test]
fn equal_files_of_two_packages_are_no_conflict() {
    let same = shop_of_two(("ns/__init__.py", "same"), ("ns/__init__.py", "same"));
    assert!(codes(&same.build()).is_empty());
}

#[test]
fn a_wheel_whose_record_is_flawed_is_taken_with_a_warning() {
    let wheel = WheelBuilder::new("alpha", "1.0")
        .file("alpha.py", "x = 1\n")
        .flaw(Flaw::MissingFromRecord("alpha.py".to_owned()))
        .build();
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(&wheel)
        .pyproject("[tool.layerlock]\nruntime = \"python3.12\"\n");
    let shop = Shop::new(&project, [&wheel]);
    let layer = shop.build();
    assert_eq!(
        layer.findings[0].to_string(),
        "warning[wheel-record]: RECORD in alpha-1.0-py3-none-any.whl does not list `alpha.py`: pip, \
         uv and Poetry pass over it too\n  hint: the file has the locked hash, so the layer is \
         what was locked: tell its authors"
    );
    let members = unzipped(&layer.zip.unwrap().path);
    assert_eq!(members["python/alpha.py"].0, b"x = 1\n");
    // The layer's own RECORD is right.
    let record = &members["python/alpha-1.0.dist-info/RECORD"].0;
    let record = String::from_utf8_lossy(record);
    assert!(record.contains("alpha.py,sha256="), "{record}");
}

#[test]
fn paths_that_differ_in_case_alone_are_a_finding_and_are_both_there() {
    let shop = shop_of_two(("names/a.py", "one"), ("names/A.py", "other"));
    let layer = shop.build();
    assert_eq!(
        layer.findings[0].to_string(),
        "warning[case-collision]: python/names/A.py (from beta 1.0) and python/names/a.py (from \
         alpha 1.0) differ in case alone: a disk that ignores case can hold one of them\n  \
         hint: on such a disk, build the zip and no staging directory"
    );
    let members = unzipped(&layer.zip.unwrap().path);
    assert_eq!(members["python/names/A.py"].0, b"other");
    assert_eq!(members["python/names/a.py"].0, b"one");
}

#[test]
fn zip_staging_directory_and_report_agree() {
    let shop = Shop::configured(STAGED);
    let layer = shop.build();
    let zip = layer.zip.as_ref().unwrap();
    assert_eq!(
        zip.path,
        shop.path("dist/layers/shop-python3.12-x86_64.zip")
    );
    let bytes = fs_err::read(&zip.path).unwrap();
    assert_eq!(zip.size, bytes.len() as u64);
    assert_eq!(zip.digest.hex(), sha256_hex(&bytes));

    let members = unzipped(&zip.path);
    let staging = layer.staging.as_ref().unwrap();
    assert_eq!(staging, &shop.path("lambda_dependencies"));
    let in_zip: BTreeMap<String, Vec<u8>> = members
        .iter()
        .map(|(name, (bytes, _))| (name.clone(), bytes.clone()))
        .collect();
    assert_eq!(in_zip, files(staging));
    assert_eq!(layer.file_count, members.len());
    assert_eq!(
        layer.unzipped_size,
        in_zip.values().map(|bytes| bytes.len() as u64).sum::<u64>()
    );
    let unzipped: u64 = layer.packages.iter().map(|p| p.unzipped_size).sum();
    assert_eq!(unzipped, layer.unzipped_size);
    let zipped: u64 = layer.packages.iter().map(|p| p.zipped_size.unwrap()).sum();
    assert_eq!(zipped, compressed_sizes(&zip.path));

    for (name, (_, mode)) in &members {
        let executable = ["bin/pure", "python/native/core.so"].contains(&name.as_str());
        assert_eq!(*mode, if executable { 0o755 } else { 0o644 }, "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let metadata = fs_err::metadata(staging.join(name)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, *mode, "{name}");
        }
    }
}

#[test]
fn each_architecture_gets_its_own_wheel_and_zip() {
    let shop = Shop::configured("");
    let wheels = wheels();
    for (architecture, wheel) in [
        (Architecture::X86_64, &wheels[1]),
        (Architecture::Arm64, &wheels[2]),
    ] {
        let layer = build_one(&Settings {
            architectures: vec![architecture],
            ..shop.settings()
        });
        let package = layer.packages.iter().find(|p| p.name == "native").unwrap();
        assert_eq!(
            (&package.version, &package.file, &package.digest.hex()),
            (&wheel.version, &wheel.file_name, &wheel.sha256)
        );
    }
    let zips: Vec<String> = files(&shop.path("dist/layers")).into_keys().collect();
    assert_eq!(
        zips,
        ["shop-python3.12-arm64.zip", "shop-python3.12-x86_64.zip"]
    );
}

#[test]
fn install_writes_the_same_directory_and_no_zip() {
    let shop = Shop::configured("");
    let report = install(&shop.settings(), &Silent).unwrap();
    let installed = &report.layers[0];
    assert!(installed.zip.is_none());
    let staging = installed.staging.as_ref().unwrap();
    assert_eq!(staging, &shop.path("dist/staging/shop"));
    // Beside it there is the .gitignore alone.
    assert_eq!(fs_err::read_dir(shop.path("dist")).unwrap().count(), 2);

    let built = build_one(&Settings {
        staging: Some(shop.path("staged")),
        ..shop.settings()
    });
    assert_eq!(tree(staging), tree(&shop.path("staged")));
    assert_eq!(installed.unzipped_size, built.unzipped_size);
    let sizes = |layer: &BuiltLayer| -> Vec<u64> {
        layer.packages.iter().map(|p| p.unzipped_size).collect()
    };
    assert_eq!(sizes(installed), sizes(&built));
}

#[test]
fn large_files_are_kept_unpacked_from_the_second_run_on() {
    let wheel = WheelBuilder::new("numbers", "1.0")
        .file("numbers/data.txt", "1 2 3 4 5 6 7 8 ".repeat(2000))
        .build();
    let package = LockedPackage::new("numbers", "1.0").wheel(&wheel);
    let shop = Shop::new(&ProjectBuilder::new("shop").package(package), [&wheel]);
    let unpacked = || {
        let cached = files(shop.cache.path());
        let unpacked = cached.keys().filter(|file| file.contains(".unpacked/"));
        unpacked.count()
    };
    let mut trees = Vec::new();
    // Not those that were only just downloaded: a cache that CI saves stays small.
    for (run, expected) in [0, 1, 1].into_iter().enumerate() {
        let staging = shop.path(&format!("staged-{run}"));
        let settings = Settings {
            staging: Some(staging.clone()),
            ..shop.settings()
        };
        install(&settings, &Silent).unwrap();
        assert_eq!(unpacked(), expected, "after run {run}");
        trees.push(tree(&staging));
    }
    assert_eq!(trees[0], trees[1]);
    assert_eq!(trees[0], trees[2]);
}

#[test]
fn a_package_that_went_leaves_nothing_in_the_staging_directory() {
    let wheels = wheels();
    let shop = Shop::configured(STAGED);
    shop.build();
    let staging = shop.path("lambda_dependencies");
    // Python was there, too.
    let bytecode = staging.join("python/pure/__pycache__/__init__.cpython-312.pyc");
    fs_err::create_dir_all(bytecode.parent().unwrap()).unwrap();
    fs_err::write(&bytecode, "").unwrap();

    ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(&wheels[1])
        .pyproject(STAGED)
        .write_to(shop.project.path());
    let layer = shop.build();
    let left: Vec<String> = files(&staging).into_keys().collect();
    assert!(left.iter().all(|file| file.contains("native")), "{left:?}");
    assert_eq!(left.len(), layer.file_count);
}

#[test]
fn an_empty_project_makes_an_empty_layer() {
    let shop = Shop::new(&ProjectBuilder::new("shop"), []);
    let layer = shop.build();
    assert_eq!((layer.file_count, layer.packages.len()), (0, 0));
    assert!(unzipped(&layer.zip.unwrap().path).is_empty());
    assert!(shop.index.requests().is_empty());
}

#[test]
fn markers_and_groups_decide_what_is_in_the_layer() {
    let wheels =
        ["always", "windows", "dev", "web"].map(|name| WheelBuilder::new(name, "1.0").build());
    let [always, windows, dev, web] = &wheels;
    let project = ProjectBuilder::new("shop")
        .package(always)
        .package(LockedPackage::from(windows).markers("sys_platform == \"win32\""))
        .package(LockedPackage::from(dev).groups(&["dev"]))
        .package(LockedPackage::from(web).groups(&["main", "web"]));
    let shop = Shop::new(&project, &wheels);
    let layer = shop.build();
    let names: Vec<&str> = layer.packages.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["always", "web"]);
    for absent in ["windows", "dev"] {
        let page = shop.index.page_path(absent);
        assert_eq!(shop.index.request_count(&page), 0, "{absent}");
    }
}

#[test]
fn the_runtime_that_nobody_named_is_the_newest_allowed_and_is_told() {
    let wheels = wheels();
    let shop = Shop::new(
        &ProjectBuilder::new("shop").package(&wheels[0]),
        [&wheels[0]],
    );
    let layer = shop.build();
    assert_eq!(layer.target.to_string(), "python3.14 x86_64");
    assert_eq!(codes(&layer), [(Severity::Info, "default-runtime")]);
    let finding = &layer.findings[0];
    assert!(finding.message.contains("python3.14"), "{finding}");
    assert!(finding.hint.as_ref().unwrap().contains("[tool.layerlock]"));

    for (runtime, expected) in [
        ("python3.12", vec![]),
        ("python3.10", vec![(Severity::Warning, "runtime-retired")]),
        ("python3.15", vec![(Severity::Warning, "runtime-preview")]),
    ] {
        let layer = build_one(&Settings {
            runtimes: vec![Provider::Aws.runtime(runtime).unwrap()],
            ..shop.settings()
        });
        assert_eq!(codes(&layer), expected, "{runtime}");
    }
}

#[test]
fn text_and_json_tell_the_same() {
    let shop = Shop::configured(STAGED);
    let report = layerlock::build(&shop.settings(), &Silent).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    let layer = &json["layers"][0];
    assert_eq!(layer["name"], "shop");
    assert_eq!(
        layer["target"],
        serde_json::json!({"provider": "aws", "runtime": "python3.12", "architecture": "x86_64"})
    );
    let text = report.to_string();
    for told in [
        "shop for python3.12 x86_64",
        layer["zip"]["path"].as_str().unwrap(),
        layer["zip"]["sha256"].as_str().unwrap(),
        layer["staging"].as_str().unwrap(),
        layer["packages"][0]["file"].as_str().unwrap(),
        "in 2 packages",
        "note[default-runtime]",
    ] {
        assert!(text.contains(told), "{told} is not in:\n{text}");
    }
    assert_eq!(layer["findings"][0]["severity"], "info");
}

#[test]
fn the_projects_own_index_is_used_without_an_option() {
    let wheels = wheels();
    let index = layerlock_testkit::LoopbackIndex::with_wheels(&wheels);
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .source("company", &index.url(), "primary")
        .package(LockedPackage::from(&wheels[0]).source("company"));
    let shop = Shop::new(&project, []);
    let layer = build_one(&Settings {
        index_url: None,
        ..shop.settings()
    });
    assert_eq!(layer.packages[0].digest.hex(), wheels[0].sha256);
    assert_eq!(index.requests().len(), 2);
}

#[test]
fn a_project_of_several_layers_builds_all_or_the_one_named() {
    let [pure, native, _] = wheels();
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(&pure)
        .package(LockedPackage::from(&native).groups(&["web"]))
        .pyproject(
            "[tool.layerlock]\nstaging = \"staged\"\n\
             [tool.layerlock.layers.base]\n[tool.layerlock.layers.web]\ngroups = [\"web\"]\n",
        );
    let shop = Shop::new(&project, [&pure, &native]);
    let report = layerlock::build(&shop.settings(), &Silent).unwrap();
    let found: Vec<(&str, &str)> = report
        .layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.packages[0].name.as_str()))
        .collect();
    assert_eq!(found, [("base", "pure"), ("web", "native")]);
    assert!(shop.path("staged/base/python/pure/__init__.py").exists());
    assert!(shop.path("staged/web/python/native/core.so").exists());
    assert_eq!(
        fs_err::read_dir(shop.path("dist/layers")).unwrap().count(),
        2
    );

    let one = Shop::new(&project, [&pure, &native]);
    let layer = build_one(&Settings {
        layers: vec!["web".to_owned()],
        ..one.settings()
    });
    assert_eq!(layer.name, "web");
    assert_eq!(digest(&layer), digest(&report.layers[1]));
    assert_eq!(
        fs_err::read_dir(one.path("dist/layers")).unwrap().count(),
        1
    );
}

#[test]
fn a_layer_named_like_the_project_needs_no_configuration() {
    let [pure, ..] = wheels();
    let project = ProjectBuilder::new("My.Shop").package(&pure);
    let shop = Shop::new(&project, [&pure]);
    assert_eq!(shop.build().name, "my-shop");
    let named = Settings {
        layers: vec!["my-shop".to_owned()],
        ..shop.settings()
    };
    assert_eq!(build_one(&named).name, "my-shop");
}

#[test]
fn layers_for_two_architectures_ask_for_a_page_once() {
    let shop = Shop::configured(
        "[tool.layerlock.layers.intel]\narchitecture = \"x86_64\"\n\
         [tool.layerlock.layers.arm]\narchitecture = \"arm64\"\n",
    );
    let report = layerlock::build(&shop.settings(), &Silent).unwrap();
    assert_eq!(report.layers.len(), 2);
    for wheel in &wheels()[1..] {
        let path = shop.index.file_path(wheel);
        assert_eq!(shop.index.request_count(&path), 1);
    }
    let page = shop.index.page_path("native");
    assert_eq!(shop.index.request_count(&page), 1);
}

/// Looking into a directory leaves these there on some systems.
#[test]
fn what_file_managers_leave_in_the_staging_directory_is_in_nobodys_way() {
    let shop = Shop::configured(STAGED);
    shop.build();
    let staged = shop.path("lambda_dependencies");
    let before = tree(&staged);
    for litter in [".DS_Store", "python/pure/.DS_Store", "python/Thumbs.db"] {
        fs_err::write(staged.join(litter), "x").unwrap();
    }
    shop.build();
    assert_eq!(tree(&staged), before);
}

#[test]
fn a_plan_has_sizes_and_findings_and_writes_no_output() {
    let shop = Shop::configured(STAGED);
    let before = crate::helpers::tree(shop.project.path());
    let planned = layerlock::plan(&shop.settings(), &Silent).unwrap();
    assert_eq!(crate::helpers::tree(shop.project.path()), before);
    let built = shop.build();
    let plan = &planned.layers[0];
    assert_eq!((&plan.zip.is_none(), &plan.staging), (&true, &None));
    assert_eq!(plan.unzipped_size, built.unzipped_size);
    assert_eq!(plan.file_count, built.file_count);
    assert_eq!(plan.findings, built.findings);
    let digests = |layer: &BuiltLayer| -> Vec<_> {
        let packages = layer.packages.iter();
        packages.map(|package| package.digest).collect()
    };
    assert_eq!(digests(plan), digests(&built));
}

#[test]
fn an_error_reads_as_the_command_prints_it() {
    let shop = Shop::configured("[tool.layerlock]\nruntime = \"python2.7\"\n");
    let error = layerlock::build(&shop.settings(), &Silent).unwrap_err();
    let plain = layerlock::render_error(&error, layerlock::Style::Plain);
    assert!(
        plain.starts_with("error: unknown runtime `python2.7`"),
        "{plain}"
    );
    assert!(plain.contains("| runtime = \"python2.7\"\n"), "{plain}");
    let coloured = layerlock::render_error(&error, layerlock::Style::Ansi);
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    assert_eq!(error.kind().exit_code(), 3);
}
