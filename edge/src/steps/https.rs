//! Plain http in production: the same request over https, for good (design: security.md).

use crate::{
    answer::{Answer, Made},
    exchange::Exchange,
    isolate::Isolate,
    pipeline::Verdict,
    settings::Settings,
};
use valora_shared::config::Environment;

/// Sends http to https with a 308, which keeps method and body (RFC 9110 §15.4.9).
pub fn require(exchange: &mut Exchange, isolate: &Isolate) -> Verdict {
    let is_production = isolate
        .settings()
        .and_then(Result::ok)
        .is_some_and(|settings: &Settings| settings.environment() == Environment::Production);
    match exchange.inbound.url.strip_prefix("http://") {
        Some(rest) if is_production => Verdict::Answer(Answer::Made(Made {
            status: 308,
            headers: vec![
                ("location", format!("https://{rest}").into()),
                ("cache-control", "no-store".into()),
            ],
            body: None,
        })),
        _ => Verdict::Next,
    }
}
