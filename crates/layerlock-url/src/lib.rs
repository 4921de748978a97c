/*!
A URL that keeps its credentials to itself.

People write passwords and tokens into URLs. [`SafeUrl`] takes them out at once: what
it shows is free of them, so that none can reach a log, an error, a cache key or a
link. Who sends a request asks for [`SafeUrl::credentials`].

No network in this crate: what only reads locks shows URLs too.
*/

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

/// A URL whose Display and Debug hide all that may be a secret: `****` stands for
/// user-info and for the query, in which signed links carry their secret; the
/// fragment is not shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SafeUrl {
    /// Without user-info.
    url: Url,
    credentials: Option<Credentials>,
}

/// A user name and a password, decoded. Debug shows neither.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// What stood before the `:`; often a token, where there is no password. May be empty.
    pub user: String,
    /// What stood after the `:`, if there was one.
    pub password: Option<String>,
}

/// A user name of so many bytes may be a token, whatever password stands beside it.
const MIN_TOKEN: usize = 16;

/// Why a text is not a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a URL: {reason}")]
pub struct UrlError {
    /// The text, without what may be a password.
    pub text: String,
    /// What the URL parser said.
    pub reason: String,
}

impl SafeUrl {
    /// Reads a URL that has a host, or at least a path: `scheme://...`.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        let problem = |reason: String| UrlError {
            text: hide_userinfo(text),
            reason,
        };
        let url = Url::parse(text).map_err(|error| problem(error.to_string()))?;
        // `user:password@host` parses, as a URL of the scheme `user`.
        if url.cannot_be_a_base() {
            return Err(problem(
                "it does not start with http:// or https://".to_owned(),
            ));
        }
        Ok(url.into())
    }

    /// Where a link leads that stands at this URL. A relative link keeps the
    /// credentials.
    pub fn join(&self, link: &str) -> Option<Self> {
        Some(self.with_credentials().join(link).ok()?.into())
    }

    /// The URL without user-info, as it is to be requested. Not to be shown: its
    /// query may be a secret.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The URL with the user name and no password. Not to be shown for http, where a
    /// user name may be a token.
    pub fn with_user(&self) -> Url {
        let mut url = self.with_credentials();
        let _ = url.set_password(None);
        url
    }

    /// The URL with user-info, for libraries that take credentials in no other way.
    pub fn with_credentials(&self) -> Url {
        let mut url = self.url.clone();
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        if let Some(credentials) = &self.credentials {
            let _ = url.set_username(&encoded(&credentials.user));
            let password = credentials.password.as_deref().map(encoded);
            let _ = url.set_password(password.as_deref());
        }
        url
    }

    /// The user-info that the URL had, percent-decoded. To be sent to
    /// [its origin](Self::has_same_origin) alone.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// The same URL with other credentials.
    #[must_use]
    pub fn with_other_credentials(&self, credentials: Credentials) -> Self {
        Self {
            url: self.url.clone(),
            credentials: Some(credentials),
        }
    }

    /// What to request where the credentials are not to be sent; query and fragment stay.
    #[must_use]
    pub fn without_credentials(&self) -> Self {
        Self {
            url: self.url.clone(),
            credentials: None,
        }
    }

    /// The same URL up to its path, with its credentials.
    #[must_use]
    pub fn without_query(&self) -> Self {
        let mut url = self.without_fragment();
        url.url.set_query(None);
        url
    }

    /// The same URL without `#...`, which is never sent; with its credentials.
    #[must_use]
    pub fn without_fragment(&self) -> Self {
        let mut url = self.clone();
        url.url.set_fragment(None);
        url
    }

    /// The same URL with another path, which is percent-encoded where it has to be.
    #[must_use]
    pub fn with_path(mut self, path: &str) -> Self {
        self.url.set_path(path);
        self
    }

    /// A text, such as what a tool printed that was given this URL, without its
    /// credentials, as [`Credentials::hide_in`] hides them.
    pub fn hide_in(&self, text: &str) -> String {
        match &self.credentials {
            Some(credentials) => credentials.hide_in(text),
            None => text.to_owned(),
        }
    }

    /// The last part of its path, percent-decoded. Hostile: it may have slashes.
    pub fn file_name(&self) -> String {
        decoded(self.url.path().rsplit('/').next().unwrap_or_default())
    }

    /// Whether both have the same scheme, host and port: only there may the
    /// credentials of the one be sent for the other.
    pub fn has_same_origin(&self, other: &Self) -> bool {
        self.url.origin() == other.url.origin()
    }
}

