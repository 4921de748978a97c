//! A registry of npm that wants a token, on loopback: packages of a scope, fetched by the real
//! npm with what `.npmrc` says.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use anyhow::{Result, bail};
use serde_json::json;

use super::mounted::{Project, lacks};
use crate::checks::{Problems, Proof};
use crate::e2e::archive;
use crate::files;
use crate::tools::Tools;

const TARBALL: &[u8] =
    include_bytes!("../../../../crates/layerlock-cli/tests/it/npm/greeter-1.0.0.tgz");
const INTEGRITY: &str =
    include_str!("../../../../crates/layerlock-cli/tests/it/npm/greeter-1.0.0.integrity");
const TOKEN: &str = "npm-token-0123456789";
const SETTINGS: &str = "[layers.web]\nnpm = \".\"\nruntime = \"nodejs22\"\n";

/// Where the package's tarball lies in the registry.
const PLACE: &str = "/@s/greeter/-/greeter-1.0.0.tgz";

/// Serves the package `@s/greeter` for as long as this process runs; gives its address.
fn serve() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let own = address.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(&stream, &own);
        }
    });
    Ok(address)
}

fn answer(stream: &TcpStream, address: &str) -> Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_lowercase();
    let mut has_token = false;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        has_token |= line.ends_with(&format!("Bearer {TOKEN}"));
    }
    let manifest = json!({
        "name": "@s/greeter", "version": "1.0.0",
        "dist": {"tarball": format!("http://{address}{PLACE}"), "integrity": INTEGRITY.trim()},
    });
    let document = json!({
        "name": "@s/greeter", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest},
    });
    let (status, body) = match &*path {
        _ if !has_token => ("401 Unauthorized", b"{}".to_vec()),
        "/@s%2fgreeter" => ("200 OK", document.to_string().into_bytes()),
        PLACE => ("200 OK", TARBALL.to_vec()),
        _ => ("404 Not Found", b"{}".to_vec()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    Ok(stream.write_all(&body)?)
}

/// The package of a scope, by what `.npmrc` and the lock say of its registry.
pub(super) fn prove(_: &Tools, binary: &Path) -> Result<Proof> {
    if let Some(skipped) = lacks(&["npm"], "nodejs npm") {
        return Ok(skipped);
    }
    let address = serve()?;
    let token = format!("//{address}/:_authToken={TOKEN}\n");
    let nowhere = format!("registry=http://{address}/empty/\nfetch-retries=0\n{token}");
    let tarball = format!("http://{address}{PLACE}");
    let mut problems = Problems::default();
    for (case, npmrc, resolved) in [
        (
            "a scope",
            format!("@s:registry=http://{address}/\n{token}"),
            None,
        ),
        ("the lock's own address", nowhere, Some(tarball)),
    ] {
        let empty = tempfile::tempdir()?;
        let project = Project::new(binary, empty.path(), "")?;
        fs_err::create_dir_all(&project.path)?;
        fs_err::write(project.path.join("layerlock.toml"), SETTINGS)?;
        let manifest = json!({"dependencies": {"@s/greeter": "1.0.0"}});
        let mut locked = json!({"version": "1.0.0", "integrity": INTEGRITY.trim()});
        if let Some(resolved) = resolved {
            locked["resolved"] = resolved.into();
        }
        let packages = json!({"": &manifest, "node_modules/@s/greeter": locked});
        let lock = json!({"lockfileVersion": 3, "packages": packages});
        for (name, text) in [
            ("package.json", manifest.to_string()),
            ("package-lock.json", lock.to_string()),
            (".npmrc", npmrc),
        ] {
            fs_err::write(project.path.join(name), text)?;
        }
        let built = project
            .layerlock
            .command(&project.path, &["build", "--verbose"])
            .env("npm_config_cache", project.beside("npm-cache"))
            .finish()?;
        if built.code != Some(0) {
            bail!("{case}: {}", built.describe());
        }
        let zip = project.path.join("dist/layers/web-nodejs22.x-x86_64.zip");
        let tree = archive::read(&zip)?;
        let file = "nodejs/node_modules/@s/greeter/package.json";
        problems.hold(tree.contains_key(file), || {
            format!("{case}: {file} is missing")
        });
        let said = format!("{}{}", built.stdout, built.stderr);
        problems.hold(!said.contains(TOKEN), || {
            format!("{case}: the token is printed")
        });
        for directory in [&project.layerlock.cache, &project.path.join("dist")] {
            for path in files::tree(directory)?.into_keys() {
                let bytes = fs_err::read(directory.join(&path))?;
                let has_token = bytes
                    .windows(TOKEN.len())
                    .any(|part| part == TOKEN.as_bytes());
                problems.hold(!has_token, || format!("{case}: {path} has the token"));
            }
        }
    }
    problems.finish()?;
    Ok(Proof::Full)
}
