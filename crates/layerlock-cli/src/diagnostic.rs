//! Errors as people read them: what failed and why, the line to blame, what to do.

use std::error::Error as _;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use layerlock::{Error, Place};

pub(crate) fn error(error: &Error) -> String {
    let message = with_causes(error);
    let hint = error.hint();
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
            Snippet::source(text.as_str())
                .path(path)
                .annotation(AnnotationKind::Primary.span(span)),
        );
    }
    let mut text = render(title);
    if let Some(hint) = &hint {
        text.push('\n');
        let title = Level::HELP.with_name("hint").primary_title(hint);
        text.push_str(&render(Group::with_title(title)));
    }
    text
}

pub(crate) fn plain_error(message: &str) -> String {
    render(Group::with_title(Level::ERROR.primary_title(message)))
}

pub(crate) fn warning(message: &str) -> String {
    render(Group::with_title(Level::WARNING.primary_title(message)))
}

fn render(group: Group<'_>) -> String {
    Renderer::styled()
        .decor_style(DecorStyle::Ascii)
        .render(&[group])
}

/// A package's entry in a lock can be a hundred lines: its first one says which.
fn first_line(place: &Place, text: &str) -> Option<std::ops::Range<usize>> {
    let spanned = text.get(place.span.clone())?;
    let length = spanned.find(['\r', '\n']).unwrap_or(spanned.len());
    Some(place.span.start..place.span.start + length)
}

/// The error with what caused it, unless its own words say that already.
fn with_causes(error: &Error) -> String {
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
