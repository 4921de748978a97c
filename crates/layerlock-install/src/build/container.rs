//! The command that builds a wheel on the target's own system.
//!
//! It is for a person to paste into a shell, as it is: every word is quoted that
//! needs it, what is built is mounted, and the wheel ends up in the directory `wheels`
//! where the person is.

use std::path::{Component, Path, PathBuf};

use layerlock_lock::{LockedPackage, PackageSource};
use layerlock_target::{BuildContainer, Target};
use url::Url;

use super::{directory, frontend, git};

/// What makes the wheel in the runtime's own image.
pub(crate) fn command(package: &LockedPackage, target: &Target) -> String {
    let here = std::env::current_dir().and_then(|directory| directory.canonicalize());
    command_in(here.ok().as_deref(), package, target)
}

/// The directory where the person is, as the container knows it.
const WORK: &str = "/src";

fn command_in(here: Option<&Path>, package: &LockedPackage, target: &Target) -> String {
    let fragment = |subdirectory: Option<&String>| match subdirectory {
        Some(directory) => format!("#subdirectory={directory}"),
        None => String::new(),
    };
    let name = &package.name;
    let mut git = "";
    let mut fetch = String::new();
    let mut mounts = Mounts::for_current_directory();
    let mut version = String::new();
    let requirement = match &package.source {
        PackageSource::Registry { .. } => format!("{name}=={}", package.version),
        PackageSource::Url { url, subdirectory } => {
            let directory = fragment(subdirectory.as_ref());
            format!("{name} @ {}{directory}", git::shown(url))
        }
        PackageSource::Git {
            url,
            commit,
            subdirectory,
            ..
        } if git::is_http(url) => {
            git = " git";
            let directory = fragment(subdirectory.as_ref());
            format!("{name} @ git+{}@{commit}{directory}", git::shown(url))
        }
        // The container has neither the person's keys for ssh nor their files.
        PackageSource::Git {
            url,
            commit,
            subdirectory,
            ..
        } => {
            let clone = format!("{name}-source");
            version = pretended_version(package);
            fetch = format!(
                "git clone {} {clone} && git -C {clone} checkout {commit} && \
                 git -C {clone} submodule update --init --recursive && ",
                quoted(&git::shown(url)),
            );
            match subdirectory {
                Some(directory) => format!("{WORK}/{clone}/{directory}"),
                None => format!("{WORK}/{clone}"),
            }
        }
        PackageSource::Directory { path, .. } => {
            if directory::asks_version_control(path) {
                version = pretended_version(package);
            }
            mounts = Mounts::for_source(here, path);
            mounts.source.clone()
        }
        PackageSource::File { path, subdirectory } => {
            let (directory, file) = (path.parent(), path.file_name().unwrap_or_default());
            mounts = Mounts::for_source(here, directory.unwrap_or(Path::new("")));
            let file = format!("{}/{}", mounts.source, file.to_string_lossy());
            match subdirectory {
                Some(_) => format!(
                    "{name} @ {}{}",
                    url_of(&file),
                    fragment(subdirectory.as_ref())
                ),
                None => file,
            }
        }
    };
    let BuildContainer {
        image,
        platform,
        install_command: install,
        compiler_packages: compilers,
    } = target.build_container();
    format!(
        "{fetch}docker run --rm --platform {platform} {} -w {}{version} --entrypoint sh \
         {image} -c '{install} {compilers}{git} && pip wheel --no-deps \
         --wheel-dir wheels \"$0\"' {}",
        mounts.options,
        quoted(&mounts.work),
        quoted(&requirement),
    )
}

/// The version for a backend that asks version control for it, which the container
/// cannot.
fn pretended_version(package: &LockedPackage) -> String {
    frontend::pretended_version(package).map_or_else(String::new, |(variable, version)| {
        format!(" -e {}", quoted(&format!("{variable}={version}")))
    })
}

/// What of this machine the container sees.
struct Mounts {
    /// The options that say so.
    options: String,
    /// The directory where the person is, in the container.
    work: String,
    /// The directory of the source, in the container.
    source: String,
}

impl Mounts {
    fn for_current_directory() -> Self {
        Self {
            options: format!("-v \"$PWD\":{WORK}"),
            work: WORK.to_owned(),
            source: WORK.to_owned(),
        }
    }

    /// The directory where the person is and that of the source. Where that lies
    /// elsewhere, the nearest directory that holds both: a project's packages reach for
    /// each other.
    fn for_source(here: Option<&Path>, source: &Path) -> Self {
        let (Some(here), Ok(source)) = (here, source.canonicalize()) else {
            return Self {
                source: in_container(source),
                ..Self::for_current_directory()
            };
        };
        if let Ok(below) = source.strip_prefix(here) {
            return Self {
                source: in_container(below),
                ..Self::for_current_directory()
            };
        }
        let both: PathBuf = here
            .components()
            .zip(source.components())
            .take_while(|(one, other)| one == other)
            .map(|(both, _)| both)
            .collect();
        let [below_here, below_source] =
            [here, &source].map(|path| path.strip_prefix(&both).unwrap_or(path));
        if both.parent().is_none() {
            // Not the whole machine.
            let options = Self::for_current_directory().options;
            return Self {
                options: format!("{options} -v {}:/source", quoted_path(&source)),
                source: "/source".to_owned(),
                ..Self::for_current_directory()
            };
        }
        Self {
            options: format!("-v {}:{WORK}", quoted_path(&both)),
            work: in_container(below_here),
            source: in_container(below_source),
        }
    }
}

/// A directory below the one that is mounted.
fn in_container(below: &Path) -> String {
    let parts = below.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    let parts = parts.map(|part| format!("/{part}"));
    std::iter::once(WORK.to_owned()).chain(parts).collect()
}

