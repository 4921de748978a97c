//! Which functions use which layer versions.

use super::AwsLambda;
use crate::failed::Failed;
use crate::patience::patiently;
use crate::{Error, Use};
use aws_sdk_lambda::types::FunctionVersion;

impl AwsLambda {
    pub(super) async fn uses_async(&self) -> Result<Vec<Use>, Error> {
        const ACTION: &str = "lambda:ListFunctions";
        let mut uses = Vec::new();
        let mut marker = None;
        loop {
            let page = patiently(self.policy, || async {
                // All: each published version, and `$LATEST`. An alias points to one of them.
                let request = self.client.list_functions();
                let request = request.function_version(FunctionVersion::All);
                let answer = request.set_marker(marker.clone()).send().await;
                answer.map_err(|error| Failed::new(ACTION, &error))
            });
            let page = page.await?;
            for function in page.functions.unwrap_or_default() {
                let arn = function.function_arn.unwrap_or_default();
                let layers = function.layers.unwrap_or_default();
                let layers = layers.into_iter().filter_map(|layer| layer.arn);
                uses.extend(layers.map(|layer| Use {
                    layer,
                    function: arn.clone(),
                }));
            }
            let next = page.next_marker.filter(|next| !next.is_empty());
            if next.is_none() || next == marker {
                return Ok(uses);
            }
            marker = next;
        }
    }
}
