//! The credentials that Poetry keeps for the sources of a project.

use layerlock_client::MachineConfig;
use layerlock_export::{Project, SourceCredentials};

/// The credentials of the project's sources: from the variables
/// `POETRY_HTTP_BASIC_NAME_USERNAME` and `_PASSWORD`, else from poetry.toml of the
/// project, auth.toml or config.toml. A source that lacks one of the two has none, as in
/// Poetry; the keyring is not asked.
pub(crate) fn for_sources(project: &Project, machine: &MachineConfig) -> SourceCredentials {
    let mut found = SourceCredentials::default();
    for source in project.sources() {
        let credentials = layerlock_client::poetry_credentials(machine, &source.name);
        if let Some(credentials) = credentials
            && let Some(password) = credentials.password
            && !credentials.user.is_empty()
        {
            found.insert(&source.name, credentials.user, password);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use layerlock_client::Variables;
    use layerlock_testkit::ProjectBuilder;

    #[test]
    fn variables_win_over_the_file_one_by_one() {
        let url = "https://packages.example.com/simple/";
        let project = ProjectBuilder::new("shop")
            .source("my-company", url, "primary")
            .source("file", url, "supplemental")
            .source("half", url, "supplemental")
            .write();
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(
            directory.path().join("auth.toml"),
            "[http-basic.my-company]\nusername = \"other\"\npassword = \"kept\"\n\
             [http-basic.file]\nusername = \"u\"\npassword = \"p\"\n\
             [http-basic.half]\nusername = \"in-keyring\"\n",
        )
        .unwrap();
        let machine = MachineConfig {
            variables: Variables::new([("POETRY_HTTP_BASIC_MY_COMPANY_USERNAME", "me")]),
            poetry_configuration: Some(directory.path().to_owned()),
            ..MachineConfig::default()
        };
        let found = for_sources(&Project::read(project.path()).unwrap(), &machine);
        let mut expected = SourceCredentials::default();
        expected.insert("my-company", "me".to_owned(), "kept".to_owned());
        expected.insert("file", "u".to_owned(), "p".to_owned());
        assert!(found == expected, "{found:?}");
    }
}
