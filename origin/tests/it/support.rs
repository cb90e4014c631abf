//! A running origin in this process.

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    pin::Pin,
    sync::Arc,
};
use tempfile::TempDir;
use tower::ServiceExt;
use valora_origin::{
    app::AppState,
    clock::Clock,
    config::OriginConfig,
    import::{self, ImportError, Summary},
    router::router,
    sources::{Addresses, Lookup},
    store::products::{self, StoredProduct},
};
use valora_shared::{id::ProductId, time::UnixMillis};

/// Real listings: some without a price, with one, without a brand, with a name of 301 characters or not in ASCII.
pub(crate) const SAMPLE: &str = include_str!("../../../tests/data/marketplace-sample.csv");
/// The first listing of [`SAMPLE`]: 379 rupees at flipkart, 438 at amazon.
pub(crate) const SHORTS: &str = "c2d766ca982eca8304150849735ffef9";
/// When tests start: 2026-09-21T14:13:20Z.
pub(crate) const START: UnixMillis = UnixMillis(1_790_000_000_000);

/// What a production system must be told.
pub(crate) const PRODUCTION: [(&str, &str); 6] = [
    ("ENVIRONMENT", "production"),
    ("FRONTEND_URL", "https://shop.example"),
    ("JWT_PRIVATE_KEY", JWT_SEED),
    ("API_KEY_SECRET", "8c1f0a7d2b9e4f6035d8a1c7e2b40f93"),
    ("EDGE_ORIGIN_SECRET", "5d8a1c7e2b40f938c1f0a7d2b9e4f603"),
    ("CLIENT_HASH_SECRET", "9f4b12d07c6ea853b1d0924fe7735ac8"),
];
/// Limits that nothing reaches, for tests that are about something else: all their requests are of one client.
const UNLIMITED: [(&str, &str); 5] = [
    ("RATE_LIMIT_TIERS", "admin=16777215"),
    ("RATE_LIMIT_PER_MINUTE", "16777215"),
    ("RATE_LIMIT_PER_HOUR", "16777215"),
    ("RATE_LIMIT_PER_DAY", "16777215"),
    ("RATE_LIMIT_WEBSOCKETS_PER_MINUTE", "16777215"),
];
/// RFC 8032 §7.1, test 1.
pub(crate) const JWT_SEED: &str = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
/// Opens every admin route where a test sets it.
pub(crate) const ADMIN_TOKEN: &str = "f2b40c9318c1f0a7d2b9e4f6035d8a1c7e2b40f9";

