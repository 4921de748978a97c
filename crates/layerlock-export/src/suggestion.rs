//! What a misspelt key is meant for.

/// More edits than these make another word.
const NEAR: usize = 2;

/// The message of serde on an unknown key, with the known key that is spelled nearly so in
/// the place of all that are known.
pub(crate) fn with_suggestion(message: String) -> String {
    let Some(rest) = message.strip_prefix("unknown field `") else {
        return message;
    };
    let Some((unknown, known)) = rest.split_once("`, expected ") else {
        return message;
    };
    let distance = |known: &&str| strsim::damerau_levenshtein(known, unknown);
    let nearest = known.split('`').skip(1).step_by(2).min_by_key(distance);
    match nearest.filter(|known| distance(known) <= NEAR) {
        Some(known) => format!("unknown field `{unknown}`: did you mean `{known}`?"),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::with_suggestion;

    #[test]
    fn a_key_that_is_nearly_known_is_suggested() {
        let message =
            |key: &str| format!("unknown field `{key}`, expected one of `lock`, `runtime`");
        for (key, known) in [
            ("runtimes", "runtime"),
            ("rutnime", "runtime"),
            ("lok", "lock"),
        ] {
            let expected = format!("unknown field `{key}`: did you mean `{known}`?");
            assert_eq!(with_suggestion(message(key)), expected);
        }
        for other in [
            message("python"),
            message(""),
            "missing field `a`".to_owned(),
        ] {
            assert_eq!(with_suggestion(other.clone()), other);
        }
    }
}