impl Credentials {
    /// A text without these credentials: `****` stands where they were, as they are or
    /// percent-encoded.
    ///
    /// The user name is hidden where it may be a token: where there is no password, or
    /// where it is long. A short one may be part of any word, and is hidden as a word alone.
    pub fn hide_in(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self.secrets().collect();
        // One may begin as the other does.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let before = &text[..text.len() - rest.len()];
            let found = secrets.iter().find_map(|secret| {
                let after = after(rest, secret)?;
                let is_word = !continues(before.chars().rev()) && !continues(after.chars());
                (is_word || !self.is_short_user(secret)).then_some(after)
            });
            if let Some(after) = found {
                shown.push_str("****");
                rest = after;
            } else {
                shown.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        shown
    }

    /// Whether this is a user name that is rather a name than a token.
    fn is_short_user(&self, secret: &str) -> bool {
        secret.len() < MIN_TOKEN && self.password.as_deref() != Some(secret)
    }

    /// What of them must not be in a text.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let password = self.password.as_deref().unwrap_or_default();
        let may_be_token = password.is_empty() || self.user.len() >= MIN_TOKEN;
        [password, if may_be_token { &self.user } else { "" }]
            .into_iter()
            .filter(|secret| !secret.is_empty())
    }
}

/// Whether a word goes on with these characters: those of names of packages and files, of
/// which a full stop or a dash ends none.
fn continues(mut chars: impl Iterator<Item = char>) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match chars.next() {
        Some('.' | '-') => chars.next().is_some_and(is_word),
        Some(next) => is_word(next),
        None => false,
    }
}

/// The rest of a text that begins with a secret, each byte of which may be
/// percent-encoded.
fn after<'t>(text: &'t str, secret: &str) -> Option<&'t str> {
    text.strip_prefix(secret).or_else(|| {
        let mut rest = text.as_bytes();
        for byte in secret.bytes() {
            rest = match rest {
                [b'%', high, low, after @ ..] if hex(*high, *low) == Some(byte) => after,
                [first, after @ ..] if *first == byte => after,
                _ => return None,
            };
        }
        text.get(text.len() - rest.len()..)
    })
}

/// The byte that two hexadecimal digits stand for.
fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

impl From<Url> for SafeUrl {
    fn from(mut url: Url) -> Self {
        let credentials = Credentials {
            user: decoded(url.username()),
            password: url.password().map(decoded),
        };
        let has_some = !credentials.user.is_empty() || credentials.password.is_some();
        // Both fail only for URLs that cannot have user-info, so had none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Self {
            url,
            credentials: has_some.then_some(credentials),
        }
    }
}

impl fmt::Display for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.url.cannot_be_a_base() {
            return f.write_str(&hide_userinfo(self.url.as_str()));
        }
        let mut url = self.url.clone();
        url.set_fragment(None);
        if url.query().is_some() {
            url.set_query(Some("****"));
        }
        if self.credentials.is_none() {
            return url.fmt(f);
        }
        f.write_str(&url.as_str().replacen("://", "://****@", 1))
    }
}

impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafeUrl({self})")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(****)")
    }
}

/// A text that a user may have meant as a URL, as it may be shown: without credentials
/// and query. A path that begins with `./` or `../` is shown whole.
pub fn shown(text: &str) -> String {
    if text.starts_with("./") || text.starts_with("../") {
        return text.to_owned();
    }
    match SafeUrl::parse(text) {
        Ok(url) => url.without_credentials().to_string(),
        Err(error) => error.text,
    }
}

/// A text that no URL parser took for a URL with a host, without anything before
/// its last `@` or in a query.
fn hide_userinfo(text: &str) -> String {
    let (mark, rest) = match text.rsplit_once('@') {
        Some((_, rest)) => ("****@", rest),
        None => ("", text),
    };
    match rest.split_once('?') {
        Some((path, _)) => format!("{mark}{path}?****"),
        None => format!("{mark}{rest}"),
    }
}

