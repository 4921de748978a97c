//! A version of anybody's layer. To get one is allowed where to list them is not: AWS's own,
//! Powertools and others give each version to everybody.

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::get_layer_version_by_arn::GetLayerVersionByArnOutput;

use super::{AwsLambda, names_of};
use crate::failed::Failed;
use crate::patience::patiently;
use crate::{Error, LayerVersion};

/// What allows it: there is no action of the request's own name.
const ACTION: &str = "lambda:GetLayerVersion";

impl AwsLambda {
    pub(super) async fn by_arn_async(&self, arn: &str) -> Result<LayerVersion, Error> {
        let ask = || async {
            match self.client.get_layer_version_by_arn().arn(arn).send().await {
                Ok(answer) => Ok(Some(answer)),
                Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
                Err(error) => Err(Failed::new(ACTION, &error)),
            }
        };
        match patiently(self.policy, ask).await? {
            Some(answer) => to_version(arn, answer),
            None => Err(Error::NoVersion {
                arn: arn.to_owned(),
            }),
        }
    }
}

fn to_version(arn: &str, answer: GetLayerVersionByArnOutput) -> Result<LayerVersion, Error> {
    let (Some(content), Some((layer, _))) = (answer.content, arn.rsplit_once(':')) else {
        return Err(Error::Answer {
            action: ACTION,
            reason: "it does not say what the version holds".to_owned(),
        });
    };
    let (runtimes, architectures) =
        names_of(answer.compatible_runtimes, answer.compatible_architectures);
    Ok(LayerVersion {
        crc64: None,
        // A layer of another account has its ARN in the place of a name.
        layer: layer.to_owned(),
        version: u64::try_from(answer.version).unwrap_or_default(),
        arn: arn.to_owned(),
        code_sha256: content.code_sha256,
        size: u64::try_from(content.code_size).ok(),
        created: answer.created_date,
        description: answer.description,
        license: answer.license_info,
        runtimes,
        architectures,
    })
}
