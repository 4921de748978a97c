//! Texts for people and programs, without the passwords that a user's own files have.

/// The text with a `*` for each character of what may be a password in a URL: `https://me:pw@host`
/// is `https://*****@host`. Columns stay as they are.
///
/// What is no URL, such as one with a blank in it, has to be masked too: it is what errors
/// are about. So this looks for `://` alone.
pub fn mask_user_info(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        masked.push_str(before);
        let length = user_info(after);
        masked.extend(after[..length].chars().map(|_| '*'));
        rest = &after[length..];
    }
    masked.push_str(rest);
    masked
}

/// How many bytes of user information a text begins with that follows `://`.
fn user_info(text: &str) -> usize {
    // What ends lists and sentences too, `,;'()`, may be in a password.
    let ends_url = |c: char| c.is_whitespace() || "\"`<>".contains(c);
    let url = &text[..text.find(ends_url).unwrap_or(text.len())];
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    // The user of git's servers is everybody's, and the other is advice.
    let is_shown = |user: &str| matches!(user, "" | "git" | "USER:PASSWORD");
    if let Some(end) = authority.rfind('@') {
        return if is_shown(&authority[..end]) { 0 } else { end };
    }
    // A password may hold what should be encoded; a port is a number, after which a list may
    // go on to the `:` of the next URL: `['https://host:80','https://me:pw@host']`.
    let is_port = |text: &str| {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.is_empty() || rest.starts_with([',', ';', '\'', ')']) && rest.ends_with(':')
    };
    match (authority.split_once(':'), url.rfind('@')) {
        (Some((_, password)), Some(end)) if !is_port(password) => end,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn passwords_are_masked_and_all_else_stays() {
        for (text, expected) in [
            ("https://me:pw@host/simple", "https://*****@host/simple"),
            ("https://token@host", "https://*****@host"),
            (
                "url = \"https://me:pw@ho st\" # x",
                "url = \"https://*****@ho st\" # x",
            ),
            ("https://me:p/w#x@host/y", "https://********@host/y"),
            ("ext::https://é:p@a@b", "ext::https://*****@b"),
            (
                "https://a:b@c and git+https://d:e@f",
                "https://***@c and git+https://***@f",
            ),
            ("https://me:pa,ss@host/x", "https://********@host/x"),
            ("https://me:it's@host", "https://*******@host"),
            ("https://me:1,2/3@host", "https://********@host"),
            ("https://me:(a);b@host)", "https://********@host)"),
            (
                "['https://a/b','https://c:d@e']",
                "['https://a/b','https://***@e']",
            ),
            (
                "['https://a:b@c','https://d:80','https://e:f@g']",
                "['https://***@c','https://d:80','https://***@g']",
            ),
            ("https://host:8080/x@y", "https://host:8080/x@y"),
            ("ssh://git@host/x", "ssh://git@host/x"),
            (
                "https://USER:PASSWORD@HOST/x",
                "https://USER:PASSWORD@HOST/x",
            ),
            ("https://****@host", "https://****@host"),
            ("https://host/x", "https://host/x"),
            ("me@host://", "me@host://"),
            ("", ""),
        ] {
            assert_eq!(mask_user_info(text), expected);
        }
    }

    proptest! {
        #[test]
        fn columns_stay_and_nothing_is_left(
            before in "[a-z \"]{0,8}",
            user in "[a-z0-9%]{1,8}",
            password in "[a-zA-Z0-9%:@!$&*+=._~,;'()-]{4,12}",
            after in "[a-z./]{0,8}",
        ) {
            let text = format!("{before}https://{user}:{password}@host{after}");
            let masked = mask_user_info(&text);
            prop_assert_eq!(masked.chars().count(), text.chars().count());
            let all_masked = format!("https://{}@host", "*".repeat(user.len() + password.len() + 1));
            prop_assert!(masked.contains(&all_masked), "{}", masked);
        }

        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            prop_assert_eq!(mask_user_info(&text).chars().count(), text.chars().count());
        }
    }
}
