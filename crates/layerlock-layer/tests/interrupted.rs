//! In a process of its own: it removes what others in it would be working on.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use layerlock_layer::{
    Entry, EntrySource, LayerPath, Mode, PlanBuilder, StagingDirectory, files_in,
    remove_temporaries,
};

const FILES: usize = 500;

/// What was being removed was swapped in, and what was swapped out was removed too.
#[test]
fn an_interrupted_publish_leaves_the_old_tree_or_the_new_one() {
    let temp = tempfile::tempdir().unwrap();
    let staging = temp.path().join("staging");
    let plan = |text: &'static str| {
        let mut builder = PlanBuilder::default();
        let owner = builder.owner("demo");
        for number in 0..FILES {
            builder.push(Entry {
                path: LayerPath::new(format!("python/m{number}.py")).unwrap(),
                mode: Mode::Regular,
                owner,
                source: EntrySource::Bytes(text.as_bytes().into()),
            });
        }
        builder.finish().unwrap()
    };
    for round in 0..30 {
        let plan = plan(if round % 2 == 0 { "old" } else { "new" });
        let prepare = || {
            let claimed = StagingDirectory::claim(&staging, &plan, |_| false).unwrap();
            claimed.prepare(&plan, false).unwrap()
        };
        if round == 0 {
            prepare().put_in_place().map(drop).unwrap();
        }
        let output = prepare();
        let start = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                thread::sleep(Duration::from_micros(round * 100));
                // Too late, where all was removed before.
                let _ = output.put_in_place();
            });
            start.wait();
            let lock = remove_temporaries();
            let files = files_in(&staging).unwrap();
            assert_eq!(files.len(), FILES, "{round}: {:?}", files.first());
            drop(lock);
        });
        assert_eq!(files_in(temp.path()).unwrap().len(), FILES, "{round}");
        let first = fs_err::read(staging.join("python/m0.py")).unwrap();
        for file in files_in(&staging).unwrap() {
            assert_eq!(fs_err::read(staging.join(file)).unwrap(), first);
        }
    }
}
