//! In a process of its own: it removes what others in it would be working on.

use layerlock_layer::{
    Entry, EntrySource, LayerPath, Mode, PlanBuilder, StagingDirectory, ZipOptions, files_in,
    prepare_zip, remove_temporaries,
};

#[test]
fn a_process_that_ends_early_leaves_no_half_of_an_output() {
    let temp = tempfile::tempdir().unwrap();
    let mut builder = PlanBuilder::default();
    let owner = builder.owner("demo");
    builder.push(Entry {
        path: LayerPath::new("python/a.py").unwrap(),
        mode: Mode::Regular,
        owner,
        source: EntrySource::Bytes(b"1"[..].into()),
    });
    let plan = builder.finish().unwrap();
    let (zip, staging) = (temp.path().join("a.zip"), temp.path().join("staging"));
    let prepare = || {
        let claimed = StagingDirectory::claim(&staging, &plan, |_| false).unwrap();
        let (_, file) = prepare_zip(&plan, &zip, ZipOptions::default()).unwrap();
        [file, claimed.prepare(&plan, false).unwrap()]
    };
    for output in prepare() {
        output.put_in_place().unwrap();
    }
    let published = files_in(temp.path()).unwrap();
    assert_eq!(published, ["a.zip", "staging/python/a.py"]);

    let unpublished = prepare();
    // Both, and what says that they are not abandoned.
    assert_eq!(files_in(temp.path()).unwrap().len(), 5);
    drop(remove_temporaries());
    assert_eq!(files_in(temp.path()).unwrap(), published);
    for output in unpublished {
        output.put_in_place().unwrap_err();
    }
    assert_eq!(files_in(temp.path()).unwrap(), published);
}
