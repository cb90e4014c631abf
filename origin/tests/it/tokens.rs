use crate::support::{JWT_SEED, START, TestApp, bare};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use valora_shared::account::{JwkSet, key_id};

fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&BASE64.decode(JWT_SEED.as_bytes()).unwrap().try_into().unwrap())
}

fn header() -> Value {
    json!({"typ": "JWT", "alg": "EdDSA", "kid": key_id(signing_key().verifying_key().as_bytes())})
}

fn claims() -> Value {
    let now = START.0 / 1_000;
    json!({"iss": "valora-origin", "aud": "valora", "sub": "user:1", "exp": now + 3_600, "iat": now,
        "iat_ms": START.0, "role": "user"})
}

fn signed_by(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = BASE64URL_NOPAD.encode(&key.sign(message.as_bytes()).to_bytes());
    format!("{message}.{signature}")
}

fn signed(header: &Value, claims: &Value) -> String {
    signed_by(&signing_key(), header, claims)
}

/// RFC 2104, for keys of at most 64 bytes.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(block, key)| *block ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn with(mut value: Value, field: &str, new: impl Into<Value>) -> Value {
    value[field] = new.into();
    value
}

fn without(mut value: Value, field: &str) -> Value {
    value.as_object_mut().unwrap().remove(field);
    value
}

async fn app() -> TestApp {
    let app = TestApp::with(&[("JWT_PRIVATE_KEY", JWT_SEED)]).await;
    app.register("asha").await;

    app
}

async fn status(app: &TestApp, credential: &str) -> u16 {
    app.ask("GET", "/api/auth/me", credential).await.status.as_u16()
}

#[tokio::test]
async fn a_token_with_all_claims_under_our_key_is_believed() {
    assert_eq!(status(&app().await, &signed(&header(), &claims())).await, 200);
}