/// Undoes percent-encoding. What is not UTF-8 then becomes U+FFFD.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> SafeUrl {
        SafeUrl::parse(text).unwrap()
    }

    #[test]
    fn credentials_are_kept_apart_and_never_shown() {
        let url = url("https://me%40work:s3cret%2F@packages.example.com/simple/");
        let credentials = url.credentials().unwrap();
        assert_eq!(credentials.user, "me@work");
        assert_eq!(credentials.password.as_deref(), Some("s3cret/"));
        assert_eq!(url.url().as_str(), "https://packages.example.com/simple/");
        let shown = "https://****@packages.example.com/simple/";
        assert_eq!(url.to_string(), shown);
        assert_eq!(format!("{url:?}"), format!("SafeUrl({shown})"));
        assert_eq!(format!("{credentials:?}"), "Credentials(****)");
    }

    #[test]
    fn tokens_and_signatures_are_hidden() {
        for (text, shown) in [
            (
                "https://token@packages.example.com/a.whl?sig=abc#sha256=00",
                "https://****@packages.example.com/a.whl?****",
            ),
            (
                "https://packages.example.com/a.whl",
                "https://packages.example.com/a.whl",
            ),
        ] {
            assert_eq!(url(text).to_string(), shown);
        }
        let mail = SafeUrl::from(Url::parse("mailto:me:hush@example.com?a=hush").unwrap());
        assert_eq!(mail.to_string(), "****@example.com?****");
    }

    #[test]
    fn what_is_no_url_is_refused_without_its_password() {
        for (text, shown) in [
            ("u:hush@packages.example.com/simple", "****@packages"),
            ("https://u:hush@:99999/simple", "****@:99999"),
            ("bad host?a=hush", "bad host?****"),
            ("packages.example.com/simple", "not a URL"),
            ("", "not a URL"),
        ] {
            let error = SafeUrl::parse(text).unwrap_err();
            let message = format!("{error} {error:?}");
            assert!(message.contains(shown), "{text}: {message}");
            assert!(!message.contains("hush"), "{text}: {message}");
        }
    }

    #[test]
    fn credentials_are_hidden_in_what_tools_print() {
        let hidden = |url_text: &str, text: &str| url(url_text).hide_in(text);
        let company = "https://me:p%40s%2Fs%c3%a9@packages.example.com/";
        for (text, shown) in [
            ("failed: p@s/s\u{e9}!", "failed: ****!"),
            (
                "GET https://me:p%40s%2fs%C3%A9@packages.example.com/x",
                "GET https://me:****@packages.example.com/x",
            ),
            ("p@s%2Fs%c3%a9p%40s/s%C3\u{a9}", "****p%40s/s%C3\u{a9}"),
            ("p%40s/s\u{e9}", "****"),
            ("p@s, 100 % \u{e9} %+4 %4", "p@s, 100 % \u{e9} %+4 %4"),
            ("some me", "some me"),
            ("", ""),
        ] {
            assert_eq!(hidden(company, text), shown, "{text}");
        }
        // What is encoded in the password itself.
        assert_eq!(hidden("https://u:%2541@x/", "%41 %2541 A"), "**** **** A");
        // A token is the user, and may have a password that means nothing.
        assert_eq!(hidden("https://tok@x/", "a tok"), "a ****");
        assert_eq!(hidden("https://tok:@x/", "a tok"), "a ****");
        // A name may be in any word, and in the name of the package itself.
        for (text, shown) in [
            (
                "collecting demo-1.0.tar.gz, demo_tools",
                "collecting demo-1.0.tar.gz, demo_tools",
            ),
            ("in /srv/demo.git and a.demo", "in /srv/demo.git and a.demo"),
            (
                "http://demo@x/ http://demo:@x",
                "http://****@x/ http://****:@x",
            ),
            (
                "demo: no. I am demo. -demo- d%65mo",
                "****: no. I am ****. -****- ****",
            ),
            ("democracy", "democracy"),
        ] {
            assert_eq!(hidden("https://demo@x/", text), shown);
        }
        assert_eq!(hidden("https://me:demo@x/", "democracy me"), "****cracy me");
        let long = "https://0123456789abcdef:oauth@x/";
        assert_eq!(hidden(long, "0123456789abcdef oauth"), "**** ****");
        // The longer first: nothing of it is left.
        let doubled = "https://0123456789abcdef:0123456789abcdef-1@x/";
        assert_eq!(hidden(doubled, "0123456789abcdef-1"), "****");
        assert_eq!(hidden("https://x/", "a tok"), "a tok");
    }

    #[test]
    fn what_may_be_meant_as_a_url_is_shown_without_secrets() {
        for (text, safe) in [
            ("https://u:hush@host/a@b?t=hush#x", "https://host/a@b?****"),
            ("u:hush@host/x", "****@host/x"),
            ("https://u:hush@:99999/x", "****@:99999/x"),
            ("//u:hush@host/x", "****@host/x"),
            ("git@host:path.git", "****@host:path.git"),
            ("host:8443", "host:8443"),
            ("wheels/a", "wheels/a"),
            ("../local@path", "../local@path"),
        ] {
            assert_eq!(shown(text), safe);
        }
    }

    #[test]
    fn only_relative_links_keep_the_credentials() {
        let page = url("https://a%2541:b%2F%40@packages.example.com/simple/demo/");
        let relative = page.join("../a.whl").unwrap();
        assert_eq!(relative.credentials(), page.credentials());
        assert_eq!(relative.credentials().unwrap().user, "a%41");
        assert_eq!(
            relative.url().as_str(),
            "https://packages.example.com/simple/a.whl"
        );
        let absolute = page.join("https://packages.example.com/a.whl").unwrap();
        assert_eq!(absolute.credentials(), None);
        assert!(page.join("http://[").is_none());
    }

    #[test]
    fn percent_encoding_is_undone_once() {
        assert_eq!(url("http://x/y/a%2Bb%252B%zz%").file_name(), "a+b%2B%zz%");
        assert_eq!(url("http://x/%ff").file_name(), "\u{fffd}");
    }
}
