//! The URLs of git repositories, as Poetry reads and prints them.

/// A URL as `poetry export` prints it, which is one that pip knows: of
/// `git@host:path` it makes `ssh://git@host/path`, where digits that end at a
/// slash are a port. What comes after `@` or `#` behind the path is left out, as
/// Poetry takes it for a revision or a fragment. `None` where Poetry would not
/// take the URL: a path on this machine is none, nor is one with blanks.
pub(crate) fn printed(url: &str) -> Option<String> {
    let url = url.strip_prefix("git+").unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return printed_ssh(url);
    };
    if scheme.is_empty() || !scheme.chars().all(is_word) {
        return None;
    }
    let path = rest.find(['/', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path);
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (format!("{user}@"), host),
        None => (String::new(), authority),
    };
    // What follows the colon is the path where it is no port.
    let (host, path) = match host.split_once(':') {
        Some((name, port)) if !is_number(port) => (name, format!("{port}{path}")),
        _ => (host, path.to_owned()),
    };
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    (name.chars().all(is_of_host) && !path.is_empty()).then_some(())?;
    Some(format!("{scheme}://{user}{host}/{}", plain_path(&path)?))
}

/// `git@host:team/project.git`
fn printed_ssh(url: &str) -> Option<String> {
    let (user, rest) = match url.split_once('@') {
        Some((user, rest)) if !user.contains(['/', '?', '#', ':', '<', '>', '[', ']', '|']) => {
            (Some(user), rest)
        }
        _ => (None, url),
    };
    let (host, path) = rest.split_at(rest.find([':', '/'])?);
    let is_host = !host.is_empty() && host.chars().all(is_of_host);
    let path = plain_path(path)?;
    // A directory before the repository's name is a must.
    let (directory, name) = path.trim_end_matches('/').rsplit_once('/')?;
    (is_host && !directory.is_empty() && !name.is_empty()).then_some(())?;
    let has_port = directory
        .split_once('/')
        .is_some_and(|(port, _)| is_number(port));
    let user = user.map_or(String::new(), |user| format!("{user}@"));
    let separator = if has_port { ':' } else { '/' };
    Some(format!("ssh://{user}{host}{separator}{path}"))
}

/// The path up to a revision or a fragment, without the slash or colon before
/// it; `None` where something else ends it.
fn plain_path(path: &str) -> Option<&str> {
    let is_plain = |c: char| is_word(c) || "%~.-+/\\$:".contains(c);
    let end = path.find(|c| !is_plain(c)).unwrap_or(path.len());
    let (path, more) = path.split_at(end);
    let is_suffix = more.is_empty()
        || more.strip_prefix(['@', '#']).is_some_and(|revision| {
            let (revision, fragment) = revision.split_once('#').unwrap_or((revision, "egg="));
            let is_known = fragment.starts_with("egg=") || fragment.starts_with("subdirectory=");
            !revision.is_empty() && !revision.contains('@') && is_known
        });
    is_suffix.then(|| path.trim_start_matches([':', '/']))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_of_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::printed;

    /// What Poetry 2.5.1 prints for the same locks.
    #[test]
    fn addresses_are_those_that_pip_knows() {
        for (locked, expected) in [
            (
                "https://git.example.com/x.git",
                Some("https://git.example.com/x.git"),
            ),
            (
                "https://user:pw@git.example.com/x",
                Some("https://user:pw@git.example.com/x"),
            ),
            (
                "https://git.example.com:8443/x.git",
                Some("https://git.example.com:8443/x.git"),
            ),
            (
                "git@git.example.com:team/x.git",
                Some("ssh://git@git.example.com/team/x.git"),
            ),
            (
                "git@git.example.com:2222/team/x.git",
                Some("ssh://git@git.example.com:2222/team/x.git"),
            ),
            (
                "https://git.example.com/x.git#frag",
                Some("https://git.example.com/x.git"),
            ),
            (
                "https://git.example.com/x@y.git",
                Some("https://git.example.com/x"),
            ),
            ("../x", None),
            ("git@git.example.com:x.git", None),
            (
                "git@git.example.com:2222/x.git",
                Some("ssh://git@git.example.com/2222/x.git"),
            ),
            (
                "ssh://git@git.example.com:team/x.git",
                Some("ssh://git@git.example.com/team/x.git"),
            ),
            (
                "ssh://git@git.example.com:22/~me/x",
                Some("ssh://git@git.example.com:22/~me/x"),
            ),
            (
                "https://git.example.com/x.git@v1#egg=x",
                Some("https://git.example.com/x.git"),
            ),
            ("https://git.example.com/x@y@z", None),
            ("https://git.example.com/x#y#z", None),
            ("https://git.example.com/x?y=z", None),
            ("https://git.example.com/a b.git", None),
            ("/srv/team/x", None),
        ] {
            assert_eq!(printed(locked).as_deref(), expected, "{locked}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_printed_again(
            url in "(git\\+)?(https?://|ssh://|file://)?([a-z0-9@:/#.~% \\\\-]|\\PC){0,24}",
        ) {
            if let Some(once) = printed(&url) {
                prop_assert_eq!(printed(&once), Some(once));
            }
        }
    }

    /// Poetry makes `file://None/srv/x` of it, which leads nowhere.
    #[test]
    fn a_repository_on_this_machine_stays_reachable() {
        assert_eq!(printed("file:///srv/x").as_deref(), Some("file:///srv/x"));
    }
}
