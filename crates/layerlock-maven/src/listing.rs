//! What `dependency:list` writes.

use std::path::PathBuf;

use crate::artifact::Artifact;

const SCOPES: [&str; 6] = ["compile", "runtime", "provided", "system", "test", "import"];

/// The artifacts in a listing; the line that cannot be read where there is one.
pub(crate) fn parse(text: &str) -> Result<Vec<Artifact>, String> {
    let lines = text.lines().map(str::trim);
    let is_artifact = |line: &&str| {
        // A heading, a blank, and `none` stand between them.
        line.contains(':') && !line.ends_with(':')
    };
    lines
        .filter(is_artifact)
        .map(|line| artifact(line).ok_or_else(|| line.to_owned()))
        .collect()
}

/// The listing in what Maven said; none where there is none.
pub(crate) fn of_log(said: &str) -> Option<String> {
    const HEADING: &str = "The following files have been resolved:";
    let lines = said
        .lines()
        .map(|line| line.trim_start_matches("[INFO]").trim());
    let mut lines = lines.skip_while(|line| *line != HEADING).peekable();
    lines.peek()?;
    // Other things are said after it.
    let lines = lines.filter(|line| artifact(line).is_some());
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// `group:name:type[:classifier]:version:scope:path`, which words may follow.
fn artifact(line: &str) -> Option<Artifact> {
    let (line, _) = line.split_once(" -- module ").unwrap_or((line, ""));
    let line = line.trim_end().trim_end_matches("(optional)").trim_end();
    let parts: Vec<&str> = line.split(':').collect();
    let scope_of = |part: &&str| {
        part.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let is_scope = |at: &usize| {
        parts
            .get(*at)
            .is_some_and(|part| SCOPES.contains(&&*scope_of(part)))
    };
    let scope = [4, 5].into_iter().find(is_scope)?;
    // Maven leaves the path out, or says that it is none.
    let path = parts[scope + 1..].join(":");
    let path = path.trim().trim_end_matches("(optional)").trim_end();
    let text = |at: usize| parts[at].trim().to_owned();
    let artifact = Artifact {
        group: text(0),
        name: text(1),
        kind: text(2),
        classifier: (scope == 5).then(|| text(3)),
        version: text(scope - 1),
        path: (!path.is_empty() && path != "null").then(|| PathBuf::from(path)),
    };
    let is_named = [&artifact.group, &artifact.name, &artifact.version]
        .iter()
        .all(|part| !part.is_empty());
    is_named.then_some(artifact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let artifacts = parse(text).unwrap().into_iter();
        let line = |artifact: Artifact| {
            let path = artifact
                .path
                .as_deref()
                .map(|path| path.display().to_string());
            format!("{artifact} {} {}", artifact.kind, path.unwrap_or_default())
        };
        artifacts.map(line).collect()
    }

    #[test]
    fn listings_of_all_versions_of_the_plugin_are_read() {
        let text = "\nThe following files have been resolved:\n   \
            commons-cli:commons-cli:jar:1.4:compile:/m2/commons-cli-1.4.jar\n   \
            g:a:jar:linux-x86_64:2:runtime:/m2/a b/a-2.jar -- module g.a (auto)\n   \
            g:b:jar:1.0-SNAPSHOT:compile:/m2/b.jar (optional) \n   \
            g:c:jar:1:compile (optional):/m2/c.jar\n   \
            g:d:jar:1:compile:C:\\m2\\d.jar (optional)  -- module d [auto]\n   \
            g:e:pom:1:compile\n   \
            g:f:test-jar:tests:1:compile:null\n\n";
        let expected = [
            "commons-cli:commons-cli:1.4 jar /m2/commons-cli-1.4.jar",
            "g:a:linux-x86_64:2 jar /m2/a b/a-2.jar",
            "g:b:1.0-SNAPSHOT jar /m2/b.jar",
            "g:c:1 jar /m2/c.jar",
            "g:d:1 jar C:\\m2\\d.jar",
            "g:e:1 pom ",
            "g:f:tests:1 test-jar ",
        ];
        assert_eq!(told(text), expected);
        let none = "\nThe following files have been resolved:\n   none\n\n";
        assert_eq!(parse(none).unwrap(), []);
    }

    #[test]
    fn a_listing_is_read_off_the_log_too() {
        let said = "[INFO] Scanning for projects...\n[INFO] g:not:jar:1:compile:/x.jar\n\
            [INFO] The following files have been resolved:\n\
            [INFO]    g:a:jar:1:compile:/m2/a.jar\n[INFO] \n[INFO] Finished at: 10:00:00\n";
        let listing = of_log(said).unwrap();
        assert_eq!(told(&listing), ["g:a:1 jar /m2/a.jar"]);
        assert_eq!(of_log("[INFO] BUILD SUCCESS"), None);
    }

    #[test]
    fn what_is_no_listing_is_told() {
        for line in ["g:a:jar:1", "g:a:jar:1:nowhere:/x", "::jar:1:compile:/x"] {
            assert_eq!(parse(line).unwrap_err(), line);
        }
    }
}
