//! The last step: the origin.

use crate::{
    answer::Answer,
    exchange::{CacheView, Exchange},
    isolate::Isolate,
    pipeline::{Need, Verdict},
    upstream::Failure,
};
use std::rc::Rc;
use valora_shared::problem::{ErrorCode, Problem};

/// Seconds after which a client may try an absent origin again.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Passes the origin's answer on, keeps it where it may be kept, or says that the origin is away.
pub fn pass(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let Some(outcome) = &exchange.facts.origin else { return Verdict::Need(Need::Origin) };
    Verdict::Answer(match outcome {
        Ok(passed) => {
            if let (CacheView::Keyed(key), Some(entry)) = (&exchange.cache, &passed.entry) {
                isolate.remember(key.clone(), Rc::clone(entry));
            }
            Answer::Passed(passed.clone())
        }
        Err(failure) => Answer::Problem(away(*failure)),
    })
}

fn away(failure: Failure) -> Problem {
    let (code, detail) = match failure {
        Failure::Timeout => (ErrorCode::OriginTimeout, "The origin did not answer in time."),
        Failure::Unreachable => (ErrorCode::OriginUnreachable, "The origin cannot be reached."),
    };
    Problem::new(code, detail).retry_after(RETRY_AFTER_SECONDS)
}
