//! Patterns of files, by .gitignore's rules as far as they are of use here.
//!
//! A pattern without `/` is for the names of files and folders anywhere, one with
//! it for paths from the top of the layer on (`python/numpy/tests`, or
//! `**/tests`). `*` and `?` stop at `/`, `**` as a whole part does not. What fits
//! a folder fits all in it. There are no classes, no alternatives and no
//! negation: a character that looks like one is an error rather than a surprise.

use layerlock_layer::Entry;

use crate::report::ExcludedFiles;

/// One pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    text: String,
    parts: Vec<String>,
}

impl Pattern {
    /// Reads a pattern; the error is for people.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let refuse = |reason: &str| Err(format!("the pattern `{text}` {reason}"));
        if text.contains(['[', ']', '{', '}', '\\', '!']) {
            return refuse("has one of [ ] { } \\ !, which mean nothing here");
        }
        let inner = text.strip_prefix('/').unwrap_or(text);
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return refuse("has an empty part");
        }
        if parts.iter().any(|part| part == "." || part == "..") {
            return refuse("has a . or .. in it: paths start at the top of the layer");
        }
        if parts.iter().all(|part| part == "**") {
            return refuse("fits everything");
        }
        if !text.strip_suffix('/').unwrap_or(text).contains('/') {
            parts.insert(0, "**".to_owned());
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// Whether it fits the file at this path, or a folder that holds it.
    fn fits(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        (1..=names.len()).any(|end| fits_parts(&self.parts, &names[..end]))
    }
}

fn fits_parts(parts: &[String], names: &[&str]) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return names.is_empty();
    };
    if part == "**" {
        return (0..=names.len()).any(|skipped| fits_parts(rest, &names[skipped..]));
    }
    names.split_first().is_some_and(|(name, others)| {
        fits_name(part.as_bytes(), name.as_bytes()) && fits_parts(rest, others)
    })
}

/// `*` is any number of bytes, `?` one.
fn fits_name(pattern: &[u8], name: &[u8]) -> bool {
    // Where the last star stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut taken) = (0, 0);
    while taken < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, taken));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[taken] => {
                at += 1;
                taken += 1;
            }
            _ => match star {
                Some((place, until)) => {
                    star = Some((place, until + 1));
                    at = place + 1;
                    taken = until + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// What the patterns of a layer left out.
pub(crate) struct LeftOutFiles {
    /// Each with whether it was of use.
    patterns: Vec<(Pattern, bool)>,
    total: ExcludedFiles,
    /// The first module that was left out, and how many.
    code: Option<(String, usize)>,
    /// The first file that stayed for being metadata.
    metadata: Option<String>,
}

impl LeftOutFiles {
    pub(crate) fn of(patterns: &[Pattern]) -> Self {
        Self {
            patterns: patterns.iter().map(|one| (one.clone(), false)).collect(),
            total: ExcludedFiles::default(),
            code: None,
            metadata: None,
        }
    }

    /// Whether a file stays.
    pub(crate) fn keeps(&mut self, entry: &Entry) -> bool {
        let path = entry.path.as_str();
        let mut fits = false;
        for (pattern, used) in &mut self.patterns {
            if pattern.fits(path) {
                *used = true;
                fits = true;
            }
        }
        // Installers and importlib.metadata read it, and it is small.
        if fits && path.contains(".dist-info/") {
            self.metadata.get_or_insert_with(|| path.to_owned());
            return true;
        }
        if fits {
            self.total.file_count += 1;
            self.total.unzipped_size += entry.source.size();
            if matches!(path.rsplit('.').next(), Some("py" | "so")) {
                let code = self.code.get_or_insert_with(|| (path.to_owned(), 0));
                code.1 += 1;
            }
        }
        !fits
    }

    pub(crate) fn total(&self) -> ExcludedFiles {
        self.total.clone()
    }

    /// The patterns that fitted something.
    pub(crate) fn used(&self) -> impl Iterator<Item = &str> {
        let used = self.patterns.iter().filter(|(_, used)| *used);
        used.map(|(pattern, _)| pattern.text.as_str())
    }

    /// Takes patterns for used that are of use elsewhere.
    pub(crate) fn forgive(&mut self, is_of_use: impl Fn(&str) -> bool) {
        for (pattern, used) in &mut self.patterns {
            *used |= is_of_use(&pattern.text);
        }
    }

    /// The patterns that fitted nothing.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &str> {
        let unused = self.patterns.iter().filter(|(_, used)| !used);
        unused.map(|(pattern, _)| pattern.text.as_str())
    }

    /// A module that was left out, and how many were.
    pub(crate) fn code(&self) -> Option<(&str, usize)> {
        self.code.as_ref().map(|(path, count)| (&**path, *count))
    }

    /// A file that a pattern fits, and that stays for being metadata.
    pub(crate) fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_fit_as_in_gitignore() {
        for (pattern, fitting, others) in [
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
        ] {
            let parsed = Pattern::new(pattern).unwrap();
            for path in fitting {
                assert!(parsed.fits(path), "{pattern} {path}");
            }
            for path in others {
                assert!(!parsed.fits(path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for text in [
            "", "/", "a//b", "[ab]", "{a,b}", "!a", "a\\b", "../a", "**", "**/**",
        ] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }
}
