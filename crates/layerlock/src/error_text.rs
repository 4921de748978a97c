//! Errors as people read them: what failed and why, the line to blame, what to do.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use layerlock_check::Finding;
use layerlock_diagnostic::{Diagnose, Place};

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
        .and_then(|place| Some((place, fs_err::read_to_string(&place.path).ok()?)));
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

/// A finding on a layer that will not work, as an error of its own.
pub fn render_finding(finding: &Finding, style: Style) -> String {
    let message = render_message(&finding.message, style);
    with_hint(message, finding.hint.as_deref(), style)
}

fn with_hint(mut text: String, hint: Option<&str>, style: Style) -> String {
    if let Some(hint) = hint {
        text.push('\n');
        let title = Level::HELP.with_name("hint").primary_title(hint);
        text.push_str(&render(Group::with_title(title), style));
    }
    text
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

fn render(group: Group<'_>, style: Style) -> String {
    match style {
        Style::Plain => Renderer::plain(),
        Style::Ansi => Renderer::styled(),
    }
    .decor_style(DecorStyle::Ascii)
    .render(&[group])
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
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = error.source();
    }
    message
}
