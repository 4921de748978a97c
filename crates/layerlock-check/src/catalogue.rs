//! The page of the documentation that lists all codes.

use std::fmt::Write as _;

use crate::{Code, Severity};

/// `docs/checks.md`: made from the table of codes, so that it tells what the code does.
pub fn catalogue() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (severity, title, text) in [
        (Severity::Error, "Errors", "The layer will not work."),
        (Severity::Warning, "Warnings", "It may hurt."),
        (Severity::Info, "Notes", "Good to know."),
    ] {
        let _ = write!(
            page,
            "\n## {title}\n\n{text}\n\n| code | what it means |\n|---|---|\n"
        );
        for code in Code::ALL.iter().filter(|code| code.severity() == severity) {
            let _ = writeln!(page, "| `{code}` | {} |", code.meaning());
        }
    }
    page
}

const INTRODUCTION: &str = include_str!("catalogue.md");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fs_err as fs;

    use super::*;

    /// `UPDATE_DOCS=1` writes it.
    #[test]
    fn the_page_of_codes_is_up_to_date() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checks.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&page, catalogue()).unwrap();
        }
        let written = fs::read_to_string(&page).unwrap();
        assert_eq!(
            written.replace("\r\n", "\n"),
            catalogue(),
            "run this test with UPDATE_DOCS=1"
        );
    }

    #[test]
    fn each_code_is_listed_once() {
        let page = catalogue();
        for code in Code::ALL {
            let row = format!("| `{code}` | ");
            assert_eq!(page.matches(&row).count(), 1, "{code}");
        }
    }
}
