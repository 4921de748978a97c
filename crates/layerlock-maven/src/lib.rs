/*!
The jars of a Maven project to entries of a layer's plan.

A [`MavenProject`] is a folder with a pom.xml. Its own `mvn` says which jars functions need
when they run, and where it keeps them ([`MavenProject::resolve`]): what Maven resolves, from
which repository and with which password, is Maven's affair. Each jar is compared with the
lockfile.json beside pom.xml, where there is one, and [`push`] lays it out in `java/lib`.
*/

mod artifact;
mod error;
mod jars;
mod listing;
mod lockfile;
mod mvn;
mod project;

pub use error::Error;
pub use jars::{Jar, JarOwner, Jars, LockedJar, push};
pub use project::MavenProject;
