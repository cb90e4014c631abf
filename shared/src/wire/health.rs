//! `GET /api/health` and `GET /api/health/detailed`.

use crate::time::UnixMillis;
use serde::Serialize;

/// `GET /api/health`: whoever is asked is alive.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Liveness {
    /// `ok`.
    pub status: &'static str,
    /// `edge` when the edge answered; absent at the origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by: Option<&'static str>,
}

/// The service as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// Everything that is configured works.
    Healthy,
    /// Works, with something missing.
    Degraded,
    /// Does not do its job.
    Unhealthy,
}

impl HealthStatus {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One part of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ServiceStatus {
    /// Works.
    #[serde(rename = "healthy")]
    Healthy,
    /// Was asked and failed.
    #[serde(rename = "unhealthy")]
    Unhealthy,
    /// Not set up, which is no fault.
    #[serde(rename = "not configured")]
    NotConfigured,
}

/// A part's state.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceHealth {
    /// How it is.
    pub status: ServiceStatus,
    /// How long it took to answer; null when it was not asked.
    pub response_time_ms: Option<u64>,
    /// What it is: `sqlite`, `redis`, `kv`, ….
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// The parts of the origin.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Services {
    /// The database.
    pub database: ServiceHealth,
    /// Redis.
    pub redis: ServiceHealth,
    /// The Algorand node.
    pub blockchain: ServiceHealth,
}

/// How long the origin has run.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Uptime {
    /// Whole seconds.
    pub seconds: u64,
    /// `1d 2h 3m 4s`.
    pub human: String,
}

/// The machine under the origin.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct System {
    /// Memory in bytes.
    pub memory: serde_json::Value,
    /// Processors.
    pub cpu: serde_json::Value,
    /// Disk in bytes.
    pub disk: serde_json::Value,
}

/// Counts since the start.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricsSummary {
    /// Requests answered.
    pub requests_total: u64,
    /// Of these with a status of 500 or above.
    pub errors_total: u64,
}

/// `GET /api/health/detailed`, without the edge's part.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DetailedHealth {
    /// The whole.
    pub status: HealthStatus,
    /// When this was found.
    pub timestamp: UnixMillis,
    /// Since the start.
    pub uptime: Uptime,
    /// The version of this build.
    pub version: &'static str,
    /// Part by part.
    pub services: Services,
    /// The machine.
    pub system: System,
    /// Counts.
    pub metrics_summary: MetricsSummary,
}

/// What the edge adds to it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EdgeHealth {
    /// Workers KV.
    pub kv: ServiceHealth,
    /// The rate limiter's objects.
    pub rate_limiter: ServiceHealth,
    /// The Hub.
    pub hub: ServiceHealth,
    /// The origin as seen from the edge.
    pub origin: ServiceHealth,
}

#[cfg(test)]
mod tests {
    use super::HealthStatus;

    #[test]
    fn a_status_has_one_name() {
        for status in [HealthStatus::Healthy, HealthStatus::Degraded, HealthStatus::Unhealthy] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }
}
