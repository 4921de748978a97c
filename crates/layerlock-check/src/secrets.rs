//! Passwords, tokens, keys and paths of a machine, of which nobody should get any. What was
//! found is told by its place: never the secret itself.

mod credentials;
mod url;

use layerlock_target::Target;

use crate::file_facts::{FileFacts, Secret, SecretKind};
use crate::layer::{FileInLayer, Layer};
use crate::names::ending;
use crate::{Code, Finding};

/// Whether a file may have some, by its name.
pub(crate) fn is_for(file: &FileInLayer<'_>) -> bool {
    let name = file.name();
    is_configuration(name)
        || matches!(name, "METADATA" | "direct_url.json" | "RECORD" | "PKG-INFO")
        || matches!(
            ending(name),
            Some("pem" | "key" | "sh" | "txt" | "pth" | "egg-link")
        )
}

/// Whether people write a tool's settings into a file of this name.
fn is_configuration(name: &str) -> bool {
    matches!(
        ending(name),
        Some("cfg" | "ini" | "toml" | "yml" | "yaml" | "conf" | "env" | "lock" | "properties")
    ) || name.starts_with('.')
        || matches!(name, "_netrc" | "Dockerfile" | "credentials" | "config")
        || is_key_file(name)
}

fn is_key_file(name: &str) -> bool {
    matches!(name, "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519")
}

/// Looks for them line by line.
pub(crate) fn find(file: &FileInLayer<'_>, bytes: &[u8]) -> Vec<Secret> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Vec::new();
    };
    let name = file.name();
    let has_settings = is_configuration(name);
    let has_paths = is_for(file) && !has_settings && ending(name) != Some("txt");
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let mut add = |kind| {
            let line = index + 1;
            // One of a kind shows where to look.
            if found.iter().all(|one: &Secret| one.kind != kind) {
                found.push(Secret { kind, line });
            }
        };
        if url::has_user_info(line) {
            add(SecretKind::UserInfo);
        }
        if has_settings && credentials::is_setting(line) {
            add(SecretKind::Setting);
        }
        if credentials::has_access_key(line) {
            add(SecretKind::AccessKey);
        }
        let next = lines.peek().map(|(_, next)| *next);
        if credentials::begins_private_key(line, next) {
            add(SecretKind::PrivateKey);
        }
        if has_paths && url::names_a_machines_path(name, line) {
            add(SecretKind::MachinePath);
        }
    }
    found
}

/// What of a layer is nobody's business.
pub(crate) fn check(
    layer: &Layer<'_>,
    facts: &[FileFacts],
    target: Option<&Target>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(git_directories(layer));
    for (file, facts) in layer.files.iter().zip(facts) {
        let is_source_of_package = file.owner.is_some() && ending(file.name()) == Some("py");
        let of_content = facts.secrets.iter().filter_map(|secret| {
            // Of packages that everybody can get nothing is secret: what their sources have
            // is documentation.
            let is_public = is_source_of_package && secret.kind != SecretKind::PrivateKey;
            (!is_public).then(|| of_secret(file, *secret))
        });
        findings.extend(of_content);
        findings.extend(of_name(file, facts));
        findings.extend(target.and_then(|target| interpreter(file, facts, target)));
    }
    findings
}

fn of_secret(file: &FileInLayer<'_>, Secret { kind, line }: Secret) -> Finding {
    let path = &file.path;
    let (code, what) = match kind {
        SecretKind::UserInfo => (Code::Credentials, "a user's name and password in a URL"),
        SecretKind::Setting => (Code::Credentials, "a password or token"),
        SecretKind::AccessKey => (Code::Credentials, "an access key of AWS"),
        SecretKind::PrivateKey => (Code::PrivateKey, "a private key"),
        SecretKind::MachinePath => (Code::MachinePath, "a path of the machine that made it"),
    };
    let hint = match code {
        Code::MachinePath => "install the package anew, not as an editable one or from a directory",
        _ => {
            "leave the file out, and give the function its secrets at run time; what was \
             published already is known to all who can get the layer"
        }
    };
    Finding::new(code, format!("{path} has {what} in line {line}"))
        .about(file.package(), Some(path))
        .with_hint(hint)
}

/// Files that are secrets by their names.
fn of_name(file: &FileInLayer<'_>, facts: &FileFacts) -> Option<Finding> {
    let name = file.name();
    let is_env = name == ".env"
        || name.strip_prefix(".env.").is_some_and(|rest| {
            !matches!(
                rest,
                "example" | "sample" | "template" | "dist" | "defaults"
            )
        });
    let is_secret = matches!(
        name,
        ".netrc" | "_netrc" | ".pypirc" | ".pgpass" | ".git-credentials" | ".htpasswd"
    ) || is_env
        || is_key_file(name)
        || file.path.ends_with(".aws/credentials")
        || file.path.ends_with(".docker/config.json");
    let is_told = facts
        .secrets
        .iter()
        .any(|secret| secret.kind == SecretKind::PrivateKey);
    (is_secret && file.size > 0 && !is_told).then(|| {
        Finding::new(
            Code::CredentialsFile,
            format!("{} is a file that holds passwords or keys", file.path),
        )
        .about(file.package(), Some(&file.path))
        .with_hint("leave the file out, and give the function its secrets at run time")
    })
}

fn git_directories(layer: &Layer<'_>) -> Option<Finding> {
    let is_git =
        |file: &&FileInLayer<'_>| file.path.starts_with(".git/") || file.path.contains("/.git/");
    let mut files = layer.files.iter().filter(is_git);
    let first = files.next()?;
    let bytes: u64 = first.size + files.map(|file| file.size).sum::<u64>();
    let (directory, _) = first.path.split_once(".git/")?;
    Some(
        Finding::new(
            Code::GitDirectory,
            format!(
                "{directory}.git is a repository ({bytes} bytes): whoever gets the layer gets its \
                 history, and what was ever in it"
            ),
        )
        .with_path(&first.path)
        .with_hint("leave `.git` out"),
    )
}

/// A command that starts an interpreter which only the machine had that installed it.
fn interpreter(file: &FileInLayer<'_>, facts: &FileFacts, target: &Target) -> Option<Finding> {
    let line = facts.shebang.as_deref()?.trim();
    let interpreter = line.split(char::is_whitespace).next()?;
    let is_there = ["/usr/bin/", "/bin/", "/opt/", "/var/lang/"]
        .iter()
        .any(|directory| interpreter.starts_with(directory));
    if is_there || !interpreter.starts_with('/') {
        return None;
    }
    let message = format!(
        "{} is started by an interpreter of the machine that installed it, which a function does \
         not have",
        file.path
    );
    Some(
        Finding::new(Code::MachinePath, message)
            .about(file.package(), Some(&file.path))
            .with_expected(interpreter, &target.interpreter())
            .with_hint(
                "build the layer with layerlock, which writes commands anew, or leave it out",
            ),
    )
}
