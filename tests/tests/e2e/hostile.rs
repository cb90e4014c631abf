//! Bytes that no well-behaved client sends. Whatever they are: an answer, never a hang, never a 500 of ours, and the
//! next request is served.
//!
//! What is no request at all does not reach the Worker: workerd refuses it in plain text, by its own choice with 500
//! where Host or target are no URL. Cloudflare's front door stands before that in production.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use valora_tests::assertions::{HeaderSet, problem};
use valora_tests::client::{Answer, Client};

use crate::harness::Test;
use crate::systems;

/// A hang is told from an answer by this.
const SOON: Duration = Duration::from_secs(10);

pub(crate) fn trials() -> Vec<Test> {
    trials![
        header_bytes_that_are_no_text_change_nothing,
        a_hundred_kilobytes_of_headers_get_an_answer,
        doubled_and_contradicting_fields_get_an_answer,
        targets_of_every_form_get_an_answer,
        paths_that_are_no_text_get_an_answer,
        a_client_that_leaves_in_the_middle_harms_nobody,
    ]
}

/// Sends bytes, wants an answer that is no fault of ours, and then a served request.
#[track_caller]
fn survives(edge: &Client, what: &str, bytes: &[u8]) -> Result<Answer> {
    let begin = Instant::now();
    let answer = edge.send_raw(bytes).with_context(|| format!("{what}: no answer"))?;
    ensure!(begin.elapsed() < SOON, "{what}: answered after {:?}", begin.elapsed());
    let is_well = matches!(answer.status, 200..500) || is_workerd_s_own(&answer);
    ensure!(is_well, "{what}: {}", answer.shown());
    still_serves(edge).with_context(|| format!("after {what}"))?;
    Ok(answer)
}

/// Known by what it lacks: everything of ours has security headers, the answer for a lost instance too.
fn is_workerd_s_own(answer: &Answer) -> bool {
    let text = answer.text();
    answer.header("x-content-type-options").is_none()
        && (text == "Internal Server Error" || text.starts_with("ERROR: "))
}

fn still_serves(edge: &Client) -> Result<()> {
    let answer = edge.get("/api/products?test=hostile")?;
    ensure!(answer.status == 200, "{}", answer.shown());
    Ok(())
}

fn header_bytes_that_are_no_text_change_nothing() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    for name in
        ["x-a", "x-correlation-id", "origin", "accept", "accept-language", "traceparent", "authorization"]
    {
        for value in [&b"\xff\xfe\x80"[..], b"\xc3\x28", b"\xf0\x9f\x98\x80"] {
            for target in ["/api/products?test=bytes-in-headers", "/api/price/none-such", "/nowhere"] {
                let request = [
                    format!("GET {target} HTTP/1.1\r\nhost: a\r\n{name}: ").as_bytes(),
                    value,
                    b"\r\nconnection: close\r\n\r\n",
                ]
                .concat();
                let answer = survives(&edge, &format!("{name}: {value:?} on {target}"), &request)?;
                let expected = if target.starts_with("/api/products") { 200 } else { 404 };
                ensure!(answer.status == expected, "{name}: {value:?}: {}", answer.shown());
                ensure!(answer.header("x-content-type-options") == Some("nosniff"), "{}", answer.shown());
            }
        }
    }
    Ok(())
}

fn a_hundred_kilobytes_of_headers_get_an_answer() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let many: Vec<String> = (0..1_000).map(|n| format!("x-{n}: {}\r\n", "v".repeat(90))).collect();
    // A cached route needs none of them; elsewhere they are passed on, and the origin takes at most a hundred.
    for (headers, passed_on) in [(format!("x-a: {}\r\n", "v".repeat(100_000)), 404), (many.concat(), 431)] {
        for (target, expected) in [("/api/products?test=many", 200), ("/nowhere", passed_on)] {
            let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
            let answer = survives(&edge, target, request.as_bytes())?;
            ensure!(answer.status == expected, "{target}: {}", answer.shown());
            ensure!(answer.header("x-content-type-options") == Some("nosniff"), "{}", answer.shown());
        }
    }
    Ok(())
}

