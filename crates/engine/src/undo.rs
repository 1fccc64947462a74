//! What was done is taken back where a failure leaves it behind.

use handfast_events::StepId;

use crate::Refusal;
use crate::decide::Draft;

impl Draft {
    /// Takes back what the calls of a settled scope did, none being the whole run. Tells whether all is taken back.
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        clippy::needless_pass_by_ref_mut,
        reason = "nothing is taken back yet: what was done is left standing"
    )]
    pub(crate) fn take_back(&mut self, _scope: Option<&StepId>) -> Result<bool, Refusal> {
        Ok(true)
    }
}
