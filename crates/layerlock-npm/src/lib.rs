/*!
npm's package-lock.json to entries of a layer's plan.

A [`NpmProject`] is a folder with a package.json and a lock. [`select`](NpmProject::select)
says which of the locked packages a target gets, as `npm ci` would for that target; no
range is looked at again, since the lock's keys say where each package lies.
[`Store::get`] brings each package's tarball into the cache: from npm's own, which is
addressed by the lock's hash, else by way of npm, which knows the registry, the scopes and the
passwords. Each is verified and packed once as a zip, whose members [`push`] lays out.

No script of a package is run. What would not work without is an error
([`check_native`]).
*/

mod cacache;
mod contents;
mod error;
mod fetch;
mod integrity;
mod layout;
mod lock;
mod native;
mod package_json;
mod platform;
mod project;
mod repack;
mod select;
mod stale;
mod store;
mod tarball;
mod tree;

pub use contents::NpmContents;
pub use error::Error;
pub use fetch::Npm;
pub use integrity::Integrity;
pub use layout::{Layout, NpmOwner, push};
pub use native::{NpmNote, check_native};
pub use project::{NpmProject, Omit};
pub use select::{Locked, NpmSelected, NpmSource};
pub use store::{NpmPackage, NpmPackages, Store};
