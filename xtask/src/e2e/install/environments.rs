//! Where the wheel is installed, and by what.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;

use super::workshop::{Workshop, apart};
use crate::checks::{Problems, Proof};
use crate::dist::wheel::version;
use crate::process::Command;
use crate::tools::{PYTHON, find_python};

/// The Pythons that the wheel says it installs into, and that it is tried on where this
/// machine has them: the oldest, and those after the one that tools run on.
const OTHER_PYTHONS: &[&str] = &["3.8", "3.9", "3.13", "3.14"];

const FIND: &str = "import layerlock; print(layerlock.find_layerlock_bin())";

/// The pinned pip installs and uninstalls it, and the command runs both ways.
pub(super) fn of_pinned_pip(workshop: &Workshop) -> Result<Proof> {
    let python = PathBuf::from(workshop.tools.python().program());
    let environment = workshop.environment("pinned", &python, false)?;
    let started = Instant::now();
    workshop
        .pip(&environment, &["install", "--no-index"])
        .arg(&workshop.wheel)
        .stdout()?;
    let time = started.elapsed();
    let mut problems = Problems::default();
    let binary = environment.program("layerlock");
    finds(&mut problems, &environment.python(), &binary)?;
    says_its_version(&mut problems, &Command::new(&binary))?;
    let module = || environment.python().args(["-m", "layerlock"]);
    says_its_version(&mut problems, &module())?;

    // Exit codes and both streams come through.
    let arguments = ["build", "--project", "no-such-directory"];
    let direct = Command::new(&binary).args(arguments).finish()?;
    let by_python = module().args(arguments).finish()?;
    problems.equal("the exit code", by_python.code, direct.code);
    problems.equal("stderr", by_python.stderr, direct.stderr);
    problems.hold(direct.code != Some(0), || "no error".to_owned());

    workshop.pip(&environment, &["check"]).stdout()?;
    fs_err::remove_file(&binary)?;
    let lost = module().finish()?;
    problems.equal("the exit code without a binary", lost.code, Some(1));
    let says = lost.stderr.contains(&*binary.to_string_lossy());
    problems.hold(says && !lost.stderr.contains("Traceback"), || {
        format!("it does not say where it looked: {}", lost.stderr)
    });
    workshop
        .pip(&environment, &["uninstall", "--yes", "layerlock"])
        .stdout()?;
    let left = environment.python().args(["-c", "import layerlock"]);
    problems.hold(left.finish()?.code != Some(0), || {
        "pip uninstall leaves the package".to_owned()
    });
    problems.finish()?;
    Ok(Proof::Figure(format!("{:.1} s", time.as_secs_f32())))
}

/// So do the pips that come with other Pythons, of which some are years old.
pub(super) fn of_other_pythons(workshop: &Workshop) -> Result<Proof> {
    let mut tried = Vec::new();
    let mut problems = Problems::default();
    for version in OTHER_PYTHONS {
        let Ok(python) = find_python(version) else {
            continue;
        };
        let environment = workshop.environment(version, &python, true)?;
        let pip = environment.python().args(["-m", "pip"]);
        let said = pip.clone().arg("--version").stdout()?;
        pip.args(["install", "--no-index"])
            .arg(&workshop.wheel)
            .stdout()?;
        let binary = environment.program("layerlock");
        finds(&mut problems, &environment.python(), &binary)?;
        says_its_version(
            &mut problems,
            &environment.python().args(["-m", "layerlock"]),
        )?;
        let pip = said.split_whitespace().nth(1).unwrap_or_default();
        tried.push(format!("{version} (pip {pip})"));
    }
    problems.finish()?;
    if tried.is_empty() {
        let others = OTHER_PYTHONS.join(", ");
        return Ok(Proof::Skipped(format!("there is no Python {others}")));
    }
    Ok(Proof::Figure(tried.join(", ")))
}

/// `pip install` has options that put programs and modules elsewhere.
pub(super) fn elsewhere(workshop: &Workshop) -> Result<Proof> {
    let python = || apart(workshop.tools.python());
    let install = |arguments: &[&str]| {
        // The machine's own Python: nothing of it is touched.
        apart(workshop.tools.pip())
            .arg("--python")
            .arg(workshop.tools.python().program())
            .args(["install", "--no-index", "--break-system-packages"])
            .args(arguments)
    };
    let mut problems = Problems::default();

    let target = workshop.path("target");
    install(&["--target"])
        .args([&target, &workshop.wheel])
        .stdout()?;
    let modules = python().env("PYTHONPATH", &target);
    finds(&mut problems, &modules, &target.join("bin/layerlock"))?;

    let prefix = workshop.path("prefix");
    install(&["--ignore-installed", "--prefix"])
        .args([&prefix, &workshop.wheel])
        .stdout()?;
    let modules = prefix.join(format!("lib/python{PYTHON}/site-packages"));
    let modules = python().env("PYTHONPATH", modules);
    finds(&mut problems, &modules, &prefix.join("bin/layerlock"))?;

    let user = workshop.path("user");
    install(&["--ignore-installed", "--user"])
        .arg(&workshop.wheel)
        .env("PYTHONUSERBASE", &user)
        .stdout()?;
    let modules = python().env("PYTHONUSERBASE", &user);
    finds(&mut problems, &modules, &user.join("bin/layerlock"))?;
    problems.finish()?;
    Ok(Proof::Full)
}

/// `uvx --from FILE` runs it without an install.
pub(super) fn uvx(workshop: &Workshop) -> Result<Proof> {
    let uvx = workshop.tools.programs_of("uv").join("uvx");
    let uvx = apart(Command::new(uvx))
        .without_env(&["UV_"])
        .env("UV_CACHE_DIR", workshop.path("uv-cache"))
        .env("UV_TOOL_DIR", workshop.path("uv-tools"))
        .args(["--offline", "--quiet", "--python"])
        .arg(workshop.tools.python().program())
        .arg("--from")
        .arg(&workshop.wheel)
        .arg("layerlock");
    let mut problems = Problems::default();
    let started = Instant::now();
    says_its_version(&mut problems, &uvx)?;
    let cold = started.elapsed();
    let warm = uvx.arg("--version").time()?;
    problems.finish()?;
    Ok(Proof::Figure(format!(
        "{:.2} s, then {:.2} s",
        cold.as_secs_f32(),
        warm.as_secs_f32()
    )))
}

/// `find_layerlock_bin` gives this binary, and the module runs it.
fn finds(problems: &mut Problems, python: &Command, binary: &Path) -> Result<()> {
    let found = python.clone().args(["-c", FIND]).stdout()?;
    let found = fs_err::canonicalize(found.trim())?;
    problems.equal("the command", found, fs_err::canonicalize(binary)?);
    says_its_version(problems, &python.clone().args(["-m", "layerlock"]))
}

fn says_its_version(problems: &mut Problems, command: &Command) -> Result<()> {
    let said = command.clone().arg("--version").stdout()?;
    let must = format!("layerlock {}", version()?);
    problems.equal("--version", said.trim(), must.as_str());
    Ok(())
}
