use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64URL_NOPAD;
use layerlock_install::{Error, Wheel, WheelContents, is_installed};
use layerlock_layer::{LayerPlan, Mode, StagingDirectory};
use layerlock_testkit::{Flaw, Wheel as TestWheel, WheelBuilder};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::helpers::{chosen, plan_all, project_of, target};

/// A planned and staged layer.
struct Layer {
    directory: TempDir,
    plan: LayerPlan,
}

impl Layer {
    fn of(wheels: &[TestWheel]) -> Result<Self, Error> {
        let directory = TempDir::new().unwrap();
        let wheels: Vec<_> = chosen(&project_of(wheels))
            .into_iter()
            .map(|chosen| {
                let name = chosen.wheel.as_str();
                let wheel = wheels.iter().find(|wheel| wheel.file_name == name);
                let bytes = &wheel.unwrap().bytes;
                let path = directory.path().join(name);
                fs_err::write(&path, bytes).unwrap();
                let contents = WheelContents::verify(&chosen.wheel, bytes).unwrap();
                (chosen, Wheel { path, contents })
            })
            .collect();
        let plan = plan_all(&wheels)?;
        let layer = Self { directory, plan };
        let staging = StagingDirectory::claim(&layer.root(), &layer.plan, |_| false).unwrap();
        staging
            .prepare(&layer.plan, false)
            .unwrap()
            .put_in_place()
            .unwrap();
        Ok(layer)
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("layer")
    }

    fn files(&self) -> Vec<&str> {
        let entries = self.plan.entries().iter();
        entries.map(|entry| entry.path.as_str()).collect()
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs_err::read(self.root().join(path)).unwrap()
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(self.read(path)).unwrap()
    }

    fn mode(&self, path: &str) -> Mode {
        let mut entries = self.plan.entries().iter();
        entries
            .find(|entry| entry.path.as_str() == path)
            .unwrap()
            .mode
    }

    /// RECORD's rows; each file's row has to be right.
    fn record(&self, dist_info: &str) -> Vec<String> {
        let record = format!("python/{dist_info}/RECORD");
        let mut names = Vec::new();
        for row in self.text(&record).lines() {
            let mut fields = row.split(',');
            let (name, hash, size) = (
                fields.next().unwrap(),
                fields.next().unwrap(),
                fields.next().unwrap(),
            );
            names.push(name.to_owned());
            if name.ends_with("/RECORD") {
                assert_eq!((hash, size), ("", ""));
                continue;
            }
            let bytes = fs_err::read(self.root().join("python").join(name)).unwrap();
            let digest = BASE64URL_NOPAD.encode(&Sha256::digest(&bytes));
            assert_eq!(hash, format!("sha256={digest}"), "{name}");
            assert_eq!(size, bytes.len().to_string(), "{name}");
        }
        names
    }
}

fn demo() -> WheelBuilder {
    WheelBuilder::new("demo", "1.0").file("demo/__init__.py", "")
}

const INFO: &str = "demo-1.0.dist-info";

#[test]
fn a_wheel_without_surprises_lies_under_python_as_it_is() {
    let layer = Layer::of(&[demo().directory("demo/empty").build()]).unwrap();
    assert_eq!(
        layer.files(),
        [
            "python/demo-1.0.dist-info/METADATA",
            "python/demo-1.0.dist-info/RECORD",
            "python/demo-1.0.dist-info/WHEEL",
            "python/demo/__init__.py",
        ]
    );
    // In the wheel's own order: it was not written anew.
    assert_eq!(
        layer.record(INFO),
        [
            "demo/__init__.py",
            "demo-1.0.dist-info/METADATA",
            "demo-1.0.dist-info/WHEEL",
            "demo-1.0.dist-info/RECORD",
        ]
    );
}

#[test]
fn a_record_that_claims_more_than_the_wheel_has_is_written_anew() {
    // Else a staging directory would take such a file for ours and replace it.
    let ghost = Flaw::RecordWithoutMember("my_code.py".to_owned());
    let layer = Layer::of(&[demo().flaw(ghost).build()]).unwrap();
    assert_eq!(
        layer.record(INFO),
        [
            "demo-1.0.dist-info/METADATA",
            "demo-1.0.dist-info/RECORD",
            "demo-1.0.dist-info/WHEEL",
            "demo/__init__.py",
        ]
    );
}

#[test]
fn each_scheme_of_the_data_directory_has_its_place() {
    let wheel = demo()
        .data("purelib", "pure.py", "p")
        .data("platlib", "native/lib.so", "l")
        .data("data", "share/demo.toml", "d")
        .data("headers", "demo.h", "h")
        .data("scripts", "demo-run", "#!/bin/sh\n")
        .build();
    let layer = Layer::of(&[wheel]).unwrap();
    for (path, text) in [
        ("python/pure.py", "p"),
        ("python/native/lib.so", "l"),
        ("python/share/demo.toml", "d"),
        ("python/include/python/demo/demo.h", "h"),
        ("bin/demo-run", "#!/bin/sh\n"),
    ] {
        assert_eq!(layer.text(path), text);
    }
    assert!(!layer.files().iter().any(|file| file.contains(".data")));
    assert_eq!(
        layer.record(INFO),
        [
            "../bin/demo-run",
            "demo-1.0.dist-info/METADATA",
            "demo-1.0.dist-info/RECORD",
            "demo-1.0.dist-info/WHEEL",
            "demo/__init__.py",
            "include/python/demo/demo.h",
            "native/lib.so",
            "pure.py",
            "share/demo.toml",
        ]
    );
}

