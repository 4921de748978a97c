/*!
A project's own files to entries of a layer's plan.

A [`Folder`] is a folder or file of the project and its place in the layer. What lies
there is read as it is, and yet the same files give the same layer anywhere: modes come
from what a file is and where it lies ([`Folder::read`]), links stay links, and names
that another machine would read in another way are refused. A [`RunCommand`] makes the
files first; a [`Watched`] tells later whether any of them has changed.

Nothing here knows a language, a provider or the network.
*/

mod age;
mod command;
mod error;
mod folder;
mod input;
#[cfg(test)]
mod testing;
mod walk;
mod watched;

pub use command::RunCommand;
pub use error::Error;
pub use folder::{Folder, FolderEntry};
pub use input::Input;
pub use watched::{Inputs, Watched};
