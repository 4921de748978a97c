//! Which indexes a build asks for what it needs, and how pip and uv are told.
//!
//! pip hands its indexes to a child of its own as arguments, which every user of the machine
//! may read. So it gets addresses without user-info, and the passwords by a netrc file that
//! only the user can read. uv has no such child: its environment is enough.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use duct::Expression;
use layerlock_client::{Credentials, MachineConfig, SafeUrl, Site};
use layerlock_lock::{Priority, ProjectIndex};

use crate::{Error, Sources};

/// The indexes of a build.
#[derive(Default)]
pub(super) struct BuildIndexes {
    /// That of `--index-url`, which replaces those of the machine.
    option: Option<Address>,
    /// pip's setting.
    default: Option<Address>,
    /// pip's setting.
    extra: Vec<Address>,
    /// pip's setting.
    find_links: Vec<Address>,
    /// pip's proxy, where a variable names one.
    proxy: Option<Address>,
    /// The project's own sources.
    sources: Vec<Address>,
    /// The user's netrc file.
    netrc: Vec<u8>,
    /// Whether uv has a default index of its own.
    has_uv_default: bool,
    /// Those of uv's variable.
    uv_extra: Option<String>,
}

/// An address as a user wrote it: mostly a URL, and a path now and then.
struct Address {
    text: String,
    url: Option<SafeUrl>,
}

impl Address {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            url: SafeUrl::parse(text).ok(),
        }
    }

    fn credentials(&self) -> Option<&Credentials> {
        self.url.as_ref()?.credentials()
    }

    /// For arguments.
    fn without_user_info(&self) -> String {
        match &self.url {
            Some(url) if url.credentials().is_some() => url.url().to_string(),
            _ => self.text.clone(),
        }
    }
}

impl BuildIndexes {
    /// What an option, the machine's settings and the project name.
    pub(super) fn read(sources: &Sources<'_>, option: Option<&str>) -> Result<Self, Error> {
        let machine = sources.session.machine();
        let setting = |variable, key| -> Result<Vec<Address>, Error> {
            let value = machine.pip_setting(&[variable], key)?;
            let value = value.map(|(value, _)| value).unwrap_or_default();
            let addresses = value.split_whitespace().map(Address::new);
            Ok(addresses.map(|one| with_password(one, sources)).collect())
        };
        let uv = machine.uv_files.get()?;
        let variable = |name| machine.variables.get(name);
        let mut indexes = Self {
            option: option.map(|text| with_password(Address::new(text), sources)),
            default: setting("PIP_INDEX_URL", "index-url")?.into_iter().next(),
            extra: setting("PIP_EXTRA_INDEX_URL", "extra-index-url")?,
            find_links: setting("PIP_FIND_LINKS", "find-links")?,
            proxy: variable("PIP_PROXY").map(Address::new),
            sources: Vec::new(),
            netrc: netrc_of(machine),
            has_uv_default: variable("UV_DEFAULT_INDEX")
                .or_else(|| variable("UV_INDEX_URL"))
                .is_some()
                || uv.default_index.is_some(),
            uv_extra: variable("UV_INDEX").map(str::to_owned),
        };
        // An option is for everything.
        if option.is_none() {
            let project = sources.project.iter();
            indexes.sources = project.filter_map(|it| of_source(it, sources)).collect();
        }
        Ok(indexes)
    }

    /// A text that a program said, without the passwords that it was told.
    pub(super) fn hide_in(&self, text: &str) -> String {
        let hide = |text: String, address: &Address| match &address.url {
            Some(url) => url.hide_in(&text),
            None => text,
        };
        let addresses = self.places().chain(&self.proxy);
        addresses.fold(text.to_owned(), hide)
    }

    fn places(&self) -> impl Iterator<Item = &Address> {
        let ones = [&self.option, &self.default];
        let lists = [&self.extra, &self.find_links, &self.sources];
        ones.into_iter()
            .flatten()
            .chain(lists.into_iter().flatten())
    }