#[tokio::test]
async fn a_forged_token_gets_401_and_no_reason() {
    let app = app().await;
    let good = signed(&header(), &claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let none = |alg: &str| {
        let token = signed(&with(header(), "alg", alg), &claims());
        format!("{}.", token.rsplit_once('.').unwrap().0)
    };
    let public = signing_key().verifying_key();
    let hs256 = signed(&with(header(), "alg", "HS256"), &claims());
    let hs256 = hs256.rsplit_once('.').unwrap().0.to_owned();
    let hs256_mac = BASE64URL_NOPAD.encode(&hmac_sha256(public.as_bytes(), hs256.as_bytes()));
    let other = SigningKey::from_bytes(&[9; 32]);
    let mut flipped = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    flipped[0] ^= 1;
    let forged = [
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("no signature", format!("{message}.")),
        ("HS256 under the public key", format!("{hs256}.{hs256_mac}")),
        ("HS256 in name only", signed(&with(header(), "alg", "HS256"), &claims())),
        ("another key under our kid", signed_by(&other, &header(), &claims())),
        (
            "another key",
            signed_by(&other, &with(header(), "kid", key_id(other.verifying_key().as_bytes())), &claims()),
        ),
        ("its own key", signed_by(&other, &with(header(), "jwk", json!({"kty": "OKP"})), &claims())),
        ("no kid", signed(&without(header(), "kid"), &claims())),
        ("a kid that leads elsewhere", signed(&with(header(), "kid", "../../dev/null"), &claims())),
        ("critical demands", signed(&with(header(), "crit", json!(["exp"])), &claims())),
        ("a changed signature", format!("{message}.{}", BASE64URL_NOPAD.encode(&flipped))),
        (
            "other claims",
            signed(&header(), &with(claims(), "sub", "user:2")).rsplit_once('.').unwrap().0.to_owned()
                + "."
                + signature,
        ),
        ("half a token", message.to_owned()),
        ("an empty token", String::new()),
        ("dots", "..".to_owned()),
        ("a long text", "x".repeat(100_000)),
    ];
    for (what, token) in forged {
        let answer = app.ask("GET", "/api/auth/me", &token).await;
        assert_eq!(answer.status, 401, "{what}");
        assert_eq!(answer.json()["error"], "Unauthorized", "{what}");
        assert_eq!(answer.json()["detail"], "The credential is not valid.", "{what}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    }
}

#[tokio::test]
async fn a_token_with_a_wrong_or_missing_claim_gets_401() {
    let app = app().await;
    let now = START.0 / 1_000;
    for claims in [
        with(claims(), "iss", "valora"),
        with(claims(), "aud", "another"),
        with(claims(), "aud", json!(["another"])),
        with(claims(), "exp", now),
        with(claims(), "exp", "never"),
        with(claims(), "exp", now + 2 * 86_400),
        with(with(claims(), "iat_ms", START.0 + 61_000), "iat", now + 61),
        with(claims(), "sub", "user:99"),
        with(claims(), "sub", "key:1"),
        with(claims(), "role", "root"),
        without(claims(), "iss"),
        without(claims(), "aud"),
        without(claims(), "exp"),
        without(claims(), "sub"),
    ] {
        assert_eq!(status(&app, &signed(&header(), &claims)).await, 401, "{claims}");
    }
}

#[tokio::test]
async fn a_role_is_the_databases_and_not_the_tokens() {
    let app = app().await;
    let token = signed(&header(), &with(claims(), "role", "admin"));
    assert_eq!(app.ask("GET", "/api/admin/users", &token).await.status, 403);
}

#[tokio::test]
async fn a_token_ends_after_its_minutes() {
    let app = TestApp::with(&[("JWT_EXPIRE_MINUTES", "2")]).await;
    let token = app.register("asha").await;
    app.clock.advance(Duration::from_millis(119_999));
    assert_eq!(status(&app, &token).await, 200);
    app.clock.advance(Duration::from_millis(1));
    assert_eq!(status(&app, &token).await, 401);
}

#[tokio::test]
async fn a_credential_is_read_from_one_authorization_alone() {
    let app = app().await;
    let token = signed(&header(), &claims());
    let bearer = format!("Bearer {token}");
    let ask =
        async |headers: &[(&str, &str)]| app.send(bare("GET", "/api/auth/me", headers)).await.status.as_u16();
    assert_eq!(ask(&[("authorization", &format!("bearer {token}"))]).await, 200);
    assert_eq!(ask(&[("authorization", &bearer), ("authorization", &bearer)]).await, 401);
    assert_eq!(ask(&[("authorization", &format!("Basic {token}"))]).await, 401);
    assert_eq!(ask(&[("authorization", &token)]).await, 401);
    assert_eq!(ask(&[("cookie", &format!("access_token={token}"))]).await, 401);
    assert_eq!(app.get(&format!("/api/auth/me?access_token={token}")).await.status, 401);
}

#[tokio::test]
async fn the_previous_key_is_accepted_and_the_one_before_it_not() {
    let old = SigningKey::from_bytes(&Sha256::digest(b"an old key").into());
    let public = BASE64URL_NOPAD.encode(old.verifying_key().as_bytes());
    let settings = [("JWT_PRIVATE_KEY", JWT_SEED), ("JWT_PREVIOUS_PUBLIC_KEY", &*public)];
    let app = TestApp::with(&settings).await;
    app.register("asha").await;
    let kid = |key: &SigningKey| with(header(), "kid", key_id(key.verifying_key().as_bytes()));
    assert_eq!(status(&app, &signed_by(&old, &kid(&old), &claims())).await, 200);
    assert_eq!(status(&app, &signed(&header(), &claims())).await, 200);
    let older = SigningKey::from_bytes(&Sha256::digest(b"an older key").into());
    assert_eq!(status(&app, &signed_by(&older, &kid(&older), &claims())).await, 401);
    // Each key speaks for itself only.
    assert_eq!(status(&app, &signed_by(&old, &header(), &claims())).await, 401);
    let set: &JwkSet = app.state.accounts.public_keys();
    assert_eq!(set.keys.len(), 2);
    assert_eq!(set.keys[1].x, public);
}

#[tokio::test]
async fn a_deactivation_acts_at_once_and_its_end_brings_no_old_token_back() {
    let app = TestApp::new().await;
    let boss = app.register_admin().await;
    let token = app.register("asha").await;
    app.clock.advance(Duration::from_millis(5));
    assert_eq!(app.ask("POST", "/api/admin/users/2/deactivate", &boss).await.status, 200);
    assert_eq!(status(&app, &token).await, 401);
    assert_eq!(app.log_in("asha", "correct horse").await.status, 401);
    assert_eq!(app.ask("POST", "/api/admin/users/2/activate", &boss).await.status, 200);
    assert_eq!(status(&app, &token).await, 401, "made before the deactivation");
    app.clock.advance(Duration::from_millis(1));
    let fresh = app.log_in("asha", "correct horse").await.json();
    assert_eq!(status(&app, fresh["access_token"].as_str().unwrap()).await, 200);
}
