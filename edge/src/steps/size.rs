//! How long a body may be: by what it declares, and by counting what comes.

use crate::{
    answer::Answer,
    exchange::{BodyFact, Exchange},
    isolate::Isolate,
    pipeline::{Need, Verdict},
};
use valora_shared::problem::{ErrorCode, Problem};

/// Reads the body, bounded: it is signed for the origin as a whole.
pub fn check(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let Some(Ok(settings)) = isolate.settings() else { return Verdict::Next };
    if !exchange.inbound.has_body {
        return Verdict::Next;
    }
    let max = settings.config.request.max_request_size.get();
    let declared_too_large = exchange.inbound.content_length.is_some_and(|length| length > max);
    match exchange.facts.body {
        _ if declared_too_large => Verdict::Answer(Answer::Problem(Problem::too_large(max))),
        BodyFact::TooLarge => Verdict::Answer(Answer::Problem(Problem::too_large(max))),
        BodyFact::Unknown => Verdict::Need(Need::Body),
        BodyFact::Broken => {
            let detail = "The body broke off before its end.";
            Verdict::Answer(Answer::Problem(Problem::new(ErrorCode::BadRequest, detail)))
        }
        BodyFact::Late => {
            let detail = "The body did not arrive in time.";
            Verdict::Answer(Answer::Problem(Problem::new(ErrorCode::RequestTimeout, detail)))
        }
        BodyFact::Read(_) => Verdict::Next,
    }
}
