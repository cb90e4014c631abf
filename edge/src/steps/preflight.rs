//! CORS preflights.

use crate::{
    answer::{Answer, Made},
    exchange::Exchange,
    isolate::Isolate,
    pipeline::Verdict,
};
use valora_shared::{
    http::{Preflight, is_preflight},
    problem::{ErrorCode, Problem},
};

/// Answers a preflight by the list of origins; every other request goes on.
pub fn answer(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let inbound = &exchange.inbound;
    let Some(Ok(settings)) = isolate.settings() else { return Verdict::Next };
    let Some(origin) = inbound.origin.as_deref() else { return Verdict::Next };
    if !is_preflight(&inbound.method, Some(origin), inbound.requested_method.as_deref()) {
        return Verdict::Next;
    }
    Verdict::Answer(match settings.cors.preflight(origin) {
        Preflight::Allowed(headers) => {
            let headers = headers.into_iter().map(|(name, value)| (name, value.into())).collect();
            Answer::Made(Made { status: 204, headers, body: None })
        }
        Preflight::Refused(detail) => Answer::Problem(Problem::new(ErrorCode::OriginNotAllowed, detail)),
    })
}