    /// Tells pip. The netrc file lies in a directory of this build.
    pub(super) fn tell_pip(
        &self,
        mut pip: Expression,
        directory: &Path,
    ) -> Result<Expression, Error> {
        let list = |addresses: &mut dyn Iterator<Item = &Address>| {
            let texts: Vec<String> = addresses.map(Address::without_user_info).collect();
            texts.join(" ")
        };
        let indexes = self.option.as_ref().or(self.default.as_ref());
        for (variable, text) in [
            ("PIP_INDEX_URL", list(&mut indexes.into_iter())),
            (
                "PIP_EXTRA_INDEX_URL",
                list(&mut self.extra.iter().chain(&self.sources)),
            ),
            ("PIP_FIND_LINKS", list(&mut self.find_links.iter())),
        ] {
            if !text.is_empty() {
                pip = pip.env(variable, text);
            }
        }
        // pip makes an argument of its own variable, and none of these.
        if let Some(proxy) = self.proxy.as_ref().filter(|it| it.credentials().is_some()) {
            for variable in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
                pip = pip.env(variable, &proxy.text);
            }
            pip = pip.env_remove("PIP_PROXY");
        }
        let entries = self.netrc_entries();
        if entries.is_empty() {
            return Ok(pip);
        }
        let path = directory.join("netrc");
        // Of two entries for a host Python takes the last.
        let text = [&self.netrc[..], b"\n", entries.as_bytes()].concat();
        layerlock_layer::write_private_file(&path, &text)?;
        Ok(pip.env("NETRC", path))
    }

    /// A host that two of the indexes are on with other credentials. A netrc file has one
    /// entry for a host, so pip is told the last.
    pub(super) fn host_of_two_users(&self) -> Option<&str> {
        let mut known: HashMap<&str, &Credentials> = HashMap::new();
        self.places().find_map(|address| {
            let host = address.url.as_ref()?.url().host_str()?;
            let credentials = address.credentials()?;
            let other = known.insert(host, credentials)?;
            (other != credentials).then_some(host)
        })
    }

    fn netrc_entries(&self) -> String {
        let mut entries = String::new();
        for address in self.places() {
            let host = address.url.as_ref().and_then(|url| url.url().host_str());
            let (Some(host), Some(credentials)) = (host, address.credentials()) else {
                continue;
            };
            let _ = writeln!(
                entries,
                "machine {host} login {} password {}",
                word(&credentials.user),
                word(credentials.password.as_deref().unwrap_or_default())
            );
        }
        entries
    }

    /// Tells uv, by its environment.
    pub(super) fn tell_uv(&self, mut uv: Expression) -> Expression {
        let default = match &self.option {
            Some(option) => Some(option),
            None => self.default.as_ref().filter(|_| !self.has_uv_default),
        };
        if let Some(default) = default {
            uv = uv.env("UV_DEFAULT_INDEX", &default.text);
        }
        let extra = self.extra.iter().chain(&self.sources);
        let extra = extra.map(|address| address.text.as_str());
        let extra: Vec<&str> = self.uv_extra.as_deref().into_iter().chain(extra).collect();
        if !extra.is_empty() {
            uv = uv.env("UV_INDEX", extra.join(" "));
        }
        uv
    }
}

/// An address that has a user name alone, with the password that the keyring has given for
/// it in this run: pip, which is not told of the user, could not ask.
fn with_password(address: Address, sources: &Sources<'_>) -> Address {
    let has_user_alone = |url: &&SafeUrl| {
        let credentials = url.credentials();
        credentials.is_some_and(|credentials| credentials.password.is_none())
    };
    let Some(url) = address.url.as_ref().filter(has_user_alone) else {
        return address;
    };
    let site = Site {
        name: None,
        url: url.clone(),
    };
    let client = sources.session.client().ok();
    let known = client.and_then(|client| client.known_credentials(url, &site));
    match known {
        Some(credentials) => {
            let url = url.clone().with_other_credentials(credentials);
            Address {
                text: url.with_credentials().to_string(),
                url: Some(url),
            }
        }
        None => address,
    }
}

