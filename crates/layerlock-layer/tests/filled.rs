//! In a process of its own: it removes what others in it would be working on.

use std::path::Path;
use std::thread;

use layerlock_layer::{Temporary, remove_temporaries};

/// Each attempt to remove it found a new file in it.
#[test]
fn a_directory_that_is_being_filled_is_removed() {
    let parent = tempfile::tempdir().unwrap();
    let fill = |directory: &Path| {
        for number in 0..1_000_000 {
            if fs_err::write(directory.join(number.to_string()), "").is_err() {
                break;
            }
        }
    };
    for _ in 0..20 {
        let made = Temporary::create(|| tempfile::tempdir_in(parent.path()));
        let (directory, _temporary) = made.unwrap();
        let inner = directory.path().join("python");
        fs_err::create_dir(&inner).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| fill(&inner));
            while fs_err::read_dir(&inner).unwrap().count() < 100 {}
            drop(remove_temporaries());
            assert_eq!(fs_err::read_dir(parent.path()).unwrap().count(), 0);
        });
    }
}
