//! Which files `exclude-files` excludes: patterns by .gitignore's rules.
//!
//! A pattern without `/` is for the names of files and directories anywhere, one
//! with it for paths from the top of the layer on (`python/numpy/tests`, or
//! `**/tests`). What matches a directory matches all in it. Of several patterns the
//! last one that matches a file counts, and one with `!` keeps it.

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use layerlock_layer::Entry;

use crate::Error;
use crate::built::ExcludedFiles;

/// One pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    text: String,
    matcher: Gitignore,
}

impl Pattern {
    /// Reads a pattern; the error is for people.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let refuse = |reason: &str| Err(format!("the pattern `{text}` {reason}"));
        let glob = text.strip_prefix('!').unwrap_or(text);
        let glob = glob.strip_prefix('/').unwrap_or(glob);
        let parts: Vec<&str> = glob.strip_suffix('/').unwrap_or(glob).split('/').collect();
        if parts.iter().any(|part| part.trim().is_empty()) {
            return refuse("has an empty part");
        }
        if text.starts_with('#') {
            return refuse("is a comment: write `\\#` for a name that begins with #");
        }
        if parts.iter().any(|part| matches!(*part, "." | "..")) {
            return refuse("has a . or .. in it: paths start at the top of the layer");
        }
        if parts.iter().all(|part| *part == "**") {
            return refuse("matches everything");
        }
        match matcher([text]) {
            Ok(matcher) => Ok(Self {
                text: text.to_owned(),
                matcher,
            }),
            Err(error) => refuse(&format!("cannot be read: {error}")),
        }
    }

    /// Whether it says anything of the file at this path.
    pub(crate) fn matches(&self, path: &str) -> bool {
        !self
            .matcher
            .matched_path_or_any_parents(path, false)
            .is_none()
    }
}

fn matcher<'t>(patterns: impl IntoIterator<Item = &'t str>) -> Result<Gitignore, ignore::Error> {
    let mut builder = GitignoreBuilder::new("");
    for pattern in patterns {
        builder.add_line(None, pattern)?;
    }
    builder.build()
}

/// Excludes the files of one layer, and remembers what of.
pub(crate) struct FileFilter {
    /// Each with whether it was of use.
    patterns: Vec<(Pattern, bool)>,
    /// All patterns in their order.
    matcher: Gitignore,
    total: ExcludedFiles,
    /// The first module that was excluded, and how many.
    code: Option<(String, usize)>,
    /// The first file that stayed for being metadata.
    metadata: Option<String>,
}

impl FileFilter {
    /// Patterns that are good one by one can be too large together.
    pub(crate) fn new(patterns: &[Pattern]) -> Result<Self, Error> {
        let texts = patterns.iter().map(|pattern| &*pattern.text);
        let too_large = |error| format!("the patterns of exclude-files cannot be read: {error}");
        Ok(Self {
            matcher: matcher(texts).map_err(|error| Error::Exclude(too_large(error)))?,
            patterns: patterns.iter().map(|one| (one.clone(), false)).collect(),
            total: ExcludedFiles::default(),
            code: None,
            metadata: None,
        })
    }

    /// Whether a file stays.
    pub(crate) fn keeps(&mut self, entry: &Entry) -> bool {
        if self.patterns.is_empty() {
            return true;
        }
        let path = entry.path.as_str();
        for (pattern, used) in &mut self.patterns {
            *used = *used || pattern.matches(path);
        }
        let excluded = self.matcher.matched_path_or_any_parents(path, false);
        if !excluded.is_ignore() {
            return true;
        }
        // Installers and importlib.metadata read it, and it is small.
        if path.contains(".dist-info/") {
            self.metadata.get_or_insert_with(|| path.to_owned());
            return true;
        }
        self.total.file_count += 1;
        self.total.unzipped_size += entry.source.size();
        if matches!(path.rsplit('.').next(), Some("py" | "so")) {
            let code = self.code.get_or_insert_with(|| (path.to_owned(), 0));
            code.1 += 1;
        }
        false
    }

