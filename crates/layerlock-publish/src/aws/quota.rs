//! How much code an account may store.

use super::AwsLambda;
use crate::Error;
use crate::failed::Failed;
use crate::patience::patiently;

impl AwsLambda {
    /// The same error; where the storage is full, with how full it is. The quota is a
    /// region's, and AWS raises it for who asks, so it is asked for and not known here.
    pub(super) fn with_quota(&self, error: Error) -> Error {
        let Error::CodeStorageExceeded { message, .. } = error else {
            return error;
        };
        let asked = self.blocking.run(self.code_storage());
        let (used, limit) = asked.unwrap_or_default();
        Error::CodeStorageExceeded {
            message,
            used,
            limit,
        }
    }

    async fn code_storage(&self) -> Result<(Option<u64>, Option<u64>), Error> {
        const ACTION: &str = "lambda:GetAccountSettings";
        let settings = patiently(self.policy, || async {
            let answer = self.client.get_account_settings().send().await;
            answer.map_err(|error| Failed::new(ACTION, &error))
        });
        let settings = settings.await?;
        let bytes = |number: i64| u64::try_from(number).ok();
        let used = settings.account_usage.map(|usage| usage.total_code_size);
        let limit = settings.account_limit.map(|limit| limit.total_code_size);
        Ok((used.and_then(bytes), limit.and_then(bytes)))
    }
}
