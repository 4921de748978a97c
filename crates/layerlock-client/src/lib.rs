/*!
Gets pages and files over HTTP, as this machine is set up to reach them.

- A [`Session`] is made once for a run. It holds the HTTP connections, the runtime
  that they need, and what was found out about credentials, and makes each of them
  when it is first needed.
- A [`MachineConfig`] is what the machine says: environment variables, those of pip,
  uv and Poetry among them, and the configuration files of all three. A test
  describes a machine with it instead of changing its own.
- A [`SafeUrl`] takes the credentials out of a URL the moment it is parsed, and
  never shows them.

Nothing here knows what is on a page or in a file, but for the [title](html) of a page
for people that came in the place of another.
*/

pub mod command;
mod credentials;
mod error;
pub mod html;
mod http;
mod machine;
mod once;
mod session;
mod setting;
mod site;

pub use credentials::poetry_credentials;
pub use error::Error;
pub use http::{Client, Page, Progress, RemoteFile};
pub use layerlock_url::{Credentials, SafeUrl, UrlError};
pub use machine::{MachineConfig, PipFiles, UvFiles, UvIndex, UvSettings, Variables};
pub use session::Session;
pub use setting::SettingOrigin;
pub use site::Site;
