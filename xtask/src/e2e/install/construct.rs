//! The construct of `layerlock.cdk` in a real CDK app, that of the fixture `shared-layer`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use layerlock_fixtures::SHARED_LAYER;
use serde_json::Value;

use super::package::Package;
use super::shop::{STALE, Shop, Versions, make_stale};
use crate::checks::{Checks, Problems, Proof};
use crate::files;
use crate::process::Command;
use crate::tools::{Tools, has_node};

/// The app, in the project's directory.
const APP: &str = "construct.py";

pub(super) fn prove(checks: &mut Checks, tools: &Tools, package: &Package) {
    let python = tools.python();
    checks.check("construct: without the CDK it says what to install", || {
        package.run_tests(python, &["test_cdk"]).map(Proof::Figure)
    });
    let mut check = |name: &str, check: &dyn Fn(&Case) -> Result<Proof>| {
        checks.check(&format!("construct: {name}"), || {
            if !has_node() {
                return Ok(Proof::Skipped("no Node.js with npm here".into()));
            }
            check(&Case::new(tools, package)?)
        });
    };
    check("its own tests", &|case| {
        let count = case
            .package
            .run_tests(case.tools.cdk_python(), &["test_cdk"])?;
        Ok(Proof::Figure(count))
    });
    check(
        "the hash of the asset follows the layer alone",
        &hash_follows_layer,
    );
    check("`cdk synth` shows layerlock's error", &shows_errors);
    check("`cdk list` builds nothing", &builds_only_what_is_needed);
}

struct Case<'a> {
    tools: &'a Tools,
    package: &'a Package,
    shop: Shop,
    project: PathBuf,
}

impl<'a> Case<'a> {
    fn new(tools: &'a Tools, package: &'a Package) -> Result<Self> {
        let project = package.new_directory("construct")?.join("shop");
        if project.exists() {
            fs_err::remove_dir_all(&project)?;
        }
        let fixture = SHARED_LAYER.project();
        files::copy(&fixture.join("lambda"), &project.join("lambda"))?;
        for file in [APP, "cdk.json"] {
            fs_err::copy(fixture.join(file), project.join(file))?;
        }
        let shop = Shop::open();
        shop.write(&project, Versions::default());
        Ok(Self {
            tools,
            package,
            shop,
            project,
        })
    }

    fn environment(&self, command: Command) -> Command {
        let command = self.package.environment(command);
        let command = self.shop.index_of(command).directory(&self.project);
        command
            .env("PYTHONPATH", &self.package.installed)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")
            .env("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")
    }

    /// The CDK's command line, on the app.
    fn cdk(&self, command: &str) -> Command {
        let cdk = self.tools.cdk();
        let programs = self.tools.programs_of("cdk-library");
        // `environment` sets PATH; the app's Python has to be the first there.
        self.environment(cdk)
            .path_first(&[&programs])
            .args([command, "--app", &format!("python {APP}")])
            .args(["--no-notices", "--no-version-reporting"])
            // In CI it prints its warnings to standard output.
            .arg("--ci=false")
    }

    /// Runs the app alone, as the command line runs it; what it makes is in `out`.
    fn synth(&self, out: &Path) -> Result<Asset> {
        let app = self.environment(self.tools.cdk_python());
        app.arg(APP).env("CDK_OUTDIR", out).stdout()?;
        Asset::read(out)
    }
}

/// The asset of the one layer.
#[derive(Debug, PartialEq, Eq)]
struct Asset {
    /// The key under which the CDK uploads it.
    key: String,
    sha256: String,
}

impl Asset {
    fn read(out: &Path) -> Result<Self> {
        let template = format!("{}.template.json", app_stack()?);
        let template: Value = serde_json::from_slice(&fs_err::read(out.join(template))?)?;
        let resources = template["Resources"].as_object().context("no Resources")?;
        let mut layers = resources
            .values()
            .filter(|resource| resource["Type"] == "AWS::Lambda::LayerVersion");
        let layer = layers.next().context("the template has no layer")?;
        anyhow::ensure!(layers.next().is_none(), "the template has two layers");
        let properties = &layer["Properties"];
        let mut problems = Problems::default();
        for (name, value) in [
            ("CompatibleRuntimes", "python3.12"),
            ("CompatibleArchitectures", "x86_64"),
        ] {
            problems.equal(name, &properties[name], &serde_json::json!([value]));
        }
        let zips: Vec<String> = fs_err::read_dir(out)?
            .map(|entry| Ok(files::name(&entry?.path())))
            .collect::<Result<_>>()?;
        let zips: Vec<&String> = zips.iter().filter(|name| is_zip(name)).collect();
        let key = properties["Content"]["S3Key"]
            .as_str()
            .context("no S3Key")?;
        problems.equal("the zips in cdk.out", zips, vec![&format!("asset.{key}")]);
        problems.finish()?;
        let bytes = fs_err::read(out.join(format!("asset.{key}")))?;
        Ok(Self {
            key: key.to_owned(),
            sha256: files::sha256(&bytes),
        })
    }
}

fn is_zip(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "zip")
}

fn app_stack() -> Result<&'static str> {
    let app = SHARED_LAYER
        .cdk
        .as_ref()
        .context("the fixture has no app")?;
    Ok(app.stack)
}

fn hash_follows_layer(case: &Case) -> Result<Proof> {
    let out = case.project.join("cdk.out");
    case.cdk("synth").arg("--quiet").stdout()?;
    let first = Asset::read(&out)?;
    let zip = files::sha256(&fs_err::read(
        case.project.join("dist/layers/shop-python3.12-x86_64.zip"),
    )?);
    let mut problems = Problems::default();
    problems.equal("the asset", &first.sha256, &zip);

    for directory in [
        &out,
        &case.project.join("dist"),
        &case.package.layerlock.cache,
    ] {
        fs_err::remove_dir_all(directory)?;
    }
    let again = case.synth(&out)?;
    problems.equal("the asset after a build from nothing", &again, &first);

    case.shop
        .write(&case.project, Versions { runtime: 0, dev: 1 });
    let dev = case.synth(&case.project.join("dev.out"))?;
    problems.equal("the asset after a change of a dev package", &dev, &first);

    case.shop
        .write(&case.project, Versions { runtime: 1, dev: 1 });
    let runtime = case.synth(&case.project.join("runtime.out"))?;
    problems.hold(runtime.key != first.key, || {
        "the asset has the same key after a change of a package of the layer".into()
    });
    problems.finish()?;
    Ok(Proof::Figure(format!("one zip, {}", &first.key[..12])))
}

fn shows_errors(case: &Case) -> Result<Proof> {
    make_stale(&case.project)?;
    let finished = case.cdk("synth").arg("--quiet").finish()?;
    let mut problems = Problems::default();
    problems.hold(finished.code != Some(0), || "cdk synth succeeds".into());
    let said = format!("{}{}", finished.stdout, finished.stderr);
    for text in [
        &format!("error: {STALE}\n"),
        "--> poetry.lock:",
        &format!("LayerlockError: {STALE} (poetry.lock:"),
    ] {
        problems.hold(said.contains(text), || format!("it does not say {text}"));
    }
    problems.finish().with_context(|| finished.describe())?;
    Ok(Proof::Full)
}

fn builds_only_what_is_needed(case: &Case) -> Result<Proof> {
    make_stale(&case.project)?;
    let listed = case.cdk("list").stdout()?;
    let mut problems = Problems::default();
    problems.equal("the stacks", listed.trim(), app_stack()?);
    let built = case.project.join("dist").exists();
    problems.hold(!built, || "a layer was built".into());
    problems.finish()?;
    Ok(Proof::Full)
}
