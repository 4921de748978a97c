//! A machine that refuses threads, open files and large files.

use std::path::Path;
use std::process::{Command, Output};

use layerlock_testkit::{LoopbackIndex, ProjectBuilder, TestProject, Wheel, WheelBuilder, noise};
use tempfile::TempDir;

/// The command below limits that a shell or another program sets.
struct Limited {
    project: TestProject,
    index: LoopbackIndex,
    cache: TempDir,
}

impl Limited {
    fn new(builder: ProjectBuilder, wheel: &Wheel) -> Self {
        Self {
            index: LoopbackIndex::with_wheels([wheel]),
            project: builder.package(wheel).write(),
            cache: TempDir::new().unwrap(),
        }
    }

    fn build(&self, program: &str, before: &[&str], arguments: &[&str]) -> Output {
        Command::new(program)
            .args(before)
            .arg(env!("CARGO_BIN_EXE_layerlock"))
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LAYERLOCK_CACHE_DIR", self.cache.path())
            .env("PIP_INDEX_URL", self.index.url())
            .current_dir(self.project.path())
            .output()
            .unwrap()
    }

    fn build_in_shell(&self, limit: &str) -> Output {
        let script = format!("{limit}; exec \"$0\" \"$@\"");
        self.build("sh", &["-c", &script], &["build", "--quiet"])
    }

    fn files(&self) -> Vec<String> {
        layerlock_layer::files_in(self.project.path()).unwrap()
    }
}

fn large() -> Wheel {
    let module = ["large = '", &"0".repeat(400_000), "'\n"].concat();
    WheelBuilder::new("large", "1.0")
        .file("large/__init__.py", module.as_bytes())
        .file("large/noise.bin", noise(1, 300_000))
        .build()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Two files stayed open for each layer, until the last was in its place.
#[test]
fn there_may_be_more_outputs_than_open_files() {
    let layers = (0..40).map(|number| format!("[tool.layerlock.layers.l{number}]\n"));
    let settings: String = layers.collect();
    let settings = format!("[tool.layerlock]\nstaging = \"staging\"\n{settings}");
    let project = ProjectBuilder::new("shop").pyproject(&settings);
    let limited = Limited::new(project, &large());
    let built = limited.build_in_shell("ulimit -n 40");
    assert_eq!(code(&built), Some(0), "{}", errors(&built));
    let files = limited.files();
    let is_zip = |it: &&String| Path::new(it).extension().is_some_and(|it| it == "zip");
    let zips = files.iter().filter(is_zip);
    assert_eq!(zips.count(), 40);
    assert!(!files.iter().any(|it| it.contains(".layerlock-")));
}

/// The signal of a file that grows beyond the limit ended the run in the middle.
#[test]
fn a_file_that_may_not_be_so_large_is_an_error() {
    let limited = Limited::new(ProjectBuilder::new("shop"), &large());
    let before = limited.files();
    // Blocks of 512 bytes: enough for the download, and for the zip not.
    for blocks in [1, 100, 500] {
        let built = limited.build_in_shell(&format!("ulimit -f {blocks}"));
        assert_eq!(code(&built), Some(8), "{blocks}: {}", errors(&built));
        assert_eq!(limited.files(), before);
        let unfinished = layerlock_layer::files_in(&limited.cache.path().join("tmp"));
        assert!(unfinished.unwrap_or_default().is_empty(), "{blocks}");
    }
}

/// A runtime panics where it does not get the files that it needs for itself.
#[test]
fn however_few_files_may_be_open_nothing_panics() {
    let limited = Limited::new(ProjectBuilder::new("shop"), &large());
    for count in 5..=30 {
        let built = limited.build_in_shell(&format!("ulimit -n {count}"));
        let text = errors(&built);
        let is_expected = matches!(code(&built), Some(0 | 8));
        assert!(is_expected && !text.contains("panicked"), "{count}: {text}");
        fs_err::remove_dir_all(limited.cache.path()).unwrap();
        fs_err::create_dir(limited.cache.path()).unwrap();
    }
}

fn is_there(program: &str) -> bool {
    ["/usr/bin", "/bin", "/usr/sbin"]
        .iter()
        .any(|directory| Path::new(directory).join(program).exists())
}

/// As a container's limit of processes does it. Only root can become a user who has no other
/// process that counts.
#[cfg(target_os = "linux")]
#[test]
fn where_threads_are_refused_a_run_ends_well_or_with_an_error() {
    const USER: &str = "65531";
    let is_root = fs_err::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.contains("\nUid:\t0\t0\t"));
    if !is_root || !is_there("setpriv") || !is_there("prlimit") {
        return;
    }
    for threads in 1..=8 {
        let limited = Limited::new(ProjectBuilder::new("shop"), &large());
        for path in [limited.project.path(), limited.cache.path()] {
            let given = Command::new("chown").args(["-R", USER]).arg(path).status();
            assert!(given.unwrap().success());
        }
        let before = limited.files();
        let user = format!("--reuid={USER}");
        let limit = format!("--nproc={threads}:{threads}");
        let become_user = ["15", "setpriv", &user, "--clear-groups", "prlimit", &limit];
        let built = limited.build("timeout", &become_user, &["build", "--quiet"]);
        let told = errors(&built);
        assert!(!told.contains("panicked"), "{threads}: {told}");
        match code(&built) {
            Some(0) => assert!(limited.files().len() > before.len()),
            code => {
                assert_eq!(code, Some(8), "{threads}: {told}");
                assert!(told.contains("network client"), "{threads}: {told}");
                assert!(threads < 6, "{threads} are enough: {told}");
                assert_eq!(limited.files(), before);
            }
        }
    }
}
