//! What must not be seen: in logs, in Debug output, in the arguments of a command.

use crate::support::{ADMIN_TOKEN, JWT_SEED, TestApp};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const API_KEY_SECRET: &str = "8c1f0a7d2b9e4f6035d8a1c7e2b40f93";
const PASSWORD: &str = "correct horse battery";

fn program(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valora-origin"));
    command
        .current_dir(directory)
        .args(arguments)
        .env("BIND_ADDRESS", "127.0.0.1:0")
        .env("LOG_LEVEL", "debug")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null());
    command
}

/// Runs a command with `input` on its standard input.
fn run(directory: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = program(directory, arguments);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn exchange(address: &str, method: &str, target: &str, credential: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(
        connection,
        "{method} {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {credential}\r\ncontent-type: \
         application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

/// Ends the server and gives what it has logged.
fn log_of(mut child: Child, mut lines: impl Read) -> String {
    child.kill().unwrap();
    child.wait().unwrap();
    let mut log = String::new();
    lines.read_to_string(&mut log).unwrap();
    log
}

#[test]
fn the_log_holds_who_did_what_and_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["admin", "create", "boss", "boss@shop.example"];
    let (code, stdout, stderr) = run(directory.path(), &arguments, &format!("{PASSWORD}\n"));
    assert_eq!((code, &*stdout), (Some(0), "Created admin boss (user:1).\n"), "{stderr}");
    let key = run(directory.path(), &["key", "create", "--source", "shop", "--days", "1"], "").1;

    let mut server = program(directory.path(), &["serve"]);
    // Whatever the level, what admins do is logged.
    server.env("ADMIN_TOKEN", ADMIN_TOKEN).env("LOG_LEVEL", "info");
    let mut child = server.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let listening: serde_json::Value = serde_json::from_str(&first).unwrap();
    let address = listening["address"].as_str().unwrap();

    let login = |password| format!(r#"{{"username":"boss","password":"{password}"}}"#);
    let answer = exchange(address, "POST", "/api/auth/login", "", &login(PASSWORD));
    let token = answer.split(r#""access_token":""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    exchange(address, "POST", "/api/auth/login", "", &login("a wrong password"));
    let body = r#"{"username":"asha","email":"asha@shop.example","password":"another password"}"#;
    assert!(exchange(address, "POST", "/api/auth/register", "", body).contains("201"));
    exchange(address, "POST", "/api/auth/register", "", &body.replace("asha@", "@"));
    assert!(exchange(address, "POST", "/api/admin/users/2/deactivate", &token, "").contains("HTTP/1.1 200"));
    exchange(address, "GET", "/api/admin/users", ADMIN_TOKEN, "");
    exchange(address, "GET", "/api/admin/users", key.trim(), "");
    exchange(address, "GET", "/api/admin/secret-in-an-unknown-path", "a-wrong-token", "");
    let log = log_of(child, lines);

    let audit: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["audit"] == true)
        .collect();
    let told: Vec<_> = audit
        .iter()
        .map(|line| {
            (line["who"].as_str().unwrap(), line["what"].as_str().unwrap(), line["result"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("user:1", "POST /api/admin/users/2/deactivate", 200),
            ("admin-token", "GET /api/admin/users", 200),
            ("key:1", "GET /api/admin/users", 403),
            ("nobody", "GET unknown", 401),
        ]
    );
    for line in &audit {
        assert_eq!(line["from"].as_str().unwrap().len(), 32);
        assert!(line["correlation_id"].is_string());
    }
    for secret in [
        PASSWORD,
        "a wrong password",
        "another password",
        &token,
        key.trim(),
        ADMIN_TOKEN,
        "shop.example",
        "argon2id",
        "a-wrong-token",
        "secret-in-an-unknown-path",
        "eyJ",
        "127.0.0.1",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

#[test]
fn an_audit_is_written_at_every_log_level() {
    let directory = tempfile::tempdir().unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut server = program(directory.path(), &["serve"]);
    server.env("LOG_LEVEL", "error").env("BIND_ADDRESS", &address).stdout(Stdio::piped());
    let mut child = server.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    let is_up = |_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        TcpStream::connect(&address).is_ok()
    };
    assert!((0..500).any(is_up), "it listens");
    exchange(&address, "GET", "/api/admin/users", "x", "");
    let log = log_of(child, lines);
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains(r#""audit":true"#), "{log}");
}

#[tokio::test]
async fn debug_output_holds_no_secret() {
    let settings =
        [("ADMIN_TOKEN", ADMIN_TOKEN), ("API_KEY_SECRET", API_KEY_SECRET), ("JWT_PRIVATE_KEY", JWT_SEED)];
    let app = TestApp::with(&settings).await;
    app.register("asha").await;
    let mut db = app.state.store.read().await.unwrap();
    let user = valora_origin::store::users::find_by_username(&mut db, "asha").await.unwrap();
    let shown = format!("{:?} {user:?}", app.state);
    let seed = data_encoding::BASE64.decode(JWT_SEED.as_bytes()).unwrap();
    for secret in
        [ADMIN_TOKEN, API_KEY_SECRET, JWT_SEED, "shop.example", "argon2id", &format!("{seed:?}")[..40]]
    {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}

#[test]
fn commands_make_list_and_end_admins_and_keys() {
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| run(directory.path(), arguments, input);
    let (code, _, stderr) = run(&["admin", "create", "boss", "boss@shop.example"], "short\n");
    assert_eq!(code, Some(1));
    assert!(stderr.contains("at least 8 characters") && !stderr.contains("short"), "{stderr}");
    assert!(!directory.path().join("valora.db").exists(), "nothing was made");
    assert_eq!(run(&["admin", "create", "boss", "boss@shop.example"], "correct horse\n").0, Some(0));
    let (code, _, stderr) = run(&["admin", "create", "Boss", "b@shop.example"], "correct horse\n");
    assert_eq!(code, Some(1));
    assert!(stderr.contains("the username Boss is taken"), "{stderr}");
    assert!(run(&["admin", "list"], "").1.starts_with("user:1\tboss\tactive\tsince "));
    assert_eq!(run(&["admin", "deactivate", "nobody"], "").0, Some(1));
    assert_eq!(run(&["admin", "deactivate", "BOSS"], "").0, Some(0));
    assert!(run(&["admin", "list"], "").1.contains("\tdeactivated\t"));

    let key = run(&["key", "create", "--source", "shop", "--days", "30"], "").1;
    assert!(key.starts_with("vk_1_") && key.trim().split('_').count() == 4, "{key}");
    assert_eq!(run(&["key", "create", "--source", "a b"], "").0, Some(1));
    assert_eq!(run(&["key", "create", "--days", "0"], "").0, Some(2));
    let list = run(&["key", "list"], "").1;
    assert!(list.starts_with("1\tshop\tuntil ") && list.trim().ends_with("valid"), "{list}");
    assert!(!list.contains(key.trim()));
    assert_eq!(run(&["key", "revoke", "1"], "").0, Some(0));
    assert_eq!(run(&["key", "revoke", "1"], "").0, Some(1));
    assert!(run(&["key", "list"], "").1.contains("revoked "));

    let public = run(&["key", "public"], "").1;
    let set = valora_shared::account::JwkSet::read(&public).unwrap();
    assert!(set.keys.len() == 1 && set.keys[0].public_key().is_some(), "{public}");
    assert_eq!(run(&["key", "public"], "").1, public, "the same key each time");
}

#[test]
fn production_refuses_secrets_that_are_missing_or_none() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = program(directory.path(), &["config", "check"]);
    command.env("ENVIRONMENT", "production").env("FRONTEND_URL", "https://shop.example");
    let Output { status, stderr, .. } = command.output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(64));
    assert!(
        stderr.contains("JWT_PRIVATE_KEY: must be set") && stderr.contains("API_KEY_SECRET: must be set")
    );
    let typed = "change-me-to-a-long-secret-0123456789";
    command.env("JWT_PRIVATE_KEY", "hunter2").env("API_KEY_SECRET", typed).env("ADMIN_TOKEN", "too short");
    let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
    for expected in ["JWT_PRIVATE_KEY: ", "ADMIN_TOKEN: it must be a secret of at least 32 bytes"] {
        assert!(stderr.contains(expected), "{stderr}");
    }
    for secret in ["hunter2", typed, "too short"] {
        assert!(!stderr.contains(secret), "{stderr}");
    }
    command.env("JWT_PRIVATE_KEY", JWT_SEED).env_remove("ADMIN_TOKEN");
    let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(stderr.contains("API_KEY_SECRET: looks typed") && !stderr.contains(typed), "{stderr}");
    assert!(stderr.contains("EDGE_ORIGIN_SECRET: must be set"), "{stderr}");
    command.env("API_KEY_SECRET", API_KEY_SECRET).env("EDGE_ORIGIN_SECRET", typed);
    let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(stderr.contains("EDGE_ORIGIN_SECRET: looks typed") && !stderr.contains(typed), "{stderr}");
    command.env("EDGE_ORIGIN_SECRET", "5d8a1c7e2b40f938c1f0a7d2b9e4f603");
    assert!(stderr.contains("CLIENT_HASH_SECRET: must be set"), "{stderr}");
    command.env("CLIENT_HASH_SECRET", "9f4b12d07c6ea853b1d0924fe7735ac8");
    assert_eq!(command.output().unwrap().status.code(), Some(0));
}
