//! The `layers:` lines of an s.yaml, as Serverless Devs (fc3) reads them.

use crate::Published;

/// One block for each region, since a function is in one. What a layer is stands behind its
/// ARN: a function takes the one for its runtime.
pub(super) fn layers(published: &[Published]) -> String {
    let mut regions: Vec<Option<&str>> = Vec::new();
    for one in published {
        if !regions.contains(&one.region.as_deref()) {
            regions.push(one.region.as_deref());
        }
    }
    let has_several = regions.len() > 1;
    let mut text = String::new();
    for region in regions {
        if let (true, Some(region)) = (has_several, region) {
            text.extend(["# ", region, "\n"]);
        }
        text.push_str("layers:\n");
        let in_region = |one: &&Published| one.region.as_deref() == region;
        for one in published.iter().filter(in_region) {
            let Some(arn) = &one.arn else { continue };
            let runtimes = one.runtimes.join(", ");
            text.extend(["  - ", arn, " # ", &one.layer, " for ", &runtimes, "\n"]);
        }
    }
    text
}