fn url_of(file: &str) -> String {
    match Url::parse("file:///") {
        Ok(mut url) => {
            url.set_path(file);
            url.into()
        }
        Err(_) => format!("file://{file}"),
    }
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use layerlock_diagnostic::Place;
    use layerlock_target::{Architecture, Provider};

    use super::*;

    fn package(source: PackageSource) -> LockedPackage {
        LockedPackage {
            name: "de-mo".parse().unwrap(),
            version: "1.0".to_owned(),
            source,
            extras: Vec::new(),
            groups: Vec::new(),
            files: Vec::new(),
            place: Place {
                path: PathBuf::new(),
                line: 1,
                column: 1,
                span: 0..0,
            },
            requires_python: String::new(),
        }
    }

    /// What docker is called with, when a shell reads the command in this directory.
    #[cfg(unix)]
    fn arguments(here: &Path, source: PackageSource) -> Vec<String> {
        let bin = tempfile::tempdir().unwrap();
        for (program, script) in [
            ("docker", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n"),
            ("git", "#!/bin/sh\nprintf '%s\\n' git \"$@\"\n"),
        ] {
            let path = bin.path().join(program);
            fs_err::write(&path, script).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs_err::set_permissions(&path, mode).unwrap();
        }
        let runtime = Provider::Aws.runtime("python3.12").unwrap();
        let target = Target::new(runtime, Architecture::X86_64);
        let command = command_in(Some(here), &package(source), &target);
        let path = std::env::var("PATH").unwrap();
        let said = duct::cmd("sh", ["-c", &command])
            .dir(here)
            .env("PATH", format!("{}:{path}", bin.path().display()))
            .read()
            .unwrap();
        said.lines().map(str::to_owned).collect()
    }

    /// Each directory that is named is the one on this machine.
    #[cfg(unix)]
    #[test]
    fn what_is_built_is_mounted_wherever_it_lies_and_whatever_it_is_called() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let make = |name: &str| {
            let path = root.join(name);
            fs_err::create_dir_all(&path).unwrap();
            path
        };
        let here = make("my app's/$HOME");
        let directory = |path: PathBuf| PackageSource::Directory {
            path,
            develop: false,
        };
        for (path, mounted, work) in [
            (make("my app's/$HOME/libs/a b"), "my app's/$HOME", ""),
            (make("libs/\"quoted\""), "", "my app's/$HOME"),
            (make("my app's/lib"), "my app's", "$HOME"),
        ] {
            let words = arguments(&here, directory(path.clone()));
            let after = |option: &str| {
                let at = words.iter().position(|word| word == option).unwrap();
                words[at + 1].clone()
            };
            let (outside, inside) = {
                let mount = after("-v");
                let (outside, inside) = mount.split_once(':').unwrap();
                (PathBuf::from(outside), inside.to_owned())
            };
            assert_eq!(outside, root.join(mounted));
            let on_this_machine = |path: &str| {
                let below = path.strip_prefix(&inside).unwrap();
                outside.join(below.trim_start_matches('/'))
            };
            assert_eq!(outside.join(work), here);
            assert_eq!(on_this_machine(&after("-w")), here);
            assert_eq!(on_this_machine(words.last().unwrap()), path);
            let script = after("-c");
            assert!(script.ends_with("--wheel-dir wheels \"$0\""), "{script}");
        }
        // Nothing but the root holds both.
        let words = arguments(&here, directory(PathBuf::from("/usr")));
        assert!(words.contains(&"/usr:/source".to_owned()), "{words:?}");
        assert_eq!(words.last().unwrap(), "/source");
    }

    #[cfg(unix)]
    #[test]
    fn each_kind_of_source_is_named_as_pip_takes_it() {
        let here = tempfile::tempdir().unwrap();
        let here = here.path().canonicalize().unwrap();
        fs_err::write(here.join("a b.zip"), "").unwrap();
        let subdirectory = Some("packages/de mo".to_owned());
        let git = |url: &str| PackageSource::Git {
            url: url.to_owned(),
            reference: None,
            commit: "0123".to_owned(),
            subdirectory: subdirectory.clone(),
        };
        let last = |source| arguments(&here, source).pop().unwrap();
        assert_eq!(
            last(PackageSource::Registry {
                url: None,
                reference: None,
            }),
            "de-mo==1.0"
        );
        assert_eq!(
            last(git("https://me:secret@git.example.com/x.git")),
            "de-mo @ git+https://git.example.com/x.git@0123#subdirectory=packages/de mo"
        );
        assert_eq!(
            last(PackageSource::Url {
                url: "https://packages.example.com/x.zip".to_owned(),
                subdirectory: subdirectory.clone(),
            }),
            "de-mo @ https://packages.example.com/x.zip#subdirectory=packages/de mo"
        );
        assert_eq!(
            last(PackageSource::File {
                path: here.join("a b.zip"),
                subdirectory: None,
            }),
            "/src/a b.zip"
        );
        assert_eq!(
            last(PackageSource::File {
                path: here.join("a b.zip"),
                subdirectory: subdirectory.clone(),
            }),
            "de-mo @ file:///src/a%20b.zip#subdirectory=packages/de mo"
        );
        // pip in the container could not log in.
        let words = arguments(&here, git("git@git.example.com:me/x.git"));
        assert_eq!(
            words[..4],
            [
                "git",
                "clone",
                "git@git.example.com:me/x.git",
                "de-mo-source"
            ]
        );
        assert!(words.contains(&"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_DE_MO=1.0".to_owned()));
        assert_eq!(words.last().unwrap(), "/src/de-mo-source/packages/de mo");
    }
}