pub(crate) struct TestApp {
    pub(crate) state: AppState,
    pub(crate) clock: Clock,
    router: Router,
    directory: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:///{}", directory.path().join("test.db").display());
        let mut source = HashMap::from([("DATABASE_URL".to_owned(), url)]);
        source.extend(UNLIMITED.map(|(name, value)| (name.to_owned(), value.to_owned())));
        source.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = OriginConfig::read(&source).unwrap();
        let clock = Clock::manual(START);
        let state = AppState::open(config, clock.clone()).await.unwrap();
        Self { router: router(state.clone()), state, clock, directory }
    }

    /// With sources, which may be at public addresses and at this machine's first.
    pub(crate) async fn with_sources(sources: &str, settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("sources.toml"), sources).unwrap();
        let clock = Clock::manual(START);
        let state = replica(&directory, &clock, settings).await;
        Self { router: router(state.clone()), state, clock, directory }
    }

    /// Another origin on the same database and sources.
    pub(crate) async fn replica(&self, settings: &[(&str, &str)]) -> AppState {
        replica(&self.directory, &self.clock, settings).await
    }

    pub(crate) async fn product(&self, id: &str) -> StoredProduct {
        let id = ProductId::parse(id).unwrap();
        products::find(&mut self.state.store.read().await.unwrap(), &id).await.unwrap().unwrap()
    }

    /// With [`SAMPLE`] imported.
    pub(crate) async fn with_sample() -> Self {
        let app = Self::new().await;
        app.import(SAMPLE).await.0.unwrap();
        app
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("test.db")
    }

    /// A connection of its own, as another process has.
    pub(crate) async fn connect(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.database()).connect().await.unwrap()
    }

    /// Changes the database behind the origin's back.
    pub(crate) async fn sql(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.connect().await).await.unwrap();
    }

    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.unwrap()
    }

    /// Imports csv text; also what was reported.
    pub(crate) async fn import(&self, csv: impl AsRef<[u8]>) -> (Result<Summary, ImportError>, String) {
        let mut report = Vec::new();
        let done = import::import(&self.state.store, &self.state.pricing, csv.as_ref(), &mut report).await;
        (done, String::from_utf8(report).unwrap())
    }

    /// The router, for requests side by side.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send(request("GET", target, &[]).body(Body::empty()).unwrap()).await
    }

    /// The JSON of a GET by an admin; [`ADMIN_TOKEN`] must be set.
    pub(crate) async fn admin_json(&self, target: &str) -> Value {
        let answer = self.ask("GET", target, ADMIN_TOKEN).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.json()
    }

    /// The JSON of a GET that must succeed.
    #[track_caller]
    pub(crate) fn json(&self, target: &str) -> impl Future<Output = Value> {
        let target = target.to_owned();
        async move {
            let answer = self.get(&target).await;
            assert_eq!(answer.status, 200, "{target}: {}", answer.text());
            answer.json()
        }
    }

    /// As if `address` had connected.
    pub(crate) async fn send_from(&self, address: &str, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::new(address.parse().unwrap(), 40_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        self.send(request).await
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Answer {
        self.send(post(target, body)).await
    }

    /// `method` on `target` with a credential.
    pub(crate) async fn ask(&self, method: &str, target: &str, credential: &str) -> Answer {
        self.send(bare(method, target, &[("authorization", &format!("Bearer {credential}"))])).await
    }

    /// Makes an account with the password `correct horse` and gives its token.
    pub(crate) async fn register(&self, username: &str) -> String {
        let email = format!("{username}@shop.example");
        let body = json!({"username": username, "email": email, "password": "correct horse"});
        let answer = self.post("/api/auth/register", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// The same with role admin; the account must be the first.
    pub(crate) async fn register_admin(&self) -> String {
        let token = self.register("boss").await;
        self.sql("UPDATE users SET role = 'admin' WHERE username = 'boss'").await;
        token
    }

    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Answer {
        self.post("/api/auth/login", &json!({"username": username, "password": password})).await
    }

    pub(crate) async fn post_price(&self, body: impl Into<Body>) -> Answer {
        self.send(post_price(body)).await
    }
}

async fn replica(directory: &TempDir, clock: &Clock, settings: &[(&str, &str)]) -> AppState {
    let path = |name: &str| directory.path().join(name).display().to_string();
    let mut source = HashMap::from([("DATABASE_URL".to_owned(), format!("sqlite:///{}", path("test.db")))]);
    source.extend(UNLIMITED.map(|(name, value)| (name.to_owned(), value.to_owned())));
    if directory.path().join("sources.toml").exists() {
        source.insert("SOURCES_FILE".to_owned(), path("sources.toml"));
    }
    source.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let config = OriginConfig::read(&source).unwrap();
    let addresses = Addresses::new(Arc::new(TestNames), false).and(LOCAL);
    AppState::open_with(config, clock.clone(), &addresses).await.unwrap()
}

/// The one private address that tests may call.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Names under `.test`: shop is here, private is not public, mixed is both.
#[derive(Debug)]
struct TestNames;

impl Lookup for TestNames {
    fn lookup(&self, name: &str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
        let private = IpAddr::from([10, 0, 0, 7]);
        let found = match name {
            "shop.test" => Ok(vec![LOCAL]),
            "private.test" => Ok(vec![private]),
            "mixed.test" => Ok(vec![LOCAL, private]),
            _ => Err(io::Error::other("no such name")),
        };
        Box::pin(async move { found })
    }
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The status and every header, sorted, with measured times and what is counted left out.
    pub(crate) fn head(&self) -> String {
        let mut lines: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| match name.as_str() {
                "server-timing" | "x-response-time" => format!("{name}: (measured)"),
                name if name == "ratelimit" || name.starts_with("x-ratelimit-remaining") => {
                    format!("{name}: (counted)")
                }
                _ => format!("{name}: {}", value.to_str().unwrap()),
            })
            .collect();
        lines.sort();
        format!("{}\n{}", self.status.as_u16(), lines.join("\n"))
    }
}

/// What `ADMIN_TOKEN` may do, where a test has set it.
pub(crate) async fn admin(app: &TestApp, method: &str, target: &str, body: &Value) -> Answer {
    send_as(app, method, target, body, ADMIN_TOKEN).await
}

/// What a credential may do.
pub(crate) async fn send_as(
    app: &TestApp,
    method: &str,
    target: &str,
    body: &Value,
    credential: &str,
) -> Answer {
    let headers = [("content-type", "application/json"), ("authorization", &format!("Bearer {credential}"))];
    app.send(request(method, target, &headers).body(Body::from(body.to_string())).unwrap()).await
}

/// A POST of JSON.
pub(crate) fn post(target: &str, body: &Value) -> Request<Body> {
    let json = [("content-type", "application/json")];
    request("POST", target, &json).body(Body::from(body.to_string())).unwrap()
}

/// A price list of `count` products.
pub(crate) fn many_rows(count: usize) -> String {
    let rows: Vec<String> = (0..count).map(|number| format!("many-{number},Name,,,5\n")).collect();
    format!("product_id,name,brand,category,a_price_inr\n{}", rows.concat())
}

/// A request with a correlation id that snapshots can show.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> http::request::Builder {
    let mut request = Request::builder().method(method).uri(target);
    if !headers.iter().any(|(name, _)| *name == "x-correlation-id") {
        request = request.header("x-correlation-id", "test-0001");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}

/// `headers` and no body.
pub(crate) fn bare(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request(method, target, headers).body(Body::empty()).unwrap()
}

/// `POST /api/price`.
pub(crate) fn post_price(body: impl Into<Body>) -> Request<Body> {
    request("POST", "/api/price", &[("content-type", "application/json")]).body(body.into()).unwrap()
}
