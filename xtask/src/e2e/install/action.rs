//! `action.yml`: GitHub's own schema, and its shell steps, run by a driver.
//!
//! That GitHub runs it, and actions/cache, are not proved.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::package::Package;
use super::shop::{Shop, Versions, make_stale};
use crate::checks::{Checks, Problems, Proof};
use crate::files;
use crate::repository;
use crate::tools::{Tools, has_program};

/// Runs the steps.
const DRIVER: &str = include_str!("action.py");

/// The project, from the top of the checkout.
const PROJECT: &str = "services/shop";

pub(super) fn prove(checks: &mut Checks, tools: &Tools, package: &Package) {
    checks.check("action: its file is as GitHub's schema has it", || {
        valid(tools, package)
    });
    checks.check("action: docs/integrations.md has valid examples", || {
        valid_examples(tools, package)
    });
    checks.check("action: its module's own tests", || {
        let count = package.run_tests(tools.python(), &["test_github"])?;
        Ok(Proof::Figure(count))
    });
    let mut check = |name: &str, check: &dyn Fn(&Case) -> Result<()>| {
        checks.check(&format!("action: {name}"), || {
            if !has_program("bash") {
                return Ok(Proof::Skipped("no bash here".into()));
            }
            check(&Case::new(tools, package)?)?;
            Ok(Proof::Full)
        });
    };
    check("builds, with a table of sizes and outputs", &builds);
    check("publishes, and gives the ARNs", &publishes);
    check("findings and errors are annotations", &annotates);
}

/// The schema takes the file, and no file with a mistake.
fn valid(tools: &Tools, package: &Package) -> Result<Proof> {
    let check = |file: PathBuf| {
        let check = tools.check_jsonschema_python();
        let check = check.args(["-m", "check_jsonschema", "--builtin-schema"]);
        check.arg("vendor.github-actions").arg(file).finish()
    };
    let action = repository::root().join("action.yml");
    let text = fs_err::read_to_string(&action)?;
    check(action)?.success()?;
    let wrong = package.new_directory("action")?.join("action.yml");
    fs_err::write(&wrong, text.replace("using: composite", "using: bash"))?;
    let mut problems = Problems::default();
    problems.equal("of a mistake, the exit code", check(wrong)?.code, Some(1));
    problems.finish()?;
    Ok(Proof::Full)
}

/// Each block of YAML in the page begins with a line `# PATH`, which says what reads it.
fn valid_examples(tools: &Tools, package: &Package) -> Result<Proof> {
    let page = repository::root().join("docs/integrations.md");
    let text = fs_err::read_to_string(page)?;
    let directory = package.new_directory("examples")?;
    let schema = |name: &str| {
        let check = tools.check_jsonschema_python();
        check.args(["-m", "check_jsonschema", "--builtin-schema", name])
    };
    let blocks: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    for block in &blocks {
        let path = block
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "));
        let path = path.context("a block of YAML does not begin with `# PATH`")?;
        let file = directory.join(path.rsplit('/').next().unwrap_or(path));
        fs_err::write(&file, block)?;
        let check = match path {
            ".gitlab-ci.yml" => schema("vendor.gitlab-ci"),
            ".pre-commit-config.yaml" => tools.pre_commit().arg("validate-config"),
            path if path.starts_with(".github/workflows/") => schema("vendor.github-workflows"),
            path => anyhow::bail!("nothing here knows {path}"),
        };
        check.arg(file).stdout().with_context(|| path.to_owned())?;
    }
    anyhow::ensure!(blocks.len() >= 3, "the page has {} examples", blocks.len());
    Ok(Proof::Figure(format!("{} examples", blocks.len())))
}

/// A checkout with a project.
struct Case<'a> {
    tools: &'a Tools,
    package: &'a Package,
    shop: Shop,
    checkout: PathBuf,
}

/// What the driver tells.
#[derive(Deserialize)]
struct Run {
    code: i32,
    log: String,
    summary: String,
    outputs: BTreeMap<String, String>,
    cache: Option<BTreeMap<String, String>>,
    /// PATH for the steps that follow.
    path: String,
}

impl<'a> Case<'a> {
    fn new(tools: &'a Tools, package: &'a Package) -> Result<Self> {
        let checkout = package.new_directory("action")?.join("checkout");
        if checkout.exists() {
            fs_err::remove_dir_all(&checkout)?;
        }
        let shop = Shop::open();
        shop.write(&checkout.join(PROJECT), Versions::default());
        Ok(Self {
            tools,
            package,
            shop,
            checkout,
        })
    }

