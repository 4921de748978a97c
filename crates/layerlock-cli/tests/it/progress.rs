//! What is told of a run while it works.

use std::time::Duration;

use layerlock_testkit::Fault;

use crate::support::{Sandbox, greeter};

/// What a build tells a log, of a wheel that takes as long to come.
fn log(pause: Duration, arguments: &[&str]) -> String {
    let sandbox = Sandbox::new();
    let fault = Fault::Slow { after: 100, pause };
    sandbox
        .index
        .fault(&sandbox.index.file_path(&greeter()), fault);
    let output = sandbox
        .layerlock(&[&["build"], arguments].concat())
        .assert()
        .success();
    String::from_utf8(output.get_output().stderr.clone()).unwrap()
}

#[test]
fn a_log_gets_a_line_now_and_then_of_a_long_run_alone() {
    let long = Duration::from_secs(6);
    let logs = std::thread::scope(|scope| {
        [
            (Duration::from_millis(300), &[][..]),
            (long, &[]),
            (long, &["--json"]),
            (long, &["--quiet"]),
            (long, &["--no-progress"]),
        ]
        .map(|(pause, arguments)| scope.spawn(move || log(pause, arguments)))
        .map(|thread| thread.join().unwrap())
    });
    let [short, told, json, quiet, without] = logs;
    assert!(short.starts_with("shop for "), "{short}");
    let line = "fetching 0 of 1 wheel, 0.0 of 0.0 MB, 0.0 MB/s\n";
    assert!(told.starts_with(&format!("{line}shop for ")), "{told}");
    assert_eq!(json, line);
    assert_eq!(quiet, "");
    assert!(without.starts_with("shop for "), "{without}");
}
