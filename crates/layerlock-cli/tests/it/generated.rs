//! Completion scripts and man pages, read by the programs that they are for.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The command where there is no project, nor anything of this machine.
fn layerlock(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_layerlock"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a program prints, or nothing where this machine does not have it.
#[expect(clippy::print_stderr, reason = "a test says what it skips")]
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: {program}: {error}");
            None
        }
    }
}

/// What a shell offers for the words of a command line, the last of them unfinished.
fn complete_in_bash(script: &Path, words: &[&str]) -> Option<Vec<String>> {
    let program = r#"
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _layerlock layerlock "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let script = script.to_str().unwrap();
    let arguments = [&["-c", program, "bash", script][..], words].concat();
    Some(
        text(&run("bash", &arguments)?)
            .lines()
            .map(str::to_owned)
            .collect(),
    )
}

#[test]
fn bash_completes_commands_options_and_values() {
    let temp = TempDir::new().unwrap();
    let script = temp.path().join("layerlock");
    fs_err::write(
        &script,
        text(&layerlock(temp.path(), &["completions", "bash"])),
    )
    .unwrap();
    for (words, expected) in [
        (&["layerlock", "bu"][..], &["build"][..]),
        (&["layerlock", "co"], &["completions"]),
        (&["layerlock", "cache", "p"], &["prune"]),
        (&["layerlock", "build", "--dry"], &["--dry-run"]),
        (
            &["layerlock", "build", "--color", ""],
            &["auto", "always", "never"],
        ),
        (&["layerlock", "build", "--compression", "b"], &["best"]),
        (
            &["layerlock", "build", "--architecture", ""],
            &["x86_64", "arm64"],
        ),
        (
            &["layerlock", "init", "--runtime", "python3.12"],
            &["python3.12"],
        ),
        (
            &["layerlock", "install", "--build-frontend", ""],
            &["uv", "pip"],
        ),
        (
            &["layerlock", "publish", "--provider", ""],
            &["local", "aws", "aliyun"],
        ),
        (&["layerlock", "export", "-f", "py"], &["pylock.toml"]),
        (&["layerlock", "completions", "z"], &["zsh"]),
        // What the help hides.
        (&["layerlock", "ma"], &[]),
        (&["layerlock", "build", "--no-plug"], &[]),
        (&["layerlock", "install", "--targ"], &["--target"]),
    ] {
        let Some(mut offered) = complete_in_bash(&script, words) else {
            return;
        };
        offered.retain(|word| !word.is_empty());
        assert_eq!(offered, expected, "{words:?}");
    }
}

#[test]
fn each_shell_takes_its_script() {
    let temp = TempDir::new().unwrap();
    for (shell, check) in [
        ("bash", &["bash", "-n"][..]),
        ("zsh", &["zsh", "-n"]),
        ("fish", &["fish", "--no-execute"]),
        ("powershell", &["pwsh", "-NoProfile", "-File"]),
        ("elvish", &["elvish", "-compileonly"]),
    ] {
        let script = text(&layerlock(temp.path(), &["completions", shell]));
        assert!(script.contains("dry-run"), "{shell}");
        assert!(!script.contains("no-plugins"), "{shell}");
        let file = temp.path().join(format!("{shell}.ps1"));
        fs_err::write(&file, script).unwrap();
        let arguments = [&check[1..], &[file.to_str().unwrap()]].concat();
        if let Some(output) = run(check[0], &arguments) {
            text(&output);
        }
    }
}

#[test]
fn a_script_is_for_a_shell_that_is_named() {
    let temp = TempDir::new().unwrap();
    let output = layerlock(temp.path(), &["completions", "tcsh"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("bash, elvish, fish, powershell, zsh"),
        "{message}"
    );
}

#[test]
fn each_command_has_a_man_page() {
    let temp = TempDir::new().unwrap();
    let pages = temp.path().join("share/man/man1");
    assert_eq!(
        text(&layerlock(temp.path(), &["man", "share/man/man1"])),
        ""
    );
    let names = layerlock_layer::files_in(&pages).unwrap();
    for name in [
        "layerlock.1",
        "layerlock-build.1",
        "layerlock-cache.1",
        "layerlock-cache-prune.1",
        "layerlock-completions.1",
    ] {
        assert!(names.iter().any(|one| one == name), "{names:?}");
    }
    assert!(!names.iter().any(|one| one.contains("man.1")), "{names:?}");

    let page = |name: &str| fs_err::read_to_string(pages.join(name)).unwrap();
    let build = page("layerlock-build.1");
    let version = env!("CARGO_PKG_VERSION");
    for part in [
        &format!(r#".TH layerlock-build 1 " " "layerlock {version}" "layerlock manual""#),
        r"\fBlayerlock build\fR [OPTIONS]",
        r"\-\-dry\-run",
        ".SH \"EXIT STATUS\"",
        ".SH \"SEE ALSO\"",
    ] {
        assert!(build.contains(part), "{part}: {build}");
    }
    assert!(!build.contains("no\\-plugins"));
    for name in &names {
        let path = pages.join(name);
        let arguments = ["-man", "-ww", "-Tutf8", "-z", path.to_str().unwrap()];
        if let Some(output) = run("groff", &arguments) {
            text(&output);
        }
        if let Some(output) = run("mandoc", &["-Tlint", "-Wwarning", path.to_str().unwrap()]) {
            // A date would differ from build to build.
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            let told: Vec<_> = told.lines().filter(|line| !line.contains("date")).collect();
            assert!(told.is_empty(), "{told:?}");
        }
    }
}

#[test]
fn man_pages_that_cannot_be_written_are_told() {
    let temp = TempDir::new().unwrap();
    fs_err::write(temp.path().join("man1"), "a file").unwrap();
    let output = layerlock(temp.path(), &["man", "man1"]);
    assert_eq!(output.status.code(), Some(8));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.starts_with("error: failed to create directory `man1`"),
        "{message}"
    );
}