    fn run(&self, inputs: &[(&str, &str)]) -> Result<Run> {
        let work = self.checkout.with_file_name("runner");
        if work.exists() {
            fs_err::remove_dir_all(&work)?;
        }
        fs_err::create_dir(&work)?;
        let driver = self.tools.check_jsonschema_python();
        let python = self.tools.pip_python();
        let mut command = self
            .shop
            .index_of(self.package.environment(driver))
            .directory(&self.checkout)
            .args(["-c", DRIVER])
            .arg(repository::root().join("action.yml"))
            .arg(&work)
            .arg(format!("project={PROJECT}"))
            .arg(format!("package={}", self.package.wheel.display()))
            .arg(format!("python={}", python.program().to_string_lossy()));
        for (name, value) in inputs {
            command = command.arg(format!("{name}={value}"));
        }
        let stdout = command.stdout()?;
        serde_json::from_str(&stdout).with_context(|| format!("the driver printed {stdout}"))
    }
}

impl Run {
    /// Adds a problem for each text that is not in the log or the summary.
    fn says(&self, problems: &mut Problems, log: &[&str], summary: &[&str]) {
        for (name, text, wanted) in [("log", &self.log, log), ("summary", &self.summary, summary)] {
            for line in wanted {
                problems.hold(text.contains(line), || {
                    format!("the {name} has no {line:?}, but:\n{text}")
                });
            }
        }
    }
}

fn builds(case: &Case) -> Result<()> {
    let run = case.run(&[])?;
    let mut problems = Problems::default();
    problems.equal("the exit code", run.code, 0);
    let zip = case
        .checkout
        .join(PROJECT)
        .join("dist/layers/shop-python3.12-x86_64.zip");
    let sha256 = files::sha256(&fs_err::read(&zip)?);
    let zips = fs_err::canonicalize(&zip)?.display().to_string();
    problems.equal("the output zips", run.outputs.get("zips"), Some(&zips));
    problems.equal(
        "the output arns",
        run.outputs.get("arns"),
        Some(&String::new()),
    );
    let row = format!(
        "| shop | python3.12 | x86\\_64 | 1 | {} B |",
        zip.metadata()?.len()
    );
    let mark = format!("| {} |", &sha256[..12]);
    run.says(&mut problems, &[&sha256], &[&row, &mark, "| cart | 1.0 |"]);
    problems.hold(!run.log.contains("::"), || {
        format!("the log of a good build has annotations:\n{}", run.log)
    });
    let cache = run.cache.context("the cache is not restored")?;
    let directory = case.package.layerlock.cache.display().to_string();
    problems.equal("the path of the cache", cache.get("path"), Some(&directory));
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let key = cache
        .get("key")
        .and_then(|key| key.strip_prefix("layerlock-Linux-"));
    problems.hold(key.is_some_and(is_digest), || {
        format!("the key of the cache has no hash of the lock: {cache:?}")
    });
    let command = std::env::split_paths(&run.path)
        .next()
        .map(|bin| bin.join("layerlock"));
    problems.hold(command.as_ref().is_some_and(|path| path.is_file()), || {
        format!("{command:?} is not there for later steps")
    });

    let without = case.run(&[("cache", "false")])?;
    problems.equal("the exit code without a cache", without.code, 0);
    problems.hold(without.cache.is_none(), || "the cache is restored".into());
    problems.finish()
}

fn publishes(case: &Case) -> Result<()> {
    let inputs = [
        ("publish", "true"),
        ("publish-arguments", "--provider local"),
    ];
    let run = case.run(&inputs)?;
    let mut problems = Problems::default();
    problems.equal("the exit code", run.code, 0);
    let arns = r#"{"shop": "local:shop:1"}"#.to_owned();
    problems.equal("the output arns", run.outputs.get("arns"), Some(&arns));
    run.says(
        &mut problems,
        &[],
        &["| shop |  | published | local:shop:1 |"],
    );

    let inputs = [("publish", "true"), ("publish-arguments", "--nosuch")];
    let wrong = case.run(&inputs)?;
    problems.equal("the exit code of a wrong argument", wrong.code, 2);
    wrong.says(
        &mut problems,
        &["::error title=layerlock publish::layerlock publish ended with exit code 2"],
        &[],
    );
    problems.finish()
}

fn annotates(case: &Case) -> Result<()> {
    let mut problems = Problems::default();
    let found = case.run(&[("arguments", "--exclude-files '*.no such' --exclude nosuch")])?;
    problems.equal("the exit code with warnings", found.code, 0);
    found.says(
        &mut problems,
        &[
            "::warning title=layerlock%3A exclude-unused::the pattern `*.no such`",
            "title=layerlock%3A exclude-unknown::",
        ],
        &["- **warning** `exclude-unused`:"],
    );
    make_stale(&case.checkout.join(PROJECT))?;
    let stale = case.run(&[])?;
    problems.equal("the exit code of a stale lock", stale.code, 3);
    stale.says(
        &mut problems,
        &[
            "error: pyproject.toml changed since services/shop/poetry.lock was written\n",
            "::error file=services/shop/poetry.lock,line=",
            "%0Ahint: run `poetry lock`",
        ],
        &["**pyproject.toml changed since "],
    );
    problems.finish()
}
