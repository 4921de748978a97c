//! Texts with placeholders, such as `{layer}-{runtime}.zip`.

/// A part of such a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// It stands for itself.
    Text(&'t str),
    /// What is between the braces.
    Placeholder(&'t str),
}

/// The pieces of a text, none of them an empty text; the error is what follows a `{`
/// without a `}`.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once('{') {
        let (placeholder, after) = inside.split_once('}').ok_or(inside)?;
        pieces.extend([Piece::Text(before), Piece::Placeholder(placeholder)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::Piece::{Placeholder, Text};
    use super::pieces;

    #[test]
    fn texts_and_placeholders_come_in_their_order() {
        assert_eq!(pieces(""), Ok(vec![]));
        assert_eq!(pieces("a}b"), Ok(vec![Text("a}b")]));
        assert_eq!(
            pieces("{a}{}b-{c}"),
            Ok(vec![
                Placeholder("a"),
                Placeholder(""),
                Text("b-"),
                Placeholder("c"),
            ])
        );
        assert_eq!(pieces("a{b}{c"), Err("c"));
    }
}
