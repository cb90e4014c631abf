use crate::support::{ADMIN_TOKEN, START, TestApp, bare};
use serde_json::json;
use std::time::Duration;
use valora_origin::router::{Access, routes};
use valora_shared::{
    config::Setting,
    time::UnixMillis,
    trust::{ApiKey, SharedSecret},
};

const API_KEY_SECRET: &str = "8c1f0a7d2b9e4f6035d8a1c7e2b40f93";

async fn app() -> TestApp {
    TestApp::with(&[("ADMIN_TOKEN", ADMIN_TOKEN), ("API_KEY_SECRET", API_KEY_SECRET)]).await
}

/// A key that lives for an hour, and its row.
async fn api_key(app: &TestApp) -> String {
    let expires_at = UnixMillis(START.0 + 3_600_000);
    let mut db = app.state.store.write().await.unwrap();
    let id = valora_origin::store::api_keys::insert(&mut db, Some("shop"), expires_at, START).await.unwrap();
    db.commit().await.unwrap();
    let secret = SharedSecret::parse(API_KEY_SECRET).unwrap();
    ApiKey { id, expires_at_seconds: expires_at.0 / 1_000 }.to_text(&secret)
}

/// The path with something in each place.
fn filled(path: &str) -> String {
    let path = path.replace("{id}", "1").replace("{code}", "RouteNotFound");
    match path.rsplit_once('/') {
        Some((_, "clear")) => path + "?pattern=*",
        Some((folder, _)) if folder.ends_with("/ratelimit") => path + "?ip=192.0.2.1",
        _ => path,
    }
}

#[tokio::test]
async fn every_route_asks_for_what_the_table_says() {
    let app = app().await;
    let boss = app.register_admin().await;
    let user = app.register("asha").await;
    app.register("viewer").await;
    app.sql("UPDATE users SET role = 'viewer' WHERE username = 'viewer'").await;
    let viewer =
        app.log_in("viewer", "correct horse").await.json()["access_token"].as_str().unwrap().to_owned();
    let key = api_key(&app).await;
    let mut admin_routes = 0;
    for route in routes() {
        let target = filled(route.path);
        let what = format!("{} {target}", route.method);
        let status =
            async |credential: &str| app.ask(route.method, &target, credential).await.status.as_u16();
        let nobody = app.send(bare(route.method, &target, &[])).await;
        match route.access {
            Access::Public => {
                assert!(!route.path.starts_with("/api/admin"), "{what} must be for admins");
                assert!(![401, 403].contains(&nobody.status.as_u16()), "{what}");
            }
            Access::Account => {
                assert_eq!(nobody.status, 401, "{what}");
                assert_eq!(nobody.header("www-authenticate"), Some("Bearer"), "{what}");
                assert_eq!(status("nonsense").await, 401, "{what}");
                assert_eq!(status(&user).await, 200, "{what}");
            }
            Access::Source => {
                assert_eq!(nobody.status, 401, "{what}");
                assert_eq!(nobody.header("www-authenticate"), Some("Bearer"), "{what}");
                assert_eq!(status("nonsense").await, 401, "{what}");
                for other in [&user, &viewer] {
                    assert_eq!(status(other).await, 403, "{what}");
                }
                // Let in, to find that there is no body.
                assert_eq!((status(&key).await, status(ADMIN_TOKEN).await), (415, 415), "{what}");
            }
            Access::Admin => {
                admin_routes += 1;
                assert_eq!(nobody.status, 401, "{what}");
                assert_eq!(nobody.header("www-authenticate"), Some("Bearer"), "{what}");
                assert_eq!(nobody.header("cache-control"), Some("no-store"), "{what}");
                assert_eq!(status("nonsense").await, 401, "{what}");
                assert_eq!(status(&ADMIN_TOKEN[1..]).await, 401, "{what}");
                for other in [&user, &viewer, &key] {
                    let answer = app.ask(route.method, &target, other).await;
                    assert_eq!(
                        (answer.status.as_u16(), &answer.json()["error"]),
                        (403, &json!("Forbidden")),
                        "{what}"
                    );
                }
                // Not every route has something under the id, and some want a body.
                let admitted = status(ADMIN_TOKEN).await;
                assert!(admitted < 300 || [404, 415].contains(&admitted), "{what}: {admitted}");
            }
        }
    }
    assert!(admin_routes >= 6);
    // The walk has locked the boss out, too.
    assert_eq!(app.ask("GET", "/api/admin/users", &boss).await.status, 401);
}