/// A source of the project, with the credentials that are kept for it. One that is for named
/// packages alone is none.
fn of_source(source: &ProjectIndex, sources: &Sources<'_>) -> Option<Address> {
    let url = source
        .url
        .as_deref()
        .and_then(|url| SafeUrl::parse(url).ok());
    let url = url.filter(|_| source.priority != Priority::Explicit)?;
    let site = Site {
        name: Some(source.name.clone()),
        url: url.clone(),
    };
    // Settings that no client can be made with are told where something is fetched.
    let client = sources.session.client().ok();
    let known = client.and_then(|client| client.known_credentials(&url, &site));
    let url = match known {
        Some(credentials) => url.with_other_credentials(credentials),
        None => url,
    };
    Some(Address {
        text: url.with_credentials().to_string(),
        url: Some(url),
    })
}

fn netrc_of(machine: &MachineConfig) -> Vec<u8> {
    let named = machine.variables.get("NETRC").map(Into::into);
    let in_home = |name| machine.home.as_ref().map(|home| home.join(name));
    let usual = [".netrc", "_netrc"].into_iter().filter_map(in_home);
    let path: Option<std::path::PathBuf> =
        named.or_else(|| usual.into_iter().find(|it| it.exists()));
    path.and_then(|path| layerlock_diagnostic::read_file(&path).ok())
        .unwrap_or_default()
}

