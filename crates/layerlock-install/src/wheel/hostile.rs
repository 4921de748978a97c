//! What the fuzz target runs.

use std::path::PathBuf;

use layerlock_layer::PlanBuilder;
use layerlock_target::{Architecture, Provider, Target};

use super::contents::{Wheel, WheelContents};
use super::layout::push_wheel;
use super::limits::MAX_UNPACKED;
use super::problem::WheelProblem;

/// The body of the fuzz target, and of the test that stands in for it: reads bytes
/// as a wheel of a distribution `demo`, version 1.0.
///
/// # Panics
///
/// Where a wheel is accepted that later steps could not rely on.
#[doc(hidden)]
#[expect(
    clippy::expect_used,
    reason = "to panic is how a fuzz target tells of what it found"
)]
pub fn read_hostile(bytes: &[u8]) -> Result<(), WheelProblem> {
    let name = "demo-1.0-py3-none-any.whl";
    let contents = WheelContents::verify(&name.parse().expect("a wheel's name"), bytes)?;
    let size: u64 = contents.members.iter().map(|member| member.data.size).sum();
    assert!(size <= MAX_UNPACKED, "{size} bytes were let through");
    for member in &contents.members {
        let end = member.data.offset.checked_add(member.data.compressed_size);
        let end = end.expect("no overflow");
        assert!(end <= bytes.len() as u64, "{} lies outside", member.name);
    }
    let runtime = Provider::Aws.runtimes().next().expect("a runtime");
    let target = Target::new(runtime, Architecture::X86_64);
    let wheel = Wheel {
        path: PathBuf::new(),
        contents,
    };
    let mut builder = PlanBuilder::default();
    let owner = builder.owner(name.to_owned());
    push_wheel(&wheel, &target, owner, &mut |_| true, &mut builder)?;
    // Whether two files want one place is the plan's to say.
    let _ = builder.finish();
    Ok(())
}
