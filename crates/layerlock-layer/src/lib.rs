/*!
The plan of a layer and its two writers.

A layer is never installed and then compressed. It is planned: a [`LayerPlan`]
says which bytes land at which path, with which mode, and who brought them. The
plan is then written, either as a zip ([`prepare_zip`]) or as a directory
([`StagingDirectory`]). Conflicts, sizes and reports are read off the plan before a
byte is written.

A wheel is a zip of deflated files, and so is a layer: the zip writer copies the
deflate streams as they are. What it writes depends on the plan alone, never on
the machine, the clock or the order in which the plan was made.

Nothing here knows about Python, so that layers of other languages only need to
make plans.
*/

pub mod archive;
mod bad_link;
mod error;
mod file_stat;
mod files;
mod last_use;
mod links;
mod output;
pub mod parallel;
mod path;
mod pieces;
mod plan;
mod plan_builder;
mod planned_file;
mod source;
mod staging;
mod stamp;
mod temporary;
#[cfg(test)]
mod testing;
mod unpacked;
mod zip;

pub use bad_link::{BadLink, LinkProblem};
pub use error::{Conflict, Error};
pub use file_stat::{FileStat, nanoseconds};
pub use files::files_in;
pub use last_use::note_use;
pub use output::{
    Prepared, Scratch, WrittenOutput, can_write_file, put_in_place, remove_abandoned, rewrite_file,
    write_file, write_private_file,
};
pub use path::{LayerPath, PathError};
pub use pieces::TakeUntil;
pub use plan::{
    ArchiveId, ArchiveMember, Entry, EntrySource, LayerPlan, Method, Mode, Overlap, OwnerId,
};
pub use plan_builder::PlanBuilder;
pub use planned_file::PlannedFile;
pub use source::EntryReader;
pub use staging::StagingDirectory;
pub use stamp::Stamp;
pub use temporary::{TemporariesLock, Temporary, remove_temporaries};
pub use unpacked::{is_unfinished, unpacked_directory};
pub use zip::{Compression, EntryTime, ZipOptions, ZipSummary, prepare_zip};
