//! Errors as people read them: what failed and why, the line to blame, what to do.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use layerlock_check::Finding;
use layerlock_diagnostic::{Diagnose, Place, mask_user_info, read_text};

/// Whether a text has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text alone.
    Plain,
    /// Text with ANSI escape sequences, as terminals show it.
    Ansi,
}

/// An error as the command prints it, without a line feed at the end: its message
/// with its causes, the line of the user's file that is to blame, and a hint.
pub fn render_error(error: &dyn Diagnose, style: Style) -> String {
    let message = with_causes(error);
    // The place is for people: where it cannot be read again, the message is
    // enough.
    let source = error
        .place()
        .and_then(|place| Some((place, read_text(&place.path).ok()?)))
        .filter(|(place, text)| has_short_line(text, place));
    let path = error.place().map(|place| place.path.display().to_string());

    let mut title = Group::with_title(Level::ERROR.primary_title(&message));
    if let (Some((place, text)), Some(path)) = (&source, &path)
        && let Some(span) = first_line(place, text)
    {
        title = title.element(
            Snippet::source(text)
                .path(path)
                .annotation(AnnotationKind::Primary.span(span)),
        );
    }
    with_hint(render(title, style), error.hint().as_deref(), style)
}

/// Whether the line of a place can be shown.
fn has_short_line(text: &str, place: &Place) -> bool {
    const LONGEST: usize = 2_000;
    let line = text.lines().nth(place.line.saturating_sub(1));
    line.is_none_or(|line| line.len() <= LONGEST)
}

/// A finding on a layer that will not work, as an error of its own.
pub fn render_finding(finding: &Finding, style: Style) -> String {
    render_with_hint(&finding.message, finding.hint.as_deref(), style)
}

fn with_hint(mut text: String, hint: Option<&str>, style: Style) -> String {
    if let Some(hint) = hint {
        text.push('\n');
        let title = Level::HELP.with_name("hint").primary_title(hint);
        text.push_str(&render(Group::with_title(title), style));
    }
    text
}

/// A message and a hint as an error without a place.
pub fn render_with_hint(message: &str, hint: Option<&str>, style: Style) -> String {
    with_hint(render_message(message, style), hint, style)
}

/// A message as an error without a place or hint.
pub fn render_message(message: &str, style: Style) -> String {
    render(
        Group::with_title(Level::ERROR.primary_title(message)),
        style,
    )
}

/// A message as a warning.
pub fn render_warning(message: &str, style: Style) -> String {
    let title = Level::WARNING.primary_title(message);
    render(Group::with_title(title), style)
}

/// A message as a note.
pub fn render_note(message: &str, style: Style) -> String {
    render(Group::with_title(Level::NOTE.primary_title(message)), style)
}

/// The one place that gives texts to people: no password of a URL gets past it.
fn render(group: Group<'_>, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Ansi => Renderer::styled(),
    };
    let text = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    mask_user_info(&text)
}

/// A package's entry in a lock can be a hundred lines: its first one says which.
fn first_line(place: &Place, text: &str) -> Option<Range<usize>> {
    let spanned = text.get(place.span.clone())?;
    let length = spanned.find(['\r', '\n']).unwrap_or(spanned.len());
    Some(place.span.start..place.span.start + length)
}

/// The error with what caused it, unless its own words say that already.
pub(crate) fn with_causes(error: &dyn Diagnose) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        cause = error.source();
        if names_told_path(&text, &message) && cause.is_some() {
            continue;
        }
        let text = without_temporary(&text);
        if !message.contains(text) {
            message = format!("{message}: {text}");
        }
    }
    message
}

/// Whether it is an error of fs-err that names a file which the message names: what it
/// wraps says the rest.
fn names_told_path(text: &str, message: &str) -> bool {
    let mut parts = text.split('`');
    parts
        .next()
        .is_some_and(|first| first.starts_with("failed to "))
        && parts.next().is_some_and(|path| message.contains(path))
}

/// Without the path that the crate tempfile adds, that of a file which is gone by now.
fn without_temporary(text: &str) -> &str {
    match text.rsplit_once(" at path \"") {
        Some((before, path)) if path.ends_with('"') => before,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use layerlock_diagnostic::{Diagnose, ErrorKind};

    use super::{Style, render_error};

    #[derive(Debug, thiserror::Error)]
    #[error("failed to write {path}")]
    struct Write {
        path: String,
        source: io::Error,
    }

    impl Diagnose for Write {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Machine
        }
    }

    fn rendered(path: &Path, source: io::Error) -> String {
        let path = path.display().to_string();
        render_error(&Write { path, source }, Style::Plain)
    }

    /// fs-err and tempfile each put a path into the system's error.
    #[test]
    fn a_path_is_told_once() {
        let temp = tempfile::tempdir().unwrap();
        let missing = temp.path().join("none");
        let system = fs_err::read(&missing).unwrap_err();
        let said = io::Error::from_raw_os_error(2);
        let expected = format!("error: failed to write {}: {said}", missing.display());
        assert_eq!(rendered(&missing, system), expected);

        let system = tempfile::NamedTempFile::new_in(&missing).unwrap_err();
        assert!(system.to_string().contains(" at path "), "{system}");
        assert_eq!(rendered(&missing, system), expected);
    }

    #[test]
    fn another_path_is_told_too() {
        let temp = tempfile::tempdir().unwrap();
        let [missing, other] = ["none", "other"].map(|name| temp.path().join(name));
        let text = rendered(&missing, fs_err::read(&other).unwrap_err());
        for path in [missing, other] {
            let path = path.display().to_string();
            assert_eq!(text.matches(&path).count(), 1, "{text}");
        }
    }
}
