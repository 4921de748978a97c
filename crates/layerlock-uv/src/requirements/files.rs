//! A requirements file and those that it includes.

use std::path::{Path, PathBuf};

use super::entry::{Entry, place_of, via};
use super::line::{Line, lines};
use layerlock_lock::FileError;

use crate::Error;
use crate::document::Document;

/// Files within files: more than anybody has.
const MAX_FILES: usize = 100;

/// All that the files say.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) entries: Vec<Entry>,
    pub(super) constraints: Vec<Entry>,
    pub(super) options: IndexOptions,
    /// The files that were read, the first first.
    pub(super) paths: Vec<PathBuf>,
    pub(super) has_variables: bool,
    /// The files that are being read, each included by the one before it.
    open: Vec<PathBuf>,
}

/// Where a requirements file says that files come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexOptions {
    /// `--index-url`: in place of the default index.
    pub index_url: Option<String>,
    /// `--extra-index-url`.
    pub extra_index_urls: Vec<String>,
    /// `--find-links`: directories, joined with that of their file, and pages.
    pub find_links: Vec<String>,
    /// `--no-index`.
    pub no_index: bool,
}

/// Options of a line that change nothing here, with or without a value.
const IGNORED: [&str; 9] = [
    "--require-hashes",
    "--pre",
    "--prefer-binary",
    "--trusted-host",
    "--use-feature",
    "--no-binary",
    "--only-binary",
    "--use-pep517",
    "--no-build-isolation",
];

impl Files {
    pub(super) fn read(
        path: &Path,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let mut files = Self::default();
        files.add(path, false, variable)?;
        Ok(files)
    }

    fn add(
        &mut self,
        path: &Path,
        as_constraints: bool,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), Error> {
        let document = Document::read(path)?;
        self.paths.push(path.to_owned());
        self.open.push(path.to_owned());
        if let Some(marker) = document.conflict_marker() {
            let place = place_of(&document, marker).into();
            return Err(FileError::MergeConflict { place }.into());
        }
        refuse_other_formats(&document)?;
        self.has_variables |= document.text().contains("${");
        let directory = path.parent().unwrap_or(Path::new(""));
        for line in lines(document.text(), variable) {
            let place = place_of(&document, line.span.clone());
            let invalid = |message: String| {
                let unset = unset_variable(&line.text);
                let unset = unset.map(|name| format!("; the variable {name} is not set"));
                Error::invalid(place.clone(), message + &unset.unwrap_or_default())
            };
            match LineOption::parse(&line) {
                None => {
                    let entry = Entry::parse(&line.text, false, directory, place.clone());
                    self.take(entry.map_err(invalid)?, &line, as_constraints);
                }
                Some(LineOption::Editable(text)) => {
                    let entry = Entry::parse(text, true, directory, place.clone());
                    self.take(entry.map_err(invalid)?, &line, as_constraints);
                }
                Some(LineOption::Include { file, constraints }) => {
                    if self.paths.len() >= MAX_FILES {
                        let message = format!("more than {MAX_FILES} files include each other");
                        return Err(invalid(message));
                    }
                    if file.is_empty() {
                        return Err(invalid("an option that names no file".to_owned()));
                    }
                    let included = directory.join(file);
                    let shown = included.display();
                    if self.open.contains(&included) {
                        return Err(invalid(format!("{shown} includes itself")));
                    }
                    self.add(&included, as_constraints || constraints, variable)
                        .map_err(|error| match error {
                            Error::File(error)
                                if error.is_missing() && error.path() == included =>
                            {
                                invalid(format!("there is no file {shown}"))
                            }
                            error => error,
                        })?;
                }
                Some(LineOption::IndexUrl(url)) => self.options.index_url = Some(url.to_owned()),
                Some(LineOption::ExtraIndexUrl(url)) => {
                    self.options.extra_index_urls.push(url.to_owned());
                }
                Some(LineOption::FindLinks(place)) => {
                    let place = if place.contains("://") {
                        place.to_owned()
                    } else {
                        Path::new(".")
                            .join(directory)
                            .join(place)
                            .display()
                            .to_string()
                    };
                    self.options.find_links.push(place);
                }
                Some(LineOption::NoIndex) => self.options.no_index = true,
                Some(LineOption::Ignored) => {}
                Some(LineOption::Unknown(option)) => {
                    return Err(invalid(format!(
                        "unknown option `{}`",
                        option.escape_debug()
                    )));
                }
            }
        }
        self.open.pop();
        Ok(())
    }

    fn take(&mut self, mut entry: Entry, line: &Line, as_constraints: bool) {
        entry.via = via(&line.comments);
        if as_constraints {
            self.constraints.push(entry);
        } else {
            self.entries.push(entry);
        }
    }
}

/// The name of a variable that was left as it stands.
fn unset_variable(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("${")?;
    rest.split_once('}').map(|(name, _)| name)
}

/// What a line that is no requirement says.
enum LineOption<'l> {
    Editable(&'l str),
    Include { file: &'l str, constraints: bool },
    IndexUrl(&'l str),
    ExtraIndexUrl(&'l str),
    FindLinks(&'l str),
    NoIndex,
    Ignored,
    Unknown(&'l str),
}

impl<'l> LineOption<'l> {
    fn parse(line: &'l Line) -> Option<Self> {
        let text = line.text.as_str();
        if !text.starts_with('-') {
            return None;
        }
        let (option, value) = split_option(text);
        Some(match option {
            "-e" | "--editable" => Self::Editable(value),
            "-r" | "--requirement" | "--requirements" => Self::Include {
                file: value,
                constraints: false,
            },
            "-c" | "--constraint" | "--constraints" => Self::Include {
                file: value,
                constraints: true,
            },
            "-i" | "--index-url" | "--pypi-url" => Self::IndexUrl(value),
            "--extra-index-url" => Self::ExtraIndexUrl(value),
            "-f" | "--find-links" => Self::FindLinks(value),
            "--no-index" => Self::NoIndex,
            option if IGNORED.contains(&option) => Self::Ignored,
            option => Self::Unknown(option),
        })
    }
}

/// `--option value`, `--option=value` and `-rvalue`.
fn split_option(text: &str) -> (&str, &str) {
    if let Some(long) = text.strip_prefix("--") {
        let end = long.find([' ', '\t', '=']).map_or(text.len(), |at| at + 2);
        let value = text[end..].trim_start_matches([' ', '\t', '=']);
        return (&text[..end], value.trim());
    }
    let end = text.char_indices().nth(2).map_or(text.len(), |(at, _)| at);
    (&text[..end], text[end..].trim_start_matches('=').trim())
}

/// Files that are no requirements at all.
fn refuse_other_formats(document: &Document) -> Result<(), Error> {
    let text = document.text().trim_start();
    let reason = if text.starts_with('{') {
        "it is JSON, as Pipfile.lock is"
    } else if text.lines().any(|line| line.trim() == "[[package]]") {
        "it is TOML, as poetry.lock and uv.lock are"
    } else if text.lines().any(|line| line.trim() == "[[packages]]") {
        "it is TOML, as pylock.toml is"
    } else if text.lines().any(|line| line.trim() == "[project]") {
        "it is TOML, as pyproject.toml is"
    } else {
        return Ok(());
    };
    Err(Error::Foreign {
        path: document.path().to_owned(),
        format: "requirements file",
        reason,
    })
}