#[test]
fn an_unknown_scheme_is_refused() {
    for (scheme, path) in [("evil", "x.py"), ("scripts2", "x")] {
        let error = Layer::of(&[demo().data(scheme, path, "").build()])
            .err()
            .unwrap();
        let text = error.to_string();
        assert!(
            text.contains(&format!("demo-1.0.data/{scheme}/{path}")),
            "{text}"
        );
    }
}

#[test]
fn commands_get_scripts_for_the_targets_interpreter() {
    let wheel = demo()
        .entry_point("console_scripts", "demo", "demo.cli:main")
        .entry_point("gui_scripts", "demo-window", "demo.gui:Window.open")
        .build();
    let layer = Layer::of(&[wheel]).unwrap();
    for (path, call) in [
        ("bin/demo", "from demo.cli import main\n"),
        ("bin/demo-window", "from demo.gui import Window\n"),
    ] {
        let text = layer.text(path);
        assert!(text.starts_with("#!/var/lang/bin/python3.12\n"), "{text}");
        assert!(text.contains(call), "{text}");
        assert_eq!(layer.mode(path), Mode::Executable);
    }
    assert!(
        layer
            .text("bin/demo-window")
            .contains("sys.exit(Window.open())")
    );
    let record = layer.record(INFO);
    assert_eq!(record[..2], ["../bin/demo", "../bin/demo-window"]);
}

#[test]
fn scripts_for_the_python_get_the_targets_interpreter_and_others_stay() {
    let binary = [0x7f, b'E', b'L', b'F', 0, 0xff];
    let wheel = demo()
        .data("scripts", "plain", "#!python\nprint(1)\n")
        .data("scripts", "windowed", "#!pythonw\r\nprint(2)\r\n")
        .data("scripts", "alone", "#!python")
        .data("scripts", "sh", "#!/bin/sh\necho '#!python'\n")
        .data("scripts", "env", "#!/usr/bin/env python\n")
        .data("scripts", "native", binary)
        .build();
    let layer = Layer::of(&[wheel]).unwrap();
    for (path, text) in [
        ("bin/plain", "#!/var/lang/bin/python3.12\nprint(1)\n"),
        ("bin/windowed", "#!/var/lang/bin/python3.12\nprint(2)\r\n"),
        ("bin/alone", "#!/var/lang/bin/python3.12"),
        ("bin/sh", "#!/bin/sh\necho '#!python'\n"),
        ("bin/env", "#!/usr/bin/env python\n"),
    ] {
        assert_eq!(layer.text(path), text);
        assert_eq!(layer.mode(path), Mode::Executable, "{path}");
    }
    assert_eq!(layer.read("bin/native"), binary);
    layer.record(INFO);
}

#[test]
fn a_wrapper_of_an_old_builder_gives_way_to_the_declared_command() {
    let wheel = demo()
        .data("scripts", "demo", "#!python\nimport pkg_resources\n")
        .entry_point("console_scripts", "demo", "demo.cli:main")
        .build();
    let layer = Layer::of(&[wheel]).unwrap();
    let text = layer.text("bin/demo");
    assert!(text.contains("from demo.cli import main"), "{text}");
    assert!(!text.contains("pkg_resources"), "{text}");
}

#[test]
fn only_executable_bits_of_a_mode_count() {
    let builder = demo()
        .file_with_mode("demo/private.py", "1", 0o600)
        .file_with_mode("demo/owner-only", "2", 0o700)
        .file_with_mode("demo/setuid", "3", 0o4755)
        .file_with_mode("demo/unreadable", "4", 0o000);
    let modes = |builder: WheelBuilder| {
        let layer = Layer::of(&[builder.build()]).unwrap();
        ["private.py", "owner-only", "setuid", "unreadable"]
            .map(|file| layer.mode(&format!("python/demo/{file}")))
    };
    let (regular, executable) = (Mode::Regular, Mode::Executable);
    assert_eq!(
        modes(builder.clone()),
        [regular, executable, executable, regular]
    );
    assert_eq!(modes(builder.without_modes()), [regular; 4]);
}

