//! `GET /api/health`, `/livez`, `/readyz`, `GET /api/health/detailed`.

mod machine;

use super::reply::{Answer, json};
use crate::{
    app::{App, AppState},
    clock::Stopwatch,
    error::AppError,
    redis::RedisState,
    store::{Result, StoreError},
};
use axum::extract::State;
use std::time::Duration;
use valora_shared::wire::{
    DetailedHealth, HealthStatus, Liveness, MetricsSummary, ServiceHealth, ServiceStatus, Services, Uptime,
};

/// A database that takes longer for one row is not ready.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// This process answers.
pub(crate) async fn liveness() -> Answer {
    json(&Liveness { status: "ok", served_by: None })
}

/// This process can do its job: its database answers.
pub(crate) async fn readiness(State(app): State<AppState>) -> Answer {
    ping(&app).await.map_err(AppError::from)?;
    json(&Liveness { status: "ok", served_by: None })
}

/// Part by part. Always 200: the answer is about health, and `/readyz` is for probes.
pub(crate) async fn detailed(State(app): State<AppState>) -> Answer {
    let since = Stopwatch::start();
    let database = match ping(&app).await {
        Ok(()) => asked(ServiceStatus::Healthy, since),
        Err(error) => {
            tracing::warn!(error.cause = %error, "the database failed its health check");
            asked(ServiceStatus::Unhealthy, since)
        }
    };
    let redis = redis(&app).await;
    let status = match (database.status, redis.status) {
        (ServiceStatus::Unhealthy, _) => HealthStatus::Unhealthy,
        // Memory goes on without it.
        (_, ServiceStatus::Unhealthy) => HealthStatus::Degraded,
        _ => HealthStatus::Healthy,
    };
    let seconds = app.uptime.elapsed().as_secs();
    let (requests_total, errors_total) = app.counts.get();
    json(&DetailedHealth {
        status,
        timestamp: app.clock.now(),
        uptime: Uptime { seconds, human: human(seconds) },
        version: env!("CARGO_PKG_VERSION"),
        services: Services { database, redis, blockchain: not_configured("algorand") },
        system: machine::look(&app).await,
        metrics_summary: MetricsSummary { requests_total, errors_total },
    })
}

async fn ping(app: &App) -> Result<()> {
    match tokio::time::timeout(PING_TIMEOUT, app.store.ping()).await {
        Ok(answer) => answer,
        Err(_) => Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut)),
    }
}

fn asked(status: ServiceStatus, since: Stopwatch) -> ServiceHealth {
    let milliseconds = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    ServiceHealth { status, response_time_ms: Some(milliseconds), kind: "sqlite" }
}

/// Of the cache's Redis and the rate limit's the one that is worse.
async fn redis(app: &App) -> ServiceHealth {
    let kind = "redis";
    let (cache, limiter) = tokio::join!(app.cache.redis_state(), app.limiter.redis_state());
    match cache.into_iter().chain(limiter).max() {
        None => not_configured(kind),
        Some(RedisState::Up(took)) => {
            let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            ServiceHealth { status: ServiceStatus::Healthy, response_time_ms: Some(milliseconds), kind }
        }
        Some(RedisState::Down) => {
            ServiceHealth { status: ServiceStatus::Unhealthy, response_time_ms: None, kind }
        }
    }
}

fn not_configured(kind: &'static str) -> ServiceHealth {
    ServiceHealth { status: ServiceStatus::NotConfigured, response_time_ms: None, kind }
}

fn human(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    format!("{days}d {}h {}m {}s", hours % 24, minutes % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_uptime_reads_in_days_hours_minutes_and_seconds() {
        assert_eq!(super::human(0), "0d 0h 0m 0s");
        assert_eq!(super::human(93_784), "1d 2h 3m 4s");
    }
}
