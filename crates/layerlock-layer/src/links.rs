//! Links of a layer: each has to lead to something that the layer has.
//!
//! A link is followed as the system does it, one part of its target after the other,
//! through the links that it meets on the way.

use std::collections::HashSet;

use crate::bad_link::{BadLink, LinkProblem};
use crate::{Entry, EntrySource, LayerPath};

/// As many links as Linux follows for one path.
const MOST_LINKS: usize = 40;

/// The links of sorted entries that cannot stay.
pub(crate) fn bad_links(entries: &[Entry]) -> Vec<BadLink> {
    let links = entries.iter().filter_map(|entry| match &entry.source {
        EntrySource::Link(target) => Some((entry, &**target)),
        _ => None,
    });
    let mut tree = None;
    links
        .filter_map(|(entry, target)| {
            let tree = tree.get_or_insert_with(|| Tree::new(entries));
            let problem = tree.follow(&entry.path, target).err()?;
            Some(BadLink {
                path: entry.path.clone(),
                target: target.to_owned(),
                problem,
            })
        })
        .collect()
}

/// What lies where in a layer.
struct Tree<'a> {
    entries: &'a [Entry],
    directories: HashSet<&'a str>,
}

impl<'a> Tree<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        Self {
            entries,
            directories: entries.iter().flat_map(|it| it.path.parents()).collect(),
        }
    }

    fn entry(&self, path: &str) -> Option<&'a EntrySource> {
        let found = self
            .entries
            .binary_search_by(|entry| entry.path.as_str().cmp(path));
        found.ok().map(|at| &self.entries[at].source)
    }

    fn follow(&self, link: &LayerPath, target: &str) -> Result<(), LinkProblem> {
        let mut here: Vec<&str> = link.as_str().split('/').collect();
        here.pop();
        let mut ahead = parts(target)?;
        let mut followed = 1;
        while let Some(part) = ahead.pop() {
            if part == ".." {
                here.pop().ok_or(LinkProblem::Escapes)?;
                continue;
            }
            here.push(part);
            let path = here.join("/");
            match self.entry(&path) {
                Some(EntrySource::Link(next)) => {
                    followed += 1;
                    if followed > MOST_LINKS {
                        return Err(LinkProblem::Loops);
                    }
                    here.pop();
                    ahead.extend(parts(next)?);
                }
                Some(_) if ahead.is_empty() => return Ok(()),
                None if self.directories.contains(&*path) => {}
                _ => return Err(LinkProblem::Dangling),
            }
        }
        // Who walks a tree through its links would never come to an end.
        let end = here.join("/");
        if end.is_empty() || link.parents().any(|parent| parent == end) {
            return Err(LinkProblem::Loops);
        }
        Ok(())
    }
}

/// The parts of a target that lead somewhere, the first one last.
fn parts(target: &str) -> Result<Vec<&str>, LinkProblem> {
    if target.starts_with('/') {
        return Err(LinkProblem::Absolute);
    }
    let parts = target.split('/').rev();
    Ok(parts.filter(|part| !matches!(*part, "" | ".")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan_with_links;
    use crate::{Error, LayerPlan};

    fn plan(links: &[(&str, &str)]) -> Result<LayerPlan, Error> {
        plan_with_links(
            &["lib/libz.so.1.3", "lib/deep/er/file", "python/a.py"],
            links,
        )
    }

    #[test]
    fn links_to_what_the_layer_has_stay() {
        let plan = plan(&[
            ("lib/libz.so", "libz.so.1"),
            ("lib/libz.so.1", "libz.so.1.3"),
            ("lib/current", "./deep//er/"),
            ("python/file", "../lib/current/file"),
            ("python/up", "../lib/deep/er/../../libz.so"),
            ("zlib", "lib/libz.so"),
        ])
        .unwrap();
        assert_eq!(plan.entries().len(), 9);
        assert!(plan.contains("lib/libz.so"));
    }

    #[test]
    fn links_that_lead_nowhere_else_or_back_are_refused() {
        let loops: Vec<_> = (0..50)
            .map(|at| (format!("l/{at}"), format!("{}", (at + 1) % 50)))
            .collect();
        let loops: Vec<_> = loops.iter().map(|(a, b)| (&**a, &**b)).collect();
        for (links, problem) in [
            (
                &[("lib/x", "/opt/lib/libz.so.1.3")][..],
                LinkProblem::Absolute,
            ),
            (&[("lib/x", "../../etc/passwd")], LinkProblem::Escapes),
            (
                &[("lib/x", "../../opt/lib/libz.so.1.3")],
                LinkProblem::Escapes,
            ),
            (&[("x", "..")], LinkProblem::Escapes),
            (&[("lib/x", "none")], LinkProblem::Dangling),
            (&[("lib/x", "libz.so.1.3/none")], LinkProblem::Dangling),
            (&[("lib/x", "none/../libz.so.1.3")], LinkProblem::Dangling),
            (&[("lib/x", "x")], LinkProblem::Loops),
            (&[("lib/x", "../lib/y"), ("lib/y", "x")], LinkProblem::Loops),
            (&[("lib/x", ".")], LinkProblem::Loops),
            (&[("lib/deep/x", "../../lib")], LinkProblem::Loops),
            (&[("lib/x", "..")], LinkProblem::Loops),
            (&loops, LinkProblem::Loops),
        ] {
            let Err(Error::Links(bad)) = plan(links) else {
                panic!("{links:?} are no error");
            };
            assert_eq!(bad.len(), links.len(), "{bad:?}");
            assert!(bad.iter().all(|it| it.problem == problem), "{bad:?}");
        }
    }

    #[test]
    fn a_link_is_told_with_its_target() {
        let error = plan(&[("lib/x", "/etc/passwd"), ("lib/y", "none")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "lib/x is a link to \"/etc/passwd\", an absolute path; \
             lib/y is a link to \"none\", which is not in the layer"
        );
    }

    #[test]
    fn a_link_is_no_directory_of_other_files() {
        let error = plan_with_links(&["lib/a", "x/b"], &[("x", "lib")]).unwrap_err();
        assert!(matches!(error, Error::Conflicts(_)), "{error}");
    }
}
