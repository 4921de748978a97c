//! The credentials that Poetry keeps for the sources of a project.

use std::collections::BTreeMap;

use layerlock_export::{Project, SourceCredentials};
use layerlock_install::Surroundings;
use serde::Deserialize;

/// Poetry's own file for credentials, `poetry config http-basic.NAME …` fills it.
const FILE: &str = "auth.toml";

#[derive(Deserialize, Default)]
struct AuthToml {
    #[serde(rename = "http-basic", default)]
    http_basic: BTreeMap<String, Basic>,
}

#[derive(Deserialize, Default)]
struct Basic {
    username: Option<String>,
    /// None where Poetry put it into the system's keyring.
    password: Option<String>,
}

/// The credentials of the project's sources: from the variables
/// `POETRY_HTTP_BASIC_NAME_USERNAME` and `_PASSWORD`, else from auth.toml. A
/// source that lacks one of the two has none, as in Poetry; the keyring is not
/// asked.
pub(crate) fn of_sources(project: &Project, surroundings: &Surroundings) -> SourceCredentials {
    let file = surroundings
        .poetry_configuration
        .as_ref()
        .and_then(|folder| fs_err::read_to_string(folder.join(FILE)).ok())
        // What Poetry could not read either holds nothing.
        .and_then(|text| toml::from_str::<AuthToml>(&text).ok())
        .unwrap_or_default();
    let mut found = SourceCredentials::default();
    for source in project.sources() {
        let name = source.name.to_uppercase().replace('-', "_");
        let find = |part: &str, in_file: Option<&String>| {
            let variable = format!("POETRY_HTTP_BASIC_{name}_{part}");
            let set = surroundings.variables.get(&variable);
            set.or(in_file.map(String::as_str))
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let basic = file.http_basic.get(&source.name);
        let user = find("USERNAME", basic.and_then(|basic| basic.username.as_ref()));
        let password = find("PASSWORD", basic.and_then(|basic| basic.password.as_ref()));
        if let (Some(user), Some(password)) = (user, password) {
            found.insert(&source.name, user, password);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerlock_install::Variables;
    use layerlock_testkit::ProjectBuilder;

    #[test]
    fn variables_win_over_the_file_one_by_one() {
        let url = "https://packages.example.com/simple/";
        let project = ProjectBuilder::new("shop")
            .source("my-company", url, "primary")
            .source("file", url, "supplemental")
            .source("half", url, "supplemental")
            .write();
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(
            folder.path().join(FILE),
            "[http-basic.my-company]\nusername = \"other\"\npassword = \"kept\"\n\
             [http-basic.file]\nusername = \"u\"\npassword = \"p\"\n\
             [http-basic.half]\nusername = \"in-keyring\"\n",
        )
        .unwrap();
        let surroundings = Surroundings {
            variables: Variables::new([("POETRY_HTTP_BASIC_MY_COMPANY_USERNAME", "me")]),
            poetry_configuration: Some(folder.path().to_owned()),
            ..Surroundings::default()
        };
        let found = of_sources(&Project::read(project.path()).unwrap(), &surroundings);
        let mut expected = SourceCredentials::default();
        expected.insert("my-company", "me".to_owned(), "kept".to_owned());
        expected.insert("file", "u".to_owned(), "p".to_owned());
        assert!(found == expected, "{found:?}");
    }
}
