//! Commands of this machine that are asked something: the keyring, and for the default
//! index pip, uv and Python.

use std::time::Duration;

use duct::Expression;

/// What a command prints, if it starts, and succeeds within this time. It cannot
/// ask back, and what it complains of is not shown.
pub fn output_within(timeout: Duration, command: &Expression) -> Option<Vec<u8>> {
    let handle = command
        .stdin_null()
        .stderr_null()
        .stdout_capture()
        .unchecked()
        .start()
        .ok()?;
    let Ok(Some(output)) = handle.wait_timeout(timeout) else {
        let _ = handle.kill();
        return None;
    };
    output.status.success().then(|| output.stdout.clone())
}
