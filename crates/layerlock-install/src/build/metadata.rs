//! What a built wheel says of where it was built, and by what.
//!
//! poetry-core writes a project's path dependency into METADATA as
//! `Requires-Dist: NAME @ file:///home/…`, which would give each machine a layer of
//! its own, and a git URL as it stands in pyproject.toml, credentials and all.
//! A layer has what is required beside it: the name is enough. WHEEL names the
//! backend and its version, which is whatever was the newest that day: a layer
//! would change with each release of setuptools.

use std::collections::BTreeMap;

use layerlock_digest::Digest;
use layerlock_layer::archive::RawMember;

use super::git;
use crate::WheelProblem;
use crate::wheel::metadata_file;

/// What files of a wheel become, by their names.
pub(super) type Rewritten = BTreeMap<String, Vec<u8>>;

/// Takes this machine's directories, credentials, and the backend's version out of a
/// wheel's metadata.
pub(super) fn without_this_machine(members: &[RawMember<'_>]) -> Result<Rewritten, WheelProblem> {
    let mut files = BTreeMap::new();
    for member in members {
        if let Some(file) = ["METADATA", "WHEEL", "RECORD"]
            .into_iter()
            .find(|file| is_of_dist_info(member.name.as_str(), file))
        {
            let name = member.name.to_string();
            files.entry(file).or_insert((name, metadata_file(member)?));
        }
    }
    rewrite(&mut files, "METADATA", without_private_urls);
    rewrite(&mut files, "WHEEL", without_generator);
    Ok(files.into_values().collect())
}

/// The files that matter here, by their names in the `.dist-info` directory: the name in
/// the wheel, and the bytes.
type Files = BTreeMap<&'static str, (String, Vec<u8>)>;

/// Changes a file's text, and its row in RECORD.
fn rewrite(files: &mut Files, file: &str, change: impl Fn(&str) -> String) {
    let Some((name, bytes)) = files.get_mut(file) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let changed = change(text);
    if changed == text {
        return;
    }
    *bytes = changed.into_bytes();
    let hash = Digest::sha256_of(bytes).base64_url();
    let row = format!("{name},sha256={hash},{}", bytes.len());
    let name = name.clone();
    if let Some((_, record)) = files.get_mut("RECORD") {
        let text = String::from_utf8_lossy(record);
        let is_its_own = |line: &str| {
            let rest = line.trim_start_matches('"').strip_prefix(&name);
            rest.is_some_and(|rest| rest.starts_with([',', '"']))
        };
        let rows = text
            .lines()
            .map(|line| if is_its_own(line) { &row } else { line });
        *record = rows
            .flat_map(|row| [row, "\n"])
            .collect::<String>()
            .into_bytes();
    }
}

/// Whether a name is that of a file of the one `.dist-info` directory.
fn is_of_dist_info(name: &str, file: &str) -> bool {
    let directory = name.strip_suffix(file);
    let directory = directory.and_then(|directory| directory.strip_suffix(".dist-info/"));
    directory.is_some_and(|directory| !directory.contains('/'))
}

/// The metadata with the URLs of requirements cut; the text after its headers
/// is its author's.
fn without_private_urls(metadata: &str) -> String {
    let mut in_headers = true;
    let lines = metadata.split_inclusive('\n').map(|line| {
        in_headers &= !line.trim_end().is_empty();
        match line.split_once(':') {
            Some((field, requirement))
                if in_headers && field.eq_ignore_ascii_case("Requires-Dist") =>
            {
                without_private_url(requirement).map(|requirement| format!("{field}:{requirement}"))
            }
            _ => None,
        }
        .unwrap_or_else(|| line.to_owned())
    });
    lines.collect()
}

/// `NAME @ URL ; MARKER` (PEP 508) without a URL on this machine, or with
/// one without credentials.
fn without_private_url(requirement: &str) -> Option<String> {
    let (name, rest) = requirement.split_once('@')?;
    if name.contains([';', '(']) {
        return None;
    }
    let from = rest.trim_start();
    let end = from.find(char::is_whitespace).unwrap_or(from.len());
    let (url, rest) = from.split_at(end);
    let scheme = url.split(':').next()?.to_ascii_lowercase();
    if scheme == "file" || scheme.ends_with("+file") {
        return Some(format!("{}{rest}", name.trim_end()));
    }
    let (kind, url) = match url.split_once('+') {
        Some((kind, url)) if !kind.contains(':') => (format!("{kind}+"), url),
        _ => (String::new(), url),
    };
    Some(format!("{name}@ {kind}{}{rest}", git::shown(url)))
}

/// "Generator is the name and optionally the version of the software that produced
/// the archive": it is packed here.
fn without_generator(wheel: &str) -> String {
    let lines = wheel.split_inclusive('\n').map(|line| {
        let field = line.split(':').next().unwrap_or_default();
        if field.eq_ignore_ascii_case("Generator") {
            "Generator: layerlock\n"
        } else {
            line
        }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_of_this_machine_and_nobody_elses_business_is_cut() {
        for (line, expected) in [
            ("a @ file:///home/me/a", "a"),
            (
                "a[x] @ file:///home/me/a%20b ; extra == \"c\"",
                "a[x] ; extra == \"c\"",
            ),
            ("a@ file:///a.tar.gz#subdirectory=x", "a"),
            ("a @ git+file:///srv/a@main", "a"),
            (
                "a @ git+https://me:secret@git.example.com/a@main",
                "a @ git+https://git.example.com/a@main",
            ),
            (
                "a @ git+ssh://git@git.example.com/a",
                "a @ git+ssh://git@git.example.com/a",
            ),
            (
                "a @ https://packages.example.com/a-1.whl",
                "a @ https://packages.example.com/a-1.whl",
            ),
            ("a (>=1) ; extra == \"b@c\"", "a (>=1) ; extra == \"b@c\""),
        ] {
            let text = |line: &str| {
                let body = "Requires-Dist: a @ file:///in/the/description\n";
                format!("Name: demo\nRequires-Dist: {line}\nLicense: MIT\n\n{body}")
            };
            assert_eq!(without_private_urls(&text(line)), text(expected));
            let windows = |text: String| text.replace('\n', "\r\n");
            assert_eq!(
                without_private_urls(&windows(text(line))),
                windows(text(expected))
            );
        }
    }

    #[test]
    fn the_generator_is_whoever_packs() {
        let text = |generator: &str| {
            format!("Wheel-Version: 1.0\nGenerator: {generator}\nRoot-Is-Purelib: true\n")
        };
        assert_eq!(
            without_generator(&text("setuptools (80.9.0)")),
            text("layerlock")
        );
    }

    #[test]
    fn record_says_what_metadata_has_become() {
        let mut files = BTreeMap::new();
        for (file, text) in [
            ("METADATA", "Requires-Dist: a @ file:///a\n"),
            (
                "RECORD",
                "demo/METADATA,x,1\r\ndemo-1.0.dist-info/METADATA,sha256=x,29\r\n\
                 demo-1.0.dist-info/RECORD,,\r\n",
            ),
        ] {
            let name = format!("demo-1.0.dist-info/{file}");
            files.insert(file, (name, text.as_bytes().to_vec()));
        }
        rewrite(&mut files, "METADATA", without_private_urls);
        let text = |file| std::str::from_utf8(&files[file].1).unwrap();
        let metadata = text("METADATA");
        assert_eq!(metadata, "Requires-Dist: a\n");
        let hash = Digest::sha256_of(metadata.as_bytes()).base64_url();
        assert_eq!(
            text("RECORD"),
            format!(
                "demo/METADATA,x,1\ndemo-1.0.dist-info/METADATA,sha256={hash},17\n\
                 demo-1.0.dist-info/RECORD,,\n"
            )
        );
    }

    #[test]
    fn only_the_dist_info_directory_has_metadata() {
        for (name, is) in [
            ("demo-1.0.dist-info/METADATA", true),
            ("demo/METADATA", false),
            ("a/demo-1.0.dist-info/METADATA", false),
            ("demo-1.0.dist-info/RECORD", false),
            ("METADATA", false),
        ] {
            assert_eq!(is_of_dist_info(name, "METADATA"), is, "{name}");
        }
    }
}