#[test]
fn namespace_packages_share_an_equal_init() {
    let portion = |name: &str, init: &str| {
        WheelBuilder::new(name, "1.0")
            .file("ns/__init__.py", init)
            .file(&format!("ns/{name}.py"), "")
            .build()
    };
    let layer = Layer::of(&[portion("one", "# ns\n"), portion("two", "# ns\n")]).unwrap();
    for path in [
        "python/ns/__init__.py",
        "python/ns/one.py",
        "python/ns/two.py",
    ] {
        assert!(layer.files().contains(&path), "{path}");
    }

    let differing = Layer::of(&[portion("one", "# ns\n"), portion("two", "# other\n")]).unwrap();
    assert_eq!(differing.read("python/ns/__init__.py"), b"# other\n");
}

#[test]
fn a_file_where_another_package_has_a_directory_is_a_conflict() {
    let file = WheelBuilder::new("one", "1.0").file("thing", "").build();
    let directory = WheelBuilder::new("two", "2.0")
        .file("thing/x.py", "")
        .build();
    let error = Layer::of(&[file, directory]).err().unwrap();
    assert!(matches!(error, Error::Layer(_)));
    assert_eq!(
        error.to_string(),
        "python/thing is a file of one 1.0, and a directory of two 2.0"
    );
}

#[test]
fn of_two_packages_with_one_command_the_later_ones_stays() {
    let wheel = |name: &str| {
        WheelBuilder::new(name, "1.0")
            .entry_point("console_scripts", "tool", &format!("{name}:main"))
            .build()
    };
    let layer = Layer::of(&[wheel("one"), wheel("two")]).unwrap();
    let script = layer.text("bin/tool");
    assert!(script.contains("from two import main"), "{script}");
    let [overlap] = layer.plan.overlaps() else {
        panic!("{:?}", layer.plan.overlaps());
    };
    assert_eq!(overlap.path.as_str(), "bin/tool");
}

#[test]
fn two_different_files_of_one_wheel_for_one_place_are_refused() {
    let wheel = |bytes: &str| {
        WheelBuilder::new("twice", "1.0")
            .file("foo/__init__.py", "root")
            .data("purelib", "foo/__init__.py", bytes)
            .build()
    };
    assert!(Layer::of(&[wheel("root")]).is_ok());
    let error = Layer::of(&[wheel("other")]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "twice-1.0-py3-none-any.whl has two different files for python/foo/__init__.py"
    );
}

#[test]
fn what_an_installer_put_there_is_told_from_what_was_not() {
    let wheel = demo()
        .entry_point("console_scripts", "demo", "demo:main")
        .build();
    let layer = Layer::of(&[wheel]).unwrap();
    let installed = is_installed(&layer.root(), &target());
    for file in layer.files() {
        assert!(installed(file), "{file}");
    }
    assert!(installed(
        "python/demo/__pycache__/__init__.cpython-312.pyc"
    ));
    for file in [
        "python/mine.py",
        "notes.txt",
        "bin/mine",
        "demo/__init__.py",
        "",
    ] {
        assert!(!installed(file), "{file}");
    }
    let nothing = is_installed(Path::new("/nonexistent"), &target());
    assert!(!nothing("python/demo/__init__.py"));
}

#[test]
fn a_record_cannot_claim_files_outside_of_its_directory() {
    let directory = TempDir::new().unwrap();
    let info = directory.path().join("python/evil-1.dist-info");
    fs_err::create_dir_all(&info).unwrap();
    fs_err::write(info.join("RECORD"), "../../x,,\n/y,,\n../z,,\n\"broken\n").unwrap();
    let installed = is_installed(directory.path(), &target());
    assert!(installed("z"));
    for file in ["x", "../x", "/y", "y"] {
        assert!(!installed(file), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_generated_script_runs_and_imports_from_its_layer() {
    let python = host_python();
    let cli = "import importlib.metadata, sys\n\
               class App:\n    \
                   @staticmethod\n    \
                   def run():\n        \
                       print(__file__, importlib.metadata.version('demo'), *sys.argv[1:])\n        \
                       return 7\n";
    let wheel = demo()
        .file("demo/cli.py", cli)
        .entry_point("console_scripts", "demo", "demo.cli:App.run")
        .build();
    let layer = Layer::of(&[wheel]).unwrap();
    let script = layer.root().join("bin/demo");
    let text = layer.text("bin/demo");
    let (_, rest) = text.split_once('\n').unwrap();
    fs_err::write(&script, format!("#!{python}\n{rest}")).unwrap();
    let link = layer.directory.path().join("linked");
    fs_err::os::unix::fs::symlink(&script, &link).unwrap();

    let module = fs_err::canonicalize(layer.root()).unwrap();
    let module = module.join("python/demo/cli.py");
    for path in [script, link] {
        let output = Command::new(path)
            .arg("--flag")
            .env_clear()
            .current_dir("/")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(7), "{stderr}");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            format!("{} 1.0 --flag\n", module.display())
        );
    }
}

/// The real path of this machine's Python: what is on PATH may be a shim that
/// needs its environment.
#[cfg(unix)]
/// The tests need a Python, as README says: without one nothing is shown.
fn host_python() -> String {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .unwrap();
    assert!(output.status.success(), "python3 cannot say where it is");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
