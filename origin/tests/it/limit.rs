//! The rate limit of requests that come past the edge: who is counted as whom, what it costs, what is told.

use crate::support::{ADMIN_TOKEN, Answer, START, TestApp, bare, post};
use serde_json::{Value, json};
use std::time::Duration;
use valora_shared::{
    config::Setting as _,
    trust::{SharedSecret, pseudonym},
};

/// What no cache answers.
const UNCACHED: &str = "/api/auth/me";
const SOCKET: &str = "/ws/prices/nord-1";
const ONE: &str = "192.0.2.1";

async fn limited(minute: &str, more: &[(&str, &str)]) -> TestApp {
    let limits =
        [("RATE_LIMIT_PER_MINUTE", minute), ("RATE_LIMIT_PER_HOUR", "1000"), ("RATE_LIMIT_PER_DAY", "10000")];
    TestApp::with(&[&limits, &[("ADMIN_TOKEN", ADMIN_TOKEN)][..], more].concat()).await
}

async fn from(app: &TestApp, address: &str, target: &str) -> Answer {
    app.send_from(address, bare("GET", target, &[])).await
}

async fn by(app: &TestApp, address: &str, credential: &str) -> Answer {
    let bearer = format!("Bearer {credential}");
    app.send_from(address, bare("GET", UNCACHED, &[("authorization", &bearer)])).await
}

fn remaining(answer: &Answer) -> Option<u32> {
    answer.header("x-ratelimit-remaining-minute").map(|text| text.parse().unwrap())
}

#[tokio::test]
async fn every_answer_tells_the_limits_and_a_counted_one_what_is_left() {
    let app = limited("60", &[]).await;
    let first = from(&app, ONE, "/api/products").await;
    assert_eq!((first.header("x-cache"), remaining(&first)), (Some("MISS"), Some(59)));
    assert_eq!(first.header("x-ratelimit-remaining-hour"), Some("999"));
    assert_eq!(first.header("x-ratelimit-remaining-day"), Some("9999"));
    // START is 20 s into its minute and 13 min 20 s into its quarter of an hour.
    let told = r#""minute";r=59;t=61,"hour";r=999;t=3640,"day";r=9999;t=86500"#;
    assert_eq!(first.header("ratelimit"), Some(told), "{START:?}");
    let hit = from(&app, ONE, "/api/products").await;
    assert_eq!((hit.header("x-cache"), remaining(&hit)), (Some("HIT"), None));
    let head = app.send_from(ONE, bare("HEAD", "/api/products", &[])).await;
    let unknown = from(&app, ONE, "/nothing").await;
    let preflight = [("origin", "http://localhost:3000"), ("access-control-request-method", "GET")];
    let preflight = app.send_from(ONE, bare("OPTIONS", "/api/products", &preflight)).await;
    let health = from(&app, ONE, "/api/health").await;
    for answer in [&first, &hit, &head, &unknown, &preflight, &health] {
        assert_eq!(answer.header("x-ratelimit-limit-minute"), Some("60"), "{}", answer.head());
        assert_eq!(answer.header("x-ratelimit-limit-hour"), Some("1000"));
        assert_eq!(answer.header("x-ratelimit-limit-day"), Some("10000"));
        let policy = r#""minute";q=60;w=60,"hour";q=1000;w=3600,"day";q=10000;w=86400"#;
        assert_eq!(answer.header("ratelimit-policy"), Some(policy));
    }
    assert_eq!(remaining(&unknown), Some(58), "a HIT and a HEAD of it cost nothing");
    assert_eq!((remaining(&preflight), remaining(&health)), (None, None));
    // The same in a 304.
    let etag = first.header("etag").unwrap();
    let fresh = [("if-none-match", etag), ("cache-control", "no-cache")];
    let not_modified = app.send_from(ONE, bare("GET", "/api/products", &fresh)).await;
    assert_eq!((not_modified.status.as_u16(), remaining(&not_modified)), (304, Some(57)));
}

