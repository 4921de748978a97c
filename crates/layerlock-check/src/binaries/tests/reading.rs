//! What is read of files, and of which.

use super::library;
use crate::binaries::{may_be_binary, read_binary, read_binary_in_pieces};

#[test]
fn a_file_in_pieces_is_read_as_the_whole_is() {
    let module = library()
        .needs("libown.so.1")
        .exports(&["PyInit_core"])
        .padded(12 << 20)
        .build();
    for bytes in [&module[..], &module[..module.len() - 1], b"text", b""] {
        let mut passes = 0;
        let read = read_binary_in_pieces(|take| {
            passes += 1;
            let _ = bytes.chunks(1 << 20).try_for_each(take);
            Ok::<(), std::convert::Infallible>(())
        });
        assert_eq!(read, Ok(read_binary(bytes)));
        assert!(passes <= 3);
    }
    // Of what is no compiled file the start is enough.
    let mut pieces = 0;
    let text = read_binary_in_pieces(|take| {
        while take(&[b'a'; 1 << 12]).is_continue() {
            pieces += 1;
        }
        Ok::<(), std::convert::Infallible>(())
    });
    assert_eq!((text, pieces), (Ok(None), 0));
    let broken = read_binary_in_pieces(|take| {
        let _ = take(&module[..100]);
        Err("broken")
    });
    assert_eq!(broken, Err("broken"));
}

#[test]
fn files_are_looked_at_by_their_names() {
    for path in [
        "python/x.so",
        "bin/tool",
        "a.so.1",
        "a.dylib",
        "x.exe",
        "x.node",
    ] {
        assert!(may_be_binary(path), "{path}");
    }
    for path in [
        "x.py",
        "x.pyc",
        "a/x.json",
        "demo-1.0.dist-info/RECORD",
        "x.tar.gz",
    ] {
        assert!(!may_be_binary(path), "{path}");
    }
}