fn doubled_and_contradicting_fields_get_an_answer() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let get = |fields: &str| {
        format!("GET /api/products?test=doubled HTTP/1.1\r\n{fields}connection: close\r\n\r\n")
    };
    survives(&edge, "two hosts", get("host: a\r\nhost: b\r\n").as_bytes())?;
    survives(&edge, "no host", get("").as_bytes())?;
    survives(&edge, "an empty host", get("host:\r\n").as_bytes())?;
    survives(&edge, "a host that is none", get("host: a b/c?d#e@f:g\r\n").as_bytes())?;
    survives(
        &edge,
        "two origins",
        get("host: a\r\norigin: http://localhost:5173\r\norigin: http://x\r\n").as_bytes(),
    )?;
    let post = |fields: &str, body: &str| {
        let head =
            "POST /api/price HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nconnection: close\r\n";
        format!("{head}{fields}\r\n{body}")
    };
    let body = r#"{"product_id":"none-such"}"#;
    for (what, fields) in [
        ("two lengths", "content-length: 26\r\ncontent-length: 27\r\n"),
        ("the same length twice", "content-length: 26\r\ncontent-length: 26\r\n"),
        ("length and chunks", "content-length: 26\r\ntransfer-encoding: chunked\r\n"),
        ("a negative length", "content-length: -1\r\n"),
        ("a huge length", "content-length: 99999999999999999999\r\n"),
        ("an unknown coding", "transfer-encoding: gzip\r\n"),
        ("a wrong charset", "content-length: 26\r\ncontent-encoding: br\r\n"),
    ] {
        let text =
            if fields.contains("chunked") { format!("1a\r\n{body}\r\n0\r\n\r\n") } else { body.to_owned() };
        survives(&edge, what, post(fields, &text).as_bytes())?;
    }
    Ok(())
}

fn targets_of_every_form_get_an_answer() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    survives(&edge, "absolute form", get("http://other.example/api/products?test=form").as_bytes())?;
    for target in [
        "*",
        "api/products",
        "//api/products",
        "/api//products",
        "/api/products/../health",
        "/api/./products",
        "/api/products;x=1",
        "/api/products?",
        "/api/products?&&&=&=x",
        "/?a=http://b/api/products",
        "other.example:443",
    ] {
        survives(&edge, target, get(target).as_bytes())?;
    }
    survives(&edge, "HTTP/1.0", b"GET /api/products HTTP/1.0\r\n\r\n")?;
    survives(
        &edge,
        "an unknown method",
        b"BREW /api/products HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    )?;
    survives(&edge, "no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")?;
    survives(&edge, "a long target", get(&format!("/api/products?x={}", "y".repeat(40_000))).as_bytes())?;
    Ok(())
}

fn paths_that_are_no_text_get_an_answer() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    for segment in ["%", "%zz", "%ff", "%c3%28", "%00", "%2e%2e%2f", "%0d%0ax-evil:%201", "%F0%9F%98%80"] {
        for target in [format!("/api/products/{segment}"), format!("/api/products?category={segment}")] {
            let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let answer = survives(&edge, &target, request.as_bytes())?;
            ensure!(answer.header("x-evil").is_none(), "{target} made a header");
        }
    }
    // Not even a lower layer's own answer may be given for what can be told by ours.
    let answer = edge.get("/api/products/%ff")?;
    problem(&answer, 400, "BadRequest", &HeaderSet::problem_passed().looked_up().with("x-cache", "MISS"))?;
    survives(&edge, "a raw NUL", b"GET /api/\0products HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
    survives(&edge, "raw bytes", b"GET /api/\xff\xfe HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")?;
    Ok(())
}

fn a_client_that_leaves_in_the_middle_harms_nobody() -> Result<()> {
    let edge = systems::shop()?.edge()?;
    for part in [
        "GET /api/prod",
        "GET /api/products?test=left HTTP/1.1\r\nhost: a\r\n\r\n",
        "POST /api/price HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{",
    ] {
        edge.connect()?.write_all(part.as_bytes())?;
        still_serves(&edge)?;
    }
    // One that never goes on blocks only itself.
    let mut waiting = edge.connect()?;
    waiting.write_all(b"GET /api/products HTTP/1.1\r\nhost: a\r\nx-a: ")?;
    still_serves(&edge)?;
    waiting.write_all(b"b\r\nconnection: close\r\n\r\n")?;
    let mut start = [0; 12];
    waiting.read_exact(&mut start)?;
    ensure!(&start == b"HTTP/1.1 200", "{}", String::from_utf8_lossy(&start));
    Ok(())
}
