//! The page of `layerlock size --html`, in a real browser.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::checks::{Checks, Proof};
use crate::layerlock::Layerlock;
use crate::process::Command;

/// Opens the page in a frame, acts as a reader does, and tells what is wrong.
const HARNESS: &str = include_str!("size.html");

/// A file that would end the page's script, if its name were markup.
const HOSTILE: &str = "own/<script>document.title='owned'</script>.py";

/// As packages for desktops are called.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

pub(crate) fn prove(checks: &mut Checks, binary: &Path) {
    for (name, width, dark) in [
        ("the page on a desk", 1_000, false),
        ("the page on a phone", 390, false),
        ("the page in the dark", 390, true),
    ] {
        checks.check(name, || prove_page(binary, width, dark));
    }
}

fn prove_page(binary: &Path, width: u32, dark: bool) -> Result<Proof> {
    let Some(browser) = find_browser() else {
        return Ok(Proof::Skipped(
            "no Chromium on PATH (Debian: apt-get install chromium)".into(),
        ));
    };
    let work = tempfile::Builder::new()
        .prefix("layerlock-e2e-")
        .tempdir()?;
    let page = make_page(binary, &work)?;
    let harness = work.path().join("harness.html");
    let text = HARNESS
        .replace("{{width}}", &width.to_string())
        .replace("{{dark}}", &dark.to_string());
    fs_err::write(&harness, text)?;
    // Blink's own numbers: 0 is dark, 1 is light.
    let scheme = u8::from(!dark);
    let profile = work.path().join("profile");
    let shown = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            // The frame is a file, as the page is where somebody opens it.
            "--allow-file-access-from-files",
            "--virtual-time-budget=10000",
            "--window-size=1200,900",
            "--dump-dom",
        ])
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", harness.display()))
        .stdout()?;
    let result = shown
        .split_once("<pre id=\"result\">")
        .and_then(|(_, rest)| rest.split_once("</pre>"))
        .map(|(result, _)| result);
    match result.context("the browser shows no result")? {
        "" => bail!("the checks did not come to an end: {}", page.display()),
        result => match result.strip_prefix("ok: ") {
            Some(figure) => Ok(Proof::Figure(figure.to_owned())),
            None => bail!("{result}"),
        },
    }
}

/// The page of a layer of three packages and a hostile name.
fn make_page(binary: &Path, work: &TempDir) -> Result<PathBuf> {
    let layer = work.path().join("layer");
    for (package, file, size) in [
        ("big", "big/core/large.so", 600_000),
        ("big", "big/core/small.so", 200_000),
        ("big", "big/__init__.py", 1_000),
        ("middle", "middle/__init__.py", 150_000),
        ("tiny", "tiny/__init__.py", 10),
    ] {
        let directory = layer.join("python");
        let metadata = directory.join(format!("{package}-1.0.dist-info/METADATA"));
        write(
            &metadata,
            format!("Name: {package}\nVersion: 1.0\n").as_bytes(),
        )?;
        write(&directory.join(file), &vec![b'x'; size])?;
    }
    write(&layer.join(HOSTILE), &vec![b'x'; 50_000])?;
    let page = work.path().join("page.html");
    let layerlock = Layerlock::new(binary, work.path())?;
    let (layer, html) = (layer.display().to_string(), page.display().to_string());
    layerlock
        .command(work.path(), &["size", &layer, "--html", &html])
        .stdout()?;
    Ok(page)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs_err::create_dir_all(path.parent().context("a file in a directory")?)?;
    Ok(fs_err::write(path, bytes)?)
}

fn find_browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let directories: Vec<_> = std::env::split_paths(&path).collect();
    let found = BROWSERS.iter().flat_map(|name| {
        let places = directories
            .iter()
            .map(move |directory| directory.join(name));
        places.filter(|place| place.is_file())
    });
    found.into_iter().next()
}
