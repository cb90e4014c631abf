//! What happens on admin paths at the edge itself, on its way into the Hub's audit. What passes to the origin is
//! audited there and comes back as an event.

use crate::{
    answer::Answer, exchange::Exchange, hub, isolate, isolate::Isolate, limit, platform, settings::Settings,
};
use std::collections::VecDeque;
use valora_shared::{
    account::client_network,
    events::AuditEntry,
    hub::{Call, MAX_ENTRIES},
    rate::Who,
    time::UnixMillis,
    trust::Client,
};

/// Entries that may wait in one isolate: refusals cost an attacker nothing, so they must not cost us without end.
const MAX_WAITING: usize = MAX_ENTRIES;
/// After so long a delivery under way is taken for dead.
const LONGEST_MS: i64 = 2_000;
/// The longest path that is kept of a request.
const MAX_PATH: usize = 128;

/// Entries on their way. Beyond the bound they are counted, and the count becomes an entry.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<AuditEntry>,
    dropped: u64,
    busy_until: Option<UnixMillis>,
}

impl Queue {
    /// Adds an entry.
    pub fn push(&mut self, entry: AuditEntry) {
        if self.waiting.len() < MAX_WAITING { self.waiting.push_back(entry) } else { self.dropped += 1 }
    }

    /// What is to be sent now; nothing while a delivery is under way.
    pub fn begin(&mut self, now: UnixMillis) -> Vec<AuditEntry> {
        if self.waiting.is_empty() || self.busy_until.is_some_and(|until| now < until) {
            return Vec::new();
        }
        self.busy_until = Some(now.after(LONGEST_MS));
        let mut entries: Vec<_> = self.waiting.drain(..).collect();
        if let (dropped @ 1.., Some(last)) = (std::mem::take(&mut self.dropped), entries.last()) {
            let note = AuditEntry {
                who: "edge".to_owned(),
                what: "audit".to_owned(),
                result: format!("{dropped} more were not recorded"),
                correlation_id: None,
                ..last.clone()
            };
            entries.push(note);
        }
        entries
    }

    /// Ends a delivery; what was not taken waits for the next one, as far as there is room.
    pub fn end(&mut self, not_taken: Vec<AuditEntry>) {
        self.busy_until = None;
        for entry in not_taken.into_iter().rev() {
            if self.waiting.len() < MAX_WAITING { self.waiting.push_front(entry) } else { self.dropped += 1 }
        }
    }
}

/// The entry for an admin path that the edge answers itself with `status`; the client must be known by now.
pub fn entry(settings: &Settings, exchange: &Exchange, who: &str, status: u16) -> AuditEntry {
    let path = exchange.inbound.path();
    AuditEntry {
        at_ms: exchange.now.0,
        who: who.to_owned(),
        what: format!("{} {}", exchange.inbound.method, path.get(..MAX_PATH).unwrap_or(path)),
        from: from(settings, exchange),
        result: status.to_string(),
        correlation_id: Some(exchange.correlation_id.as_str().to_owned()),
    }
}

/// What the limiters and the origin call the client, too.
fn from(settings: &Settings, exchange: &Exchange) -> String {
    let client = match &exchange.client {
        Some(Client::Ip(address)) => Client::Ip(client_network(*address)),
        Some(client) => client.clone(),
        None => return "unknown".to_owned(),
    };
    limit::name(&Who::Client(client), settings)
}

/// Queues the entry of an admin request that the edge has answered itself, unless the Hub has it already.
pub fn note(isolate: &Isolate, exchange: &Exchange, answer: &Answer, status: u16) {
    let (Some(Ok(settings)), Some(visit)) = (isolate.settings(), &exchange.admin) else { return };
    if visit.is_recorded || matches!(answer, Answer::Passed(_)) {
        return;
    }
    let entry = entry(settings, exchange, &visit.who, status);
    isolate.with_audit(|queue| queue.push(entry));
}

/// Sends what waits, until nothing does.
pub async fn flush(isolate: &Isolate, env: &worker::Env) {
    let Some(Ok(settings)) = isolate.settings() else { return };
    loop {
        let entries = isolate.with_audit(|queue| queue.begin(platform::now())).unwrap_or_default();
        if entries.is_empty() {
            return;
        }
        // `begin` adds one at most.
        let call = Call::Audit { entries };
        let outcome = hub::ask(settings, env, &call).await;
        let not_taken = match (outcome, call) {
            (Err(hub::Away), Call::Audit { entries }) => entries,
            _ => Vec::new(),
        };
        let failed = !not_taken.is_empty();
        isolate::current().with_audit(|queue| queue.end(not_taken));
        if failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(what: &str) -> AuditEntry {
        let text = str::to_owned;
        let (who, what, from, result) = (text("nobody"), text(what), text("a"), text("401"));
        AuditEntry { at_ms: 1, who, what, from, result, correlation_id: None }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_told() {
        let mut queue = Queue::default();
        (0..=MAX_WAITING).for_each(|number| queue.push(entry(&number.to_string())));
        let sent = queue.begin(UnixMillis(0));
        assert_eq!(sent.len(), MAX_WAITING + 1);
        assert_eq!(sent.last().unwrap().result, "1 more were not recorded");
        assert!(queue.begin(UnixMillis(0)).is_empty());
    }

    #[test]
    fn one_delivery_at_a_time_and_what_was_not_taken_waits_in_its_order() {
        let mut queue = Queue::default();
        queue.push(entry("a"));
        let sent = queue.begin(UnixMillis(0));
        queue.push(entry("b"));
        assert!(queue.begin(UnixMillis(1_999)).is_empty());
        queue.end(sent);
        let what: Vec<_> = queue.begin(UnixMillis(1)).into_iter().map(|entry| entry.what).collect();
        assert_eq!(what, ["a", "b"]);
    }
}