/// A word of a netrc file, in quotes where it needs them.
fn word(text: &str) -> String {
    let is_plain = |c: char| !c.is_whitespace() && !"\"'\\#".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use layerlock_client::{PipFiles, Session};

    use super::*;
    use crate::index::Index;

    /// What a program finds in its environment.
    fn told(
        machine: MachineConfig,
        option: Option<&str>,
        project: &[ProjectIndex],
        tell: impl Fn(&BuildIndexes, Expression) -> Expression,
    ) -> String {
        let session = Session::new(machine);
        let no_index = || -> Result<Index, Error> { unreachable!("nothing is fetched") };
        let sources = Sources::new(project, &no_index, &session);
        let indexes = BuildIndexes::read(&sources, option).unwrap();
        let print = duct::cmd("env", Vec::<String>::new());
        tell(&indexes, print).read().unwrap()
    }

    fn source(name: &str, url: &str) -> ProjectIndex {
        ProjectIndex {
            name: name.to_owned(),
            url: Some(url.to_owned()),
            priority: Priority::Primary,
        }
    }

    fn machine(directory: &Path) -> MachineConfig {
        let file = directory.join("pip.conf");
        let text = "[global]\nindex-url = https://me:hunter2@packages.example.com/simple\n\
                    extra-index-url =\n  https://packages.example.org/simple\n";
        fs_err::write(&file, text).unwrap();
        let netrc = directory.join(".netrc");
        fs_err::write(&netrc, "machine other.example.com login a password b\n").unwrap();
        let mut machine = MachineConfig {
            pip_files: PipFiles::new([file]),
            home: Some(directory.to_owned()),
            ..MachineConfig::default()
        };
        for (name, value) in [
            ("POETRY_HTTP_BASIC_CORP_USERNAME", "bot"),
            ("POETRY_HTTP_BASIC_CORP_PASSWORD", "s3 cret"),
        ] {
            machine.variables.insert(name, value);
        }
        machine
    }

    /// Its entry had no password, and Python takes the last of two for a host.
    #[test]
    fn a_user_alone_gets_the_password_that_is_known_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let netrc = directory.path().join(".netrc");
        fs_err::write(&netrc, "machine p.example.com login me password hush\n").unwrap();
        let machine = MachineConfig {
            home: Some(directory.path().to_owned()),
            ..MachineConfig::default()
        };
        for (option, password) in [
            ("https://me@p.example.com/simple", "hush"),
            ("https://other@p.example.com/simple", "\"\""),
        ] {
            let text = told(machine.clone(), Some(option), &[], |indexes, pip| {
                indexes.tell_pip(pip, directory.path()).unwrap()
            });
            assert!(text.contains("PIP_INDEX_URL=https://p.example.com/simple"));
            let netrc = fs_err::read_to_string(directory.path().join("netrc")).unwrap();
            let last = netrc.lines().last().unwrap();
            assert!(last.ends_with(&format!(" password {password}")), "{last}");
        }
    }

    /// As of two projects of one GitLab, each with a token of its own.
    #[test]
    fn two_passwords_for_one_host_are_noticed() {
        let indexes = |urls: &[&str]| BuildIndexes {
            extra: urls.iter().map(|url| Address::new(url)).collect(),
            ..BuildIndexes::default()
        };
        let [one, same, other, elsewhere, open] = [
            "https://a:b@p.example.com/1",
            "https://a:b@p.example.com/2",
            "https://a:c@p.example.com/3",
            "https://a:c@q.example.com/1",
            "https://p.example.com/4",
        ];
        for (urls, host) in [
            (&[one, same, elsewhere, open][..], None),
            (&[one, elsewhere, other], Some("p.example.com")),
            (&[], None),
        ] {
            assert_eq!(indexes(urls).host_of_two_users(), host, "{urls:?}");
        }
    }

    #[test]
    fn pip_gets_addresses_without_passwords_and_a_private_netrc() {
        let directory = tempfile::tempdir().unwrap();
        let project = [source("corp", "https://corp.example.com/simple")];
        let text = told(machine(directory.path()), None, &project, |indexes, pip| {
            let said = "tried me:hunter2, s3 cret and s3%20cret";
            assert_eq!(indexes.hide_in(said), "tried me:****, **** and ****");
            indexes.tell_pip(pip, directory.path()).unwrap()
        });
        assert!(
            !text.contains("hunter2") && !text.contains("cret"),
            "{text}"
        );
        let lines: Vec<&str> = text.lines().collect();
        let netrc = directory.path().join("netrc");
        for line in [
            "PIP_INDEX_URL=https://packages.example.com/simple",
            "PIP_EXTRA_INDEX_URL=https://packages.example.org/simple https://corp.example.com/simple",
            &format!("NETRC={}", netrc.display()),
        ] {
            assert!(lines.contains(&line), "{line} is not in {text}");
        }
        let mode = fs_err::metadata(&netrc).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs_err::read_to_string(netrc).unwrap(),
            "machine other.example.com login a password b\n\n\
             machine packages.example.com login me password hunter2\n\
             machine corp.example.com login bot password \"s3 cret\"\n"
        );
    }

    #[test]
    fn uv_gets_the_indexes_of_pip_unless_it_has_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let own = "https://own.example.com/simple";
        let with = |name: &str| {
            let mut machine = machine(directory.path());
            if !name.is_empty() {
                machine.variables.insert(name, own);
            }
            machine
        };
        let pips = "UV_DEFAULT_INDEX=https://me:hunter2@packages.example.com/simple";
        let extra = "UV_INDEX=https://packages.example.org/simple";
        let both = format!("UV_INDEX={own} https://packages.example.org/simple");
        for (variable, option, lines) in [
            ("", None, &[pips, extra][..]),
            ("UV_INDEX_URL", None, &[extra]),
            ("UV_DEFAULT_INDEX", None, &[extra]),
            ("UV_INDEX", None, &[pips, &both]),
            ("UV_DEFAULT_INDEX", Some(own), &[extra]),
        ] {
            let text = told(with(variable), option, &[], |indexes, uv| {
                indexes.tell_uv(uv)
            });
            for line in lines {
                assert!(text.lines().any(|it| it == *line), "{variable}: {text}");
            }
            let has_pips = text.contains(pips);
            assert_eq!(has_pips, lines.contains(&pips), "{variable}: {text}");
        }
    }

    #[test]
    fn an_option_is_for_all_that_a_build_needs() {
        let directory = tempfile::tempdir().unwrap();
        let project = [source("corp", "https://corp.example.com/simple")];
        let option = Some("https://x:y@only.example.com/simple");
        let text = told(
            machine(directory.path()),
            option,
            &project,
            |indexes, pip| indexes.tell_pip(pip, directory.path()).unwrap(),
        );
        assert!(text.contains("PIP_INDEX_URL=https://only.example.com/simple\n"));
        assert!(!text.contains("corp.example.com"), "{text}");
    }
}
