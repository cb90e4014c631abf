//! Faulty settings: 503 on every route. The faults are in the log, not in the answer.

use crate::{answer::Answer, exchange::Exchange, isolate::Isolate, pipeline::Verdict};
use valora_shared::problem::{ErrorCode, Problem};

/// Lets requests on only with sound settings.
pub fn check(_: &mut Exchange, isolate: &Isolate) -> Verdict {
    if let Some(Ok(_)) = isolate.settings() {
        return Verdict::Next;
    }
    let detail = "The edge is not configured correctly; its log names every fault.";
    Verdict::Answer(Answer::Problem(Problem::new(ErrorCode::ConfigurationError, detail)))
}
