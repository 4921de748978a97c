//! Poetry's and uv's environment variables for an index of a name.

use super::found::FoundCredentials;
use crate::{Credentials, Variables};

/// `POETRY_HTTP_BASIC_NAME_` and an ending.
pub(super) fn poetry_variable(name: &str, ending: &str) -> String {
    format!("{}_{ending}", poetry_prefix(name))
}

/// `UV_INDEX_NAME_USERNAME` and `_PASSWORD`.
pub(super) fn find_for_uv(variables: &Variables, name: &str) -> Option<FoundCredentials> {
    let prefix = uv_prefix(name);
    let user = variables.get(&format!("{prefix}_USERNAME"));
    let password = variables.get(&format!("{prefix}_PASSWORD"));
    if user.is_none() && password.is_none() {
        return None;
    }
    Some(FoundCredentials {
        credentials: Credentials {
            user: user.unwrap_or_default().to_owned(),
            password: password.map(str::to_owned),
        },
        place: format!(
            "{prefix}_{}",
            if user.is_some() {
                "USERNAME"
            } else {
                "PASSWORD"
            }
        ),
    })
}

/// The token to publish with. Poetry publishes with it and does not send it when
/// it reads, so a server that lets everybody read may not accept it there.
pub(super) fn publishing_token(variables: &Variables, name: &str) -> Option<FoundCredentials> {
    let variable = publishing_token_variable(name);
    let token = variables.get(&variable)?;
    Some(FoundCredentials {
        credentials: Credentials {
            user: "__token__".to_owned(),
            password: Some(token.to_owned()),
        },
        place: variable,
    })
}

/// `POETRY_PYPI_TOKEN_NAME`.
pub(super) fn publishing_token_variable(name: &str) -> String {
    format!("POETRY_PYPI_TOKEN_{}", in_variables(name))
}

/// The variables that are looked at for an index of this name, for people.
pub(super) fn variables(name: &str) -> [String; 2] {
    [poetry_prefix(name), uv_prefix(name)].map(|prefix| format!("{prefix}_USERNAME and _PASSWORD"))
}

fn poetry_prefix(name: &str) -> String {
    format!("POETRY_HTTP_BASIC_{}", in_variables(name))
}

fn uv_prefix(name: &str) -> String {
    format!("UV_INDEX_{}", in_variables(name))
}

/// An index's name in a variable's: capitals, and `_` for all but letters and
/// digits (Poetry does so for `-`; names with anything else fit no variable).
pub(crate) fn in_variables(name: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables_with(pairs: &[(&str, &str)]) -> Variables {
        Variables::new(pairs.iter().copied())
    }

    fn pair(found: Option<FoundCredentials>) -> Option<(String, Option<String>)> {
        found.map(|found| (found.credentials.user, found.credentials.password))
    }

    #[test]
    fn a_name_is_written_as_poetry_and_uv_write_it() {
        let set = variables_with(&[
            ("UV_INDEX_MY_CO_PASSWORD", "c"),
            ("POETRY_PYPI_TOKEN_MY_CO", "d"),
        ]);
        for name in ["my-co", "My_Co", "my.co"] {
            let expected =
                |user: &str, password: &str| Some((user.to_owned(), Some(password.to_owned())));

            let variable = "POETRY_HTTP_BASIC_MY_CO_USERNAME";
            assert_eq!(poetry_variable(name, "USERNAME"), variable);
            assert_eq!(pair(find_for_uv(&set, name)), expected("", "c"));
            assert_eq!(
                pair(publishing_token(&set, name)),
                expected("__token__", "d")
            );
        }
        assert_eq!(pair(find_for_uv(&set, "other")), None);
    }

    #[test]
    fn a_user_alone_has_no_password() {
        let set = variables_with(&[("UV_INDEX_CO_USERNAME", "token")]);
        let found = find_for_uv(&set, "co").unwrap();
        assert_eq!(found.place, "UV_INDEX_CO_USERNAME");
        assert_eq!(pair(Some(found)), Some(("token".to_owned(), None)));
    }
}