#[tokio::test]
async fn outsiders_do_not_learn_which_admin_routes_there_are() {
    let app = app().await;
    let user = app.register("asha").await;
    for target in [
        "/api/admin",
        "/api/admin/",
        "/api/admin/nope",
        "/api/%61dmin/users",
        "/api/admin/users/../x",
        "//api/admin/x",
    ] {
        for method in ["GET", "POST", "DELETE", "HEAD"] {
            assert_eq!(app.send(bare(method, target, &[])).await.status, 401, "{method} {target}");
            assert_eq!(app.ask(method, target, &user).await.status, 403, "{method} {target}");
            assert_eq!(app.ask(method, target, ADMIN_TOKEN).await.status, 404, "{method} {target}");
        }
    }
    assert_eq!(app.send(bare("DELETE", "/api/admin/users", &[])).await.status, 401);
    let told = app.ask("DELETE", "/api/admin/users", ADMIN_TOKEN).await;
    assert_eq!((told.status.as_u16(), told.header("allow")), (405, Some("GET,HEAD")));
}

#[tokio::test]
async fn without_an_admin_token_in_the_settings_there_is_none() {
    let app = TestApp::new().await;
    for credential in ["", ADMIN_TOKEN] {
        assert_eq!(app.ask("GET", "/api/admin/users", credential).await.status, 401);
    }
}

#[tokio::test]
async fn an_admin_who_was_locked_out_or_demoted_is_out_at_once() {
    let app = app().await;
    let boss = app.register_admin().await;
    let list = async || app.ask("GET", "/api/admin/users", &boss).await.status.as_u16();
    assert_eq!(list().await, 200);
    app.sql("UPDATE users SET role = 'viewer'").await;
    assert_eq!(list().await, 403);
    app.sql("UPDATE users SET role = 'admin', is_active = FALSE").await;
    assert_eq!(list().await, 401);
    app.sql("UPDATE users SET is_active = TRUE").await;
    assert_eq!(list().await, 200);
    app.state.store.close().await;
    assert_eq!(list().await, 503, "without the database nobody is let in");
}

#[tokio::test]
async fn accounts_are_listed_in_pages() {
    let app = app().await;
    for name in ["one", "two", "three"] {
        app.register(name).await;
    }
    let first = app.ask("GET", "/api/admin/users?limit=2", ADMIN_TOKEN).await;
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let first = first.json();
    assert_eq!(first["next_cursor"], "2");
    assert_eq!(
        first["users"][1],
        json!({
            "id": 2, "username": "two", "email": "two@shop.example", "role": "user", "is_active": true,
            "created_at": "2026-09-21T14:13:20Z", "updated_at": "2026-09-21T14:13:20Z",
        })
    );
    let last = app.ask("GET", "/api/admin/users?limit=2&cursor=2", ADMIN_TOKEN).await.json();
    assert_eq!((last["users"][0]["id"].as_i64(), last.get("next_cursor")), (Some(3), None));
    let faulty = app.ask("GET", "/api/admin/users?limit=101&cursor=x", ADMIN_TOKEN).await;
    assert_eq!((faulty.status.as_u16(), faulty.json()["errors"].as_array().unwrap().len()), (422, 2));
}

#[tokio::test]
async fn an_account_that_does_not_exist_cannot_be_changed() {
    let app = app().await;
    let status = async |id: &str| {
        let answer = app.ask("POST", &format!("/api/admin/users/{id}/deactivate"), ADMIN_TOKEN).await;
        (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned())
    };
    assert_eq!(status("7").await, (404, "AccountNotFound".to_owned()));
    for id in ["0", "-1", "x", "99999999999999999999"] {
        assert_eq!(status(id).await, (422, "ValidationError".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn an_api_key_is_known_until_it_is_revoked_or_ends() {
    let app = app().await;
    let key = api_key(&app).await;
    // Known, and not an admin's: 403. Not known: 401.
    let status = async || app.ask("GET", "/api/admin/users", &key).await.status.as_u16();
    assert_eq!(status().await, 403);
    assert_eq!(app.ask("GET", "/api/auth/me", &key).await.status, 403);
    app.sql("UPDATE api_keys SET revoked_at_ms = 1").await;
    assert_eq!(status().await, 401);
    app.sql("UPDATE api_keys SET revoked_at_ms = NULL").await;
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(status().await, 401);
    let forged = key.replace("vk_1", "vk_2");
    assert_eq!(app.ask("GET", "/api/admin/users", &forged).await.status, 401);
}
