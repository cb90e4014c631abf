//! One line per request. No bodies, no raw addresses, no query: those can hold secrets.

use super::{border::Border, context::Context, limit::Standing};
use crate::{app::AppState, error::Cause};
use axum::response::Response;
use std::time::Duration;

/// From here on a request is slow and its line a warning (design: operate.md).
const SLOW: Duration = Duration::from_secs(5);

pub(crate) fn write(app: &AppState, response: &Response, context: &Context, border: &Border) {
    let status = response.status().as_u16();
    app.counts.add(status);
    let duration = context.since.elapsed();
    let client =
        response.extensions().get::<Standing>().map(|standing| tracing::field::display(standing.client));
    let cause = response.extensions().get::<Cause>().map(|cause| cause.0.as_str());
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                correlation_id = context.correlation_id.as_str(),
                trace_id = context.trace_id(),
                method = context.method.as_str(),
                route = context.route(),
                via = border.as_str(),
                client,
                status,
                duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
                duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
                error.cause = cause,
                "{} {} answered {status}",
                context.method,
                context.route(),
            )
        };
    }
    if status >= 500 {
        line!(error);
    } else if duration >= SLOW {
        line!(warn);
    } else {
        line!(info);
    }
}
