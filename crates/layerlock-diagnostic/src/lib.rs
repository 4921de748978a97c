/*!
What every error of layerlock tells, besides what went wrong.

- Its [`ErrorKind`]: what has to change before the same command can succeed. The
  command's exit codes are defined beside it.
- Its [`Place`] in a file of the user, where there is one.
- A hint: what to do about it.
- The package that it is about, where it is about one.

Each crate's error says these through [`Diagnose`], in the file that has the
error's variants, so that nobody above has to know them.
*/

mod document;
mod file;
mod kind;
mod lock_tool;
mod mask;
mod toml_weight;

pub use document::{Document, DocumentError, Place};
pub use file::{LARGEST, LARGEST_FILE, is_out_of_files, read_file, read_text, read_toml};
pub use kind::{EXIT_CHECK_FAILED, EXIT_SUCCESS, ErrorKind};
pub use lock_tool::LockTool;
pub use mask::mask_user_info;
pub use toml_weight::{HEAVIEST_LOCK, HEAVIEST_TOML, check_toml};

/// An error that tells its kind, and where it can a place, a hint and a package.
///
/// The error's own text says what failed, on which package or file, and why.
pub trait Diagnose: std::error::Error {
    /// What has to change before the same command can succeed.
    fn kind(&self) -> ErrorKind;

    /// The place in a file that is to blame.
    fn place(&self) -> Option<&Place> {
        None
    }

    /// What to do about it: a short sentence without a full stop.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The same for who has a lock of this tool. Hints that name none of its commands are
    /// for all.
    fn hint_for(&self, tool: LockTool) -> Option<String> {
        let _ = tool;
        self.hint()
    }

    /// The package that it is about, by its normalised name.
    fn package(&self) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagnose, ErrorKind};

    #[derive(Debug)]
    struct Plain;

    impl std::fmt::Display for Plain {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("it failed")
        }
    }

    impl std::error::Error for Plain {}

    impl Diagnose for Plain {
        fn kind(&self) -> ErrorKind {
            ErrorKind::Machine
        }
    }

    #[test]
    fn an_error_that_tells_its_kind_alone_has_no_place_hint_or_package() {
        assert_eq!(Plain.place(), None);
        assert_eq!(Plain.hint(), None);
        assert_eq!(Plain.package(), None);
    }
}