    pub(crate) fn total(&self) -> ExcludedFiles {
        self.total.clone()
    }

    /// The patterns that matched something.
    pub(crate) fn used(&self) -> impl Iterator<Item = &str> {
        let used = self.patterns.iter().filter(|(_, used)| *used);
        used.map(|(pattern, _)| pattern.text.as_str())
    }

    /// Takes patterns for used that are of use elsewhere.
    pub(crate) fn mark_used(&mut self, is_of_use: impl Fn(&str) -> bool) {
        for (pattern, used) in &mut self.patterns {
            *used |= is_of_use(&pattern.text);
        }
    }

    /// The patterns that matched nothing.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &str> {
        let unused = self.patterns.iter().filter(|(_, used)| !used);
        unused.map(|(pattern, _)| pattern.text.as_str())
    }

    /// A module that was excluded, and how many were.
    pub(crate) fn code(&self) -> Option<(&str, usize)> {
        self.code.as_ref().map(|(path, count)| (&**path, *count))
    }

    /// A file that a pattern matches, and that stays for being metadata.
    pub(crate) fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, matcher};

    #[test]
    fn patterns_match_as_in_gitignore() {
        for (pattern, matching, others) in [
            (
                "*.pyi",
                &["python/a/b.pyi", "c.pyi"][..],
                &["python/a.py", "python/a.pyi.txt"][..],
            ),
            (
                "tests",
                &["python/numpy/tests/a.py", "tests"],
                &["python/tests_of/a.py"],
            ),
            ("tests/", &["python/numpy/tests/a.py"], &["python/tests_of"]),
            (
                "**/tests/**",
                &["python/numpy/tests/a.py", "python/tests/b/c"],
                &["python/testsuite/a.py"],
            ),
            (
                "python/numpy/*/tests",
                &["python/numpy/core/tests/a.py"],
                &["python/numpy/tests/a.py", "python/numpy/a/b/tests/x"],
            ),
            (
                "/python/a?c*e",
                &["python/abcdde", "python/abce/x"],
                &["python/abcd", "x/python/abce"],
            ),
            ("numpy/tests", &[], &["python/numpy/tests/a.py"]),
            ("*a*a*b", &["xaab", "aacab"], &["ab", "aba"]),
            ("*.p[xy][!c]", &["a/b.pyd", "c.pxi"], &["b.pyc", "b.py"]),
            (
                "{tests,docs}",
                &["a/tests/b.py", "docs/c"],
                &["a/test/b.py"],
            ),
        ] {
            let parsed = Pattern::new(pattern).unwrap();
            for path in matching {
                assert!(parsed.matches(path), "{pattern} {path}");
            }
            for path in others {
                assert!(!parsed.matches(path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in [
            "", "/", " ", "a//b", "{a,b", "!", "#a", "../a", "a/./b", "**", "**/**", "!**",
        ] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_pattern_that_matches_counts() {
        let patterns = ["tests", "!tests/keep*", "tests/keep.txt"];
        for text in patterns {
            assert!(Pattern::new(text).is_ok(), "{text}");
        }
        let all = matcher(patterns).unwrap();
        for (path, is_excluded) in [
            ("tests/a.py", true),
            ("tests/keep.py", false),
            ("tests/keep.txt", true),
            ("src/a.py", false),
        ] {
            let matched = all.matched_path_or_any_parents(path, false);
            assert_eq!(matched.is_ignore(), is_excluded, "{path}");
        }
    }

    /// Backtracking would take longer than anybody waits.
    #[test]
    fn repeated_wildcards_take_linear_time() {
        let pattern = Pattern::new(&format!("{}x", "**/a*/".repeat(20))).unwrap();
        assert!(!pattern.matches(&"a/".repeat(400)[..799]));
    }
}
