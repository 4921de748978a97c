//! User-info in URLs, and paths of a machine.

use crate::names::ending;

/// Whether a line has a URL with a password that looks like a real one.
pub(super) fn has_user_info(line: &str) -> bool {
    line.match_indices("://").any(|(at, _)| {
        let rest = &line[at + 3..];
        let end = rest.find(|c: char| is_end(c)).unwrap_or(rest.len());
        let Some((user_info, host)) = rest[..end].rsplit_once('@') else {
            return false;
        };
        let host = host.split(['/', ':', '?', '#']).next().unwrap_or_default();
        let Some((_, password)) = user_info.split_once(':') else {
            return false;
        };
        !is_placeholder(password) && !is_example(host)
    })
}

fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '/' | ')' | ',' | '|')
}

/// What documentation has in the place of a password.
pub(super) fn is_placeholder(password: &str) -> bool {
    let password = password.trim().to_lowercase();
    let words = [
        "pass", "pwd", "secret", "token", "user", "xxx", "***", "changeme", "example", "your",
        "apikey", "api_key", "dummy", "test", "foo", "bar", "redacted", "none", "null", "true",
        "false",
    ];
    password.len() < 4
        || words.iter().any(|word| password.starts_with(word))
        || password.ends_with("password")
        // A variable, or a name to be replaced.
        || password.contains(['$', '{', '}', '%', '<', '>', '(', ')', '[', ']', '*', '\\'])
}

/// Hosts that nobody logs in to.
fn is_example(host: &str) -> bool {
    let host = host.to_lowercase();
    let host = host.trim_end_matches('.');
    let ending = host.rsplit('.').next().unwrap_or_default();
    let is_named = matches!(
        host,
        "localhost" | "127.0.0.1" | "host" | "hostname" | "proxy" | "server"
    );
    let is_reserved = matches!(ending, "test" | "invalid" | "localhost" | "example");
    host.is_empty()
        || is_named
        || is_reserved
        // RFC 2606; `packages.example.com` stands for somebody's own in our tests.
        || matches!(host, "example.com" | "example.org" | "example.net" | "www.example.com")
        || host.contains(['{', '$', '%', '<', '['])
}

/// Whether a line of metadata, a `.pth` file or the like leads to where its package lay on
/// the machine that installed it.
pub(super) fn names_a_machines_path(name: &str, line: &str) -> bool {
    let is_local = |text: &str| {
        text.starts_with("/home/")
            || text.starts_with("/Users/")
            || text.starts_with("/root/")
            || text.starts_with("/builds/")
            || text.starts_with("/tmp/")
            || text.starts_with("/private/")
            || text.get(1..3) == Some(":\\")
    };
    match name {
        "METADATA" | "PKG-INFO" => {
            let field = line.split_once(':').map(|(field, _)| field);
            field.is_some_and(|field| field.eq_ignore_ascii_case("Requires-Dist"))
                && line.contains("file://")
        }
        "direct_url.json" => line.contains("file://"),
        "RECORD" => is_local(line.trim_start_matches('"')),
        _ => matches!(ending(name), Some("egg-link" | "pth")) && is_local(line.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_told_from_examples() {
        for (line, expected) in [
            (
                "index-url = https://deploy:hunter2x@packages.example.com/simple",
                true,
            ),
            (
                "url = 'postgres://app:s3cr3tvalue@db.internal:5432/x'",
                true,
            ),
            ("https://aws:AQICAHhTOKEN@d.codeartifact.example.com/", true),
            ("https://user:password@packages.example.com/simple", false),
            ("https://user:pass@packages.example.com", false),
            ("https://me:${TOKEN}@packages.example.com", false),
            ("https://me:{token}@packages.example.com", false),
            ("https://me:hunter2x@localhost:8080/", false),
            ("https://me:hunter2x@example.com/", false),
            ("https://packages.example.com/a@b:c", false),
            ("ssh://git@git.example.com/a", false),
            (
                "see https://packages.example.com and mail me:you@there",
                false,
            ),
            ("no url", false),
        ] {
            assert_eq!(has_user_info(line), expected, "{line}");
        }
    }

    #[test]
    fn paths_of_a_machine_are_told_where_tools_write_them() {
        for (name, line, expected) in [
            ("direct_url.json", r#"{"url": "file:///srv/shop"}"#, true),
            (
                "direct_url.json",
                r#"{"url": "https://git.example.com/shop"}"#,
                false,
            ),
            ("METADATA", "Requires-Dist: a @ file:///srv/a", true),
            ("METADATA", "Home-page: file:///srv/a", false),
            ("shop.pth", "/home/me/shop/src", true),
            ("shop.pth", "C:\\Users\\me\\shop", true),
            ("shop.pth", "import shop", false),
            ("RECORD", "/home/me/bin/shop,sha256=x,1", true),
            ("RECORD", "shop/__init__.py,sha256=x,1", false),
        ] {
            assert_eq!(
                names_a_machines_path(name, line),
                expected,
                "{name}: {line}"
            );
        }
    }
}
