//! `/api/health` is the edge's own; `/api/health/detailed` is the origin's report with the edge's part added.

use crate::{
    answer::{Answer, Made},
    exchange::{Exchange, HealthFacts},
    isolate::Isolate,
    pipeline::{Need, Verdict},
};
use valora_shared::{
    json::{Json, Object},
    time::UnixMillis,
    wire::{EdgeHealth, HealthStatus, Liveness, ServiceStatus},
};

/// The edge's liveness.
pub fn alive(exchange: &mut Exchange, _: &Isolate) -> Verdict {
    if !asks(exchange, "/api/health") {
        return Verdict::Next;
    }
    let body = Liveness { status: "ok", served_by: Some("edge") };
    Verdict::Answer(made(200, serde_json::to_string(&body).unwrap_or_default()))
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
            Verdict::Answer(made(status, body))
        }
    }
}

fn asks(exchange: &Exchange, path: &str) -> bool {
    matches!(exchange.inbound.method.as_str(), "GET" | "HEAD") && exchange.inbound.path() == path
}

fn made(status: u16, body: String) -> Answer {
    Answer::Made(Made::json(status, body))
}

fn report(facts: HealthFacts, now: UnixMillis) -> (u16, String) {
    let text = |status: HealthStatus| Json::Text(status.as_str().to_owned());
    let (code, fields) = facts.report.unwrap_or_else(|| {
        let timestamp = Json::Text(now.to_rfc3339());
        let fields = [("status", text(HealthStatus::Unhealthy)), ("timestamp", timestamp)];
        (503, fields.map(|(name, value)| (name.to_owned(), value)).into())
    });
    // KV away: prices still come from the origin, so the service is degraded, not down. Likewise without the Hub, of
    // which only admins notice, and without limiters: isolates then limit alone.
    let is_less =
        [&facts.kv, &facts.hub, &facts.limiter].iter().any(|part| part.status == ServiceStatus::Unhealthy);
    let edge = EdgeHealth { kv: facts.kv, rate_limiter: facts.limiter, hub: facts.hub, origin: facts.origin };
    let mut body = Object::default();
    for (name, value) in fields.into_iter().filter(|(name, _)| name != "edge") {
        let is_status = name == "status" && value == text(HealthStatus::Healthy);
        let value = if is_status && is_less { text(HealthStatus::Degraded) } else { value };
        body.json(&name, &value.to_string());
    }
    (code, body.json("edge", &serde_json::to_string(&edge).unwrap_or_default()).to_json())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use valora_shared::wire::ServiceHealth;

    fn report(facts: HealthFacts) -> (u16, Value) {
        let (status, body) = super::report(facts, UnixMillis(0));
        (status, serde_json::from_str(&body).unwrap())
    }

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
        let (status, body) = report(facts);
        assert_eq!(status, 503);
        assert_eq!(body["status"], "unhealthy");
        assert_eq!(body["edge"]["origin"]["status"], "unhealthy");
        assert_eq!(body["edge"]["hub"]["status"], "healthy");
    }

    #[test]
    fn without_kv_a_healthy_service_is_degraded() {
        let Ok(Json::Object(origin)) = Json::parse(r#"{"status":"healthy","uptime":{"seconds":1}}"#) else {
            panic!("it is an object")
        };
        let facts = HealthFacts {
            kv: part(ServiceStatus::Unhealthy),
            hub: part(ServiceStatus::Healthy),
            limiter: part(ServiceStatus::Healthy),
            origin: part(ServiceStatus::Healthy),
            report: Some((200, origin)),
        };
        let (status, body) = report(facts);
        assert_eq!((status, &body["status"]), (200, &json!("degraded")));
        assert_eq!(body["uptime"]["seconds"], 1);
    }
}