#[tokio::test]
async fn whoever_waits_as_told_is_let_through_and_not_two_seconds_earlier() {
    let app = limited("5", &[]).await;
    for left in (0..5).rev() {
        let answer = from(&app, ONE, UNCACHED).await;
        assert_eq!((answer.status.as_u16(), remaining(&answer)), (401, Some(left)));
        app.clock.advance(Duration::from_millis(300));
    }
    let refused = from(&app, ONE, UNCACHED).await;
    assert_eq!((refused.status.as_u16(), remaining(&refused)), (429, Some(0)));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    let body = refused.json();
    assert_eq!(body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!((&body["error"], &body["retry_after"]), (&json!("RateLimitExceeded"), &json!(wait)));
    assert_eq!((&body["limit_type"], &body["violated-policies"]), (&json!("minute"), &json!(["minute"])));
    assert_eq!(body["current_usage"], json!({"minute": 5, "hour": 5, "day": 5}));
    assert_eq!(refused.header("cache-control"), Some("no-store"));
    // What is in the cache is still answered, and what is not is refused to HEAD, too.
    assert_eq!(from(&app, "192.0.2.2", "/api/products").await.status, 200);
    assert_eq!(from(&app, ONE, "/api/products").await.header("x-cache"), Some("HIT"));
    assert_eq!(app.send_from(ONE, bare("HEAD", "/api/categories", &[])).await.status, 429);
    assert_eq!(from(&app, "192.0.2.2", "/api/categories").await.status, 200, "the refusal is nobody else's");

    app.clock.advance(Duration::from_secs(wait - 2));
    assert_eq!(from(&app, ONE, UNCACHED).await.status, 429);
    app.clock.advance(Duration::from_secs(2));
    assert_eq!(from(&app, ONE, UNCACHED).await.status, 401);
}

#[tokio::test]
async fn an_hour_and_a_day_have_limits_of_their_own() {
    let app = TestApp::with(&[
        ("RATE_LIMIT_PER_MINUTE", "2"),
        ("RATE_LIMIT_PER_HOUR", "3"),
        ("RATE_LIMIT_PER_DAY", "5"),
    ])
    .await;
    let mut told = Vec::new();
    for seconds in [0, 61, 61, 61, 3_660, 61, 3_660, 86_400 + 900] {
        app.clock.advance(Duration::from_secs(seconds));
        let answer = from(&app, ONE, UNCACHED).await;
        told.push(if answer.status == 429 {
            answer.json()["limit_type"].as_str().unwrap().to_owned()
        } else {
            String::new()
        });
    }
    assert_eq!(told, ["", "", "", "hour", "", "", "day", ""]);
}

#[tokio::test]
async fn a_client_is_its_credential_or_else_its_address_and_nothing_it_says() {
    let app = limited("3", &[("RATE_LIMIT_TIERS", "admin=600,user=4")]).await;
    let token = app.register_admin().await;
    let user = app.register("somebody").await;
    for number in 0..3 {
        let request = bare(
            "GET",
            UNCACHED,
            &[
                ("x-forwarded-for", &format!("10.0.0.{number}")),
                ("forwarded", &format!("for=10.0.1.{number}")),
                ("cf-connecting-ip", &format!("10.0.2.{number}")),
                ("x-valora-client", &format!("ip:10.0.3.{number}")),
                ("user-agent", &format!("agent {number}")),
                ("authorization", &format!("Bearer nonsense-{number}")),
            ],
        );
        let answer = app.send_from(&format!("2001:db8:1:2:{number}::1"), request).await;
        assert_eq!((answer.status.as_u16(), remaining(&answer)), (401, Some(2 - number)));
    }
    assert_eq!(from(&app, "2001:db8:1:2::ffff", UNCACHED).await.status, 429);
    assert_eq!(from(&app, "2001:db8:1:3::1", UNCACHED).await.status, 401, "the neighbour is another client");
    // Accounts have limits of their own, by what they are, wherever they are.
    for (credential, limit) in [(&token, "600"), (&user, "4")] {
        let answer = by(&app, "2001:db8:1:2::1", credential).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-limit-minute")), (200, Some(limit)));
    }
    for left in [2, 1, 0] {
        assert_eq!(remaining(&by(&app, &format!("198.51.100.{left}"), &user).await), Some(left));
    }
    assert_eq!(by(&app, "198.51.100.9", &user).await.status, 429);
    // Whoever has ADMIN_TOKEN is an admin, the same wherever it is used.
    let answer = by(&app, "2001:db8:1:2::1", ADMIN_TOKEN).await;
    assert_eq!((answer.header("x-ratelimit-limit-minute"), remaining(&answer)), (Some("600"), Some(599)));
    assert_eq!(remaining(&by(&app, "192.0.2.9", ADMIN_TOKEN).await), Some(598));
}

#[tokio::test]
async fn all_accounts_behind_an_address_have_ten_times_what_one_has() {
    let app = limited("2", &[]).await;
    let mut tokens = Vec::new();
    for number in 0..11 {
        let body = json!({
            "username": format!("user{number}"), "email": format!("user{number}@shop.example"), "password": "correct horse",
        });
        let answer = app.send_from(&format!("203.0.113.{number}"), post("/api/auth/register", &body)).await;
        tokens.push(answer.json()["access_token"].as_str().unwrap().to_owned());
    }
    for token in &tokens[..10] {
        app.clock.advance(Duration::from_secs(2));
        assert_eq!(by(&app, ONE, token).await.status, 200);
        assert_eq!(by(&app, ONE, token).await.status, 200);
        assert_eq!(by(&app, ONE, token).await.status, 429);
    }
    // Whoever is out of tokens itself waits for its own, which come back later than the ceiling's first.
    let wait = async |token| by(&app, ONE, token).await.header("retry-after").unwrap().to_owned();
    assert_eq!((wait(&tokens[9]).await, wait(&tokens[10]).await), ("61".to_owned(), "43".to_owned()));
    let refused = by(&app, ONE, &tokens[10]).await;
    assert_eq!(refused.json()["current_usage"]["minute"], 20, "{}", refused.text());
    let elsewhere = by(&app, "192.0.2.2", &tokens[10]).await;
    assert_eq!(remaining(&elsewhere), Some(1), "what the address refused cost the account nothing");
}

#[tokio::test]
async fn routes_cost_what_they_cost_and_some_addresses_nothing() {
    let settings =
        [("RATE_LIMIT_COSTS", "GET /api/products/{id}=4"), ("RATE_LIMIT_EXEMPT", "10.0.0.0/8,2001:db8::/32")];
    let app = limited("10", &settings).await;
    assert_eq!(remaining(&from(&app, ONE, "/api/products/1").await), Some(6));
    assert_eq!(remaining(&from(&app, ONE, "/api/products/2").await), Some(2));
    let refused = from(&app, ONE, "/api/products/3").await;
    assert_eq!((refused.status.as_u16(), remaining(&refused)), (429, Some(2)));
    assert_eq!(remaining(&from(&app, ONE, UNCACHED).await), Some(1), "what is refused costs nothing");
    for number in 0..30 {
        for address in ["10.1.2.3", "2001:db8:9::1"] {
            let answer = from(&app, address, UNCACHED).await;
            assert_eq!((answer.status.as_u16(), remaining(&answer)), (401, None), "{number}");
        }
        for path in ["/api/health", "/api/health/detailed", "/livez", "/readyz"] {
            assert_eq!(from(&app, ONE, path).await.status, 200);
        }
    }
}

/// As they are before there are sockets: whether the route is there is asked behind the limit.
#[tokio::test]
async fn upgrades_have_a_limit_and_headers_of_their_own() {
    let app = limited("2", &[("RATE_LIMIT_WEBSOCKETS_PER_MINUTE", "3")]).await;
    for left in [2, 1, 0] {
        let answer = from(&app, ONE, SOCKET).await;
        assert_eq!((answer.status.as_u16(), remaining(&answer)), (404, Some(left)));
        assert_eq!(answer.header("ratelimit-policy"), Some(r#""ws";q=3;w=60"#));
        assert_eq!(answer.header("ratelimit"), Some(format!(r#""ws";r={left};t=61"#).as_str()));
        assert_eq!(answer.header("x-ratelimit-limit-minute"), Some("3"));
        for absent in ["x-ratelimit-limit-hour", "x-ratelimit-limit-day", "x-ratelimit-remaining-hour"] {
            assert_eq!(answer.header(absent), None, "{absent}");
        }
    }
    let refused = from(&app, ONE, SOCKET).await;
    let body = refused.json();
    assert_eq!((refused.status.as_u16(), &body["limit_type"]), (429, &json!("ws")));
    assert_eq!((refused.header("retry-after"), &body["violated-policies"]), (Some("61"), &json!(["ws"])));
    assert_eq!(remaining(&from(&app, ONE, UNCACHED).await), Some(1), "requests are counted by themselves");
    assert_eq!(from(&app, "192.0.2.2", SOCKET).await.status, 404, "another client");
}

#[tokio::test]
async fn in_shadow_mode_nobody_is_refused() {
    let app = limited("2", &[("RATE_LIMIT_MODE", "shadow")]).await;
    for expected in [Some(1), Some(0), None, None] {
        let answer = from(&app, ONE, UNCACHED).await;
        assert_eq!((answer.status.as_u16(), remaining(&answer)), (401, expected));
    }
    assert_eq!(app.admin_json("/api/admin/cache/stats").await["rate_limited"], 2);
}

#[tokio::test]
async fn an_admin_sees_and_resets_a_client() {
    let app = limited("5", &[]).await;
    for _ in 0..6 {
        from(&app, ONE, UNCACHED).await;
    }
    let seen = app.admin_json("/api/admin/ratelimit/client?ip=192.0.2.1").await;
    let minute = json!({"limit": 5, "used": 5, "remaining": 0, "more_in": 61});
    assert_eq!(seen["windows"]["minute"], minute);
    let hash = seen["client"].as_str().unwrap().to_owned();
    assert!(hash.len() == 32 && !seen.to_string().contains(ONE), "{seen}");
    assert_eq!(app.admin_json(&format!("/api/admin/ratelimit/client?hash={hash}")).await, seen);
    for (query, field) in [("", "ip"), ("?ip=localhost", "ip"), ("?hash=12", "hash")] {
        let answer = app.ask("GET", &format!("/api/admin/ratelimit/client{query}"), ADMIN_TOKEN).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["errors"][0]["field"]),
            (422, &json!(field)),
            "{query}"
        );
    }
    let target = "/api/admin/ratelimit/reset?ip=192.0.2.1";
    assert_eq!(app.send_from("192.0.2.2", bare("POST", target, &[])).await.status, 401);
    assert_eq!(from(&app, ONE, UNCACHED).await.status, 429);
    let reset = app.ask("POST", target, ADMIN_TOKEN).await;
    assert_eq!((reset.status.as_u16(), &reset.json()["client"]), (200, &Value::String(hash)));
    assert_eq!(remaining(&from(&app, ONE, UNCACHED).await), Some(4));
}

/// As the edge does: by the number of its account.
#[tokio::test]
async fn an_account_is_called_as_it_is_at_the_edge() {
    let secret = "9f4b12d07c6ea853b1d0924fe7735ac8";
    let app = limited("60", &[("CLIENT_HASH_SECRET", secret)]).await;
    let token = app.register("somebody").await;
    by(&app, ONE, &token).await;
    let hash = pseudonym(&SharedSecret::parse(secret).unwrap(), "user:1");
    let seen = app.admin_json(&format!("/api/admin/ratelimit/client?hash={hash}")).await;
    assert_eq!(seen["windows"]["minute"]["used"], 1, "{seen}");
}

/// Admin routes, too: whoever guesses credentials is not heard more often than others.
#[tokio::test]
async fn admin_routes_are_counted_before_anybody_is_asked_who_may() {
    let app = limited("3", &[]).await;
    for expected in [401, 401, 401, 429] {
        assert_eq!(from(&app, ONE, "/api/admin/users").await.status.as_u16(), expected);
    }
}
