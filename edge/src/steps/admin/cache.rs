//! `GET /api/admin/cache/stats` and `POST /api/admin/cache/clear?pattern=…&mode=…`.

use crate::{
    answer::{Answer, Made},
    audit,
    exchange::Exchange,
    pipeline::{Need, Verdict},
    settings::Settings,
    steps::events::hub_away,
};
use valora_shared::{
    hub::{Call, Clear, Reply, visible_by},
    json::Object,
    time::UnixMillis,
};

/// What the caches did.
pub(super) fn stats(exchange: &mut Exchange) -> Verdict {
    if !matches!(exchange.inbound.method.as_str(), "GET" | "HEAD") {
        return Verdict::Answer(Answer::NotAllowed("GET, HEAD"));
    }
    match exchange.facts.hub.take() {
        None => {
            exchange.to_hub = Some(Call::Stats);
            Verdict::Need(Need::Hub)
        }
        Some(Ok(Reply::Stats { stats, epoch })) => {
            Verdict::Answer(Answer::Made(Made::json(200, stats.to_json(epoch))))
        }
        Some(_) => Verdict::Answer(Answer::Problem(hub_away())),
    }
}

/// Purges what the pattern means. The audit says which, and has it before the client has its answer.
pub(super) fn clear(exchange: &mut Exchange, settings: &Settings) -> Verdict {
    if exchange.inbound.method != "POST" {
        return Verdict::Answer(Answer::NotAllowed("POST"));
    }
    let Clear { pattern, target, mode } = match Clear::parse(super::query(exchange)) {
        Ok(clear) => clear,
        Err(problem) => return Verdict::Answer(Answer::Problem(problem)),
    };
    match exchange.facts.hub.take() {
        None => {
            let who = exchange.admin.as_ref().map_or("", |visit| &visit.who);
            let mut entry = audit::entry(settings, exchange, who, 200);
            entry.what = format!("{} {pattern} {}", entry.what, mode.as_str());
            exchange.to_hub = Some(Call::Purge { target, mode, entry: entry.cut() });
            Verdict::Need(Need::Hub)
        }
        Some(Ok(Reply::Purged { epoch, at_ms, estimate })) => {
            if let Some(visit) = &mut exchange.admin {
                visit.is_recorded = true;
            }
            let max_age_ms = settings.config.cache.cache_epoch_max_age_ms.get();
            let mut body = Object::default();
            body.text("message", "The cache forgets what the pattern means.")
                .count("cleared", estimate)
                .text("pattern", &pattern)
                .count("epoch", epoch)
                .text("visible_by", &visible_by(UnixMillis(at_ms), max_age_ms));
            Verdict::Answer(Answer::Made(Made::json(200, body.to_json())))
        }
        Some(_) => Verdict::Answer(Answer::Problem(hub_away())),
    }
}
