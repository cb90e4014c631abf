//! What only admins may do.

use super::operation::Operation;
use serde_json::json;

pub(super) fn operations() -> Vec<((&'static str, &'static str), Operation)> {
    let account = |id, summary| {
        Operation::new(id, summary)
            .path("id", json!({"type": "integer", "format": "int64", "minimum": 1}), 1)
            .answers(200, "Account")
            .problem(404, "There is no such account.")
    };
    vec![
        (
            ("GET", "/api/admin/users"),
            Operation::new("listAccounts", "All accounts").page(100, 100).answers(200, "AccountsList"),
        ),
        (("POST", "/api/admin/users/{id}/activate"), account("activateAccount", "Lets an account in again")),
        (
            ("POST", "/api/admin/users/{id}/deactivate"),
            account("deactivateAccount", "Locks an account out, at once"),
        ),
        (
            ("GET", "/api/admin/prices/held"),
            Operation::new("listHeldPrices", "Prices that wait for a second look, the longest waiting first")
                .page_by(r"^[1-9][0-9]{0,17}\.[0-9a-f-]+$", 500, 500)
                .answers(200, "HeldPrices"),
        ),
        (
            ("POST", "/api/admin/prices/held/{id}/confirm"),
            Operation::new("confirmHeldPrice", "Records a price that waits")
                .path("id", json!({"type": "string"}), "00000000-0000-0000-0000-000000000000")
                .answers(200, "ConfirmedPrice")
                .problem(404, "No price waits under this id."),
        ),
        (
            ("GET", "/api/admin/cache/stats"),
            Operation::new("getCacheStats", "How the response cache answered")
                .answers(200, "CacheStats"),
        ),
        (
            ("POST", "/api/admin/cache/clear"),
            Operation::new("clearCache", "Purges answers from the response cache")
                .required_query(
                    "pattern",
                    "`*`, `tag:product:1`, `/api/prices/*`, or a part of paths.",
                    json!({"type": "string", "pattern": "^[!#-\\[\\]-~]{1,200}$", "examples": ["/api/prices/*"]}),
                )
                .query(
                    "mode",
                    "What becomes of them.",
                    json!({"type": "string", "enum": ["hard", "soft", "revalidate"], "default": "hard"}),
                )
                .answers(200, "CacheCleared"),
        ),
        (
            ("GET", "/api/admin/ratelimit/client"),
            client(Operation::new("getClientLimits", "How much a client has asked for")).answers(200, "ClientLimits"),
        ),
        (
            ("POST", "/api/admin/ratelimit/reset"),
            client(Operation::new("resetClientLimits", "Forgets what a client has asked for"))
                .answers(200, "LimitsReset"),
        ),
        (
            ("GET", "/api/admin/scheduler"),
            Operation::new("getScheduler", "How products, rounds and sources stand")
                .answers(200, "Scheduler"),
        ),
    ]
}

/// One of both must be there.
fn client(operation: Operation) -> Operation {
    let address = json!({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]});
    let hash = json!({"type": "string", "pattern": "^[0-9a-fA-F]{32}$"});
    operation.query("ip", "The client's address; an IPv6 one stands for its /64.", address).query(
        "hash",
        "What logs call the client.",
        hash,
    )
}
