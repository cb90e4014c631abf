//! `/api/health` is the edge's own; `/api/health/detailed` is the origin's report with the edge's part added.

use crate::{
    answer::{Answer, Made},
    exchange::{Exchange, HealthFacts},
    isolate::Isolate,
    pipeline::{Need, Verdict},
};
use serde_json::{Map, Value, json};
use valora_shared::{
    time::UnixMillis,
    wire::{EdgeHealth, HealthStatus, Liveness, ServiceStatus},
};

/// The edge's liveness.
pub fn alive(exchange: &mut Exchange, _: &Isolate) -> Verdict {
    if !asks(exchange, "/api/health") {
        return Verdict::Next;
    }
    let body = Liveness { status: "ok", served_by: Some("edge") };
    Verdict::Answer(made(200, &json!(body)))
}

/// The health of everything.
pub fn detailed(exchange: &mut Exchange, _: &Isolate) -> Verdict {
    if !asks(exchange, "/api/health/detailed") {
        return Verdict::Next;
    }
    match exchange.facts.health.take() {
        None => Verdict::Need(Need::Health),
        Some(facts) => {
            let (status, body) = report(facts, exchange.now);
            Verdict::Answer(made(status, &Value::Object(body)))
        }
    }
}

fn asks(exchange: &Exchange, path: &str) -> bool {
    matches!(exchange.inbound.method.as_str(), "GET" | "HEAD") && exchange.inbound.path() == path
}

fn made(status: u16, body: &Value) -> Answer {
    Answer::Made(Made::value(status, body))
}

fn report(facts: HealthFacts, now: UnixMillis) -> (u16, Map<String, Value>) {
    let (status, mut body) = facts.report.unwrap_or_else(|| {
        let unhealthy = json!({"status": HealthStatus::Unhealthy, "timestamp": now});
        (503, unhealthy.as_object().cloned().unwrap_or_default())
    });
    // KV away: prices still come from the origin, so the service is degraded, not down.
    if facts.kv.status == ServiceStatus::Unhealthy
        && body.get("status") == Some(&json!(HealthStatus::Healthy))
    {
        body.insert("status".to_owned(), json!(HealthStatus::Degraded));
    }
    // Likewise without the Hub, of which only admins notice, and without limiters: isolates then limit alone.
    if [&facts.hub, &facts.limiter].iter().any(|part| part.status == ServiceStatus::Unhealthy)
        && body.get("status") == Some(&json!(HealthStatus::Healthy))
    {
        body.insert("status".to_owned(), json!(HealthStatus::Degraded));
    }
    let edge = EdgeHealth { kv: facts.kv, rate_limiter: facts.limiter, hub: facts.hub, origin: facts.origin };
    body.insert("edge".to_owned(), json!(edge));
    (status, body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use valora_shared::wire::ServiceHealth;

    fn part(status: ServiceStatus) -> ServiceHealth {
        ServiceHealth { status, response_time_ms: Some(1), kind: "test" }
    }

    #[test]
    fn without_the_origin_the_edge_reports_alone_and_unhealthy() {
        let facts = HealthFacts {
            kv: part(ServiceStatus::Healthy),
            hub: part(ServiceStatus::Healthy),
            limiter: part(ServiceStatus::Healthy),
            origin: part(ServiceStatus::Unhealthy),
            report: None,
        };
        let (status, body) = report(facts, UnixMillis(0));
        assert_eq!(status, 503);
        assert_eq!(body["status"], "unhealthy");
        assert_eq!(body["edge"]["origin"]["status"], "unhealthy");
        assert_eq!(body["edge"]["hub"]["status"], "healthy");
    }

    #[test]
    fn without_kv_a_healthy_service_is_degraded() {
        let origin = json!({"status": "healthy", "uptime": {"seconds": 1}});
        let facts = HealthFacts {
            kv: part(ServiceStatus::Unhealthy),
            hub: part(ServiceStatus::Healthy),
            limiter: part(ServiceStatus::Healthy),
            origin: part(ServiceStatus::Healthy),
            report: Some((200, origin.as_object().unwrap().clone())),
        };
        let (status, body) = report(facts, UnixMillis(0));
        assert_eq!((status, &body["status"]), (200, &json!("degraded")));
        assert_eq!(body["uptime"]["seconds"], 1);
    }
}
