//! The program itself: exit codes, signals, a busy port.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

fn program(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_valora-origin"));
    command
        .current_dir(directory)
        .env("BIND_ADDRESS", "127.0.0.1:0")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A server and the address it listens on.
fn serve(directory: &Path) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut child = program(directory).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let listening: serde_json::Value = serde_json::from_str(&line).unwrap();
    (child, lines, listening["address"].as_str().unwrap().to_owned())
}

#[test]
fn faulty_settings_are_all_told_and_end_with_64() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [&["config", "check"][..], &["serve"], &[], &["import", "x.csv"]] {
        let mut command = program(directory.path());
        command.args(arguments).env("DATABASE_URL", "mysql://x").env("LOG_LEVEL", "loud");
        let (code, _, stderr) = run(&mut command);
        assert_eq!(code, Some(64), "{arguments:?}");
        assert!(stderr.contains("DATABASE_URL: ") && stderr.contains("LOG_LEVEL: "), "{stderr}");
    }
    assert_eq!(run(program(directory.path()).args(["config", "check"])).0, Some(0));
}

#[test]
fn a_dotenv_file_is_read() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(".env"), "MAX_REQUEST_SIZE=little\n").unwrap();
    let (code, _, stderr) = run(program(directory.path()).args(["config", "check"]));
    assert_eq!(code, Some(64));
    assert!(stderr.contains("MAX_REQUEST_SIZE: \"little\""), "{stderr}");
}

#[test]
fn an_import_says_what_it_did_and_a_missing_file_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(program(directory.path()).args(["import", "absent.csv"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("cannot read absent.csv"), "{stderr}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"product_id,name,brand,category,a_price_inr\nx,X,,,5\n,,,,\n").unwrap();
    std::fs::write(directory.path().join("list.csv.gz"), gzip.finish().unwrap()).unwrap();
    let (code, stdout, stderr) = run(program(directory.path()).args(["import", "list.csv.gz"]));
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("Imported 1 products from a: 1 new"), "{stdout}");
    assert!(stderr.contains("line 3: rejected: product_id is missing; name is missing"), "{stderr}");
}

#[test]
fn a_busy_port_is_told_by_its_variable() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, stderr) = run(program(directory.path()).env("BIND_ADDRESS", &address));
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&address) && stderr.contains("BIND_ADDRESS"), "{stderr}");
}

#[test]
fn sigterm_lets_the_request_under_way_end() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, mut lines, address) = serve(directory.path());
    let mut connection = TcpStream::connect(&address).unwrap();
    let body = br#"{"product_id":"1"}"#;
    let head =
        "POST /api/price HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n";
    write!(connection, "{head}content-length: {}\r\n\r\n", body.len()).unwrap();
    // The server has taken the request when it answers another one that was sent after it.
    let mut other = TcpStream::connect(&address).unwrap();
    other.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    other.read_to_end(&mut Vec::new()).unwrap();
    let killed = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let mut line = String::new();
    while !line.contains("stopping") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it must say that it stops");
    }
    let is_closed = |_| {
        std::thread::sleep(Duration::from_millis(20));
        TcpStream::connect(&address).is_err()
    };
    assert!((0..100).any(is_closed), "no new connections");
    connection.write_all(body).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_log_line_is_json_with_the_ids_and_nothing_of_the_query() {
    let directory = tempfile::tempdir().unwrap();
    let (mut child, lines, address) = serve(directory.path());
    let mut connection = TcpStream::connect(&address).unwrap();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    write!(
        connection,
        "GET /api/products/1?token=hunter2 HTTP/1.1\r\nhost: x\r\nx-correlation-id: checkout.42\r\n\
         traceparent: 00-{trace}-00f067aa0ba902b7-01\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    connection.read_to_end(&mut Vec::new()).unwrap();
    // Lines of the scheduler may stand before it.
    let line = lines.lines().map(Result::unwrap).find(|line| line.contains("/api/products/{id}")).unwrap();
    assert!(!line.contains("hunter2") && !line.contains("127.0.0.1"), "{line}");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let field = |name: &str| line[name].as_str().unwrap_or("none").to_owned();
    assert_eq!(field("correlation_id"), "checkout.42");
    assert_eq!(field("trace_id"), trace);
    assert_eq!((field("method"), field("route")), ("GET".to_owned(), "/api/products/{id}".to_owned()));
    assert_eq!((&line["status"], field("level")), (&serde_json::json!(200), "INFO".to_owned()));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn refused_events_are_listed_sent_again_and_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let events = |arguments: &[&str]| run(program(directory.path()).arg("events").args(arguments));
    assert_eq!(events(&["list"]), (Some(0), String::new(), String::new()));
    assert_eq!(run(program(directory.path()).args(["key", "create"])).0, Some(0));
    let (_, pending, _) = events(&["list"]);
    assert!(pending.contains("\taudit\tproduct -\t") && pending.contains("\t0 attempts\t-"), "{pending}");
    let id = pending.split('\t').next().unwrap();
    let (code, _, stderr) = events(&["retry", id]);
    assert!(code == Some(1) && stderr.contains(&format!("there is no refused event {id}")), "{stderr}");
    assert_eq!(events(&["retry", "--all"]).1, "0 events are pending again.\n");
    assert_eq!(events(&["drop", id]).1, "Dropped 1 events.\n");
    let (code, _, stderr) = events(&["drop", id]);
    assert!(code == Some(1) && stderr.contains("there is no event"), "{stderr}");
    assert_eq!(events(&["drop"]).0, Some(2), "which one?");
    let refuse = "UPDATE events SET state = 'refused', error = 'no such room'";
    refused(directory.path(), refuse);
    let (_, listed, _) = events(&["list", "--state", "refused", "--limit", "1"]);
    assert!(listed.lines().count() == 1 && listed.contains("\tno such room"), "{listed}");
    assert_eq!(events(&["retry", "--all"]).1, "2 events are pending again.\n");
    refused(directory.path(), refuse);
    assert_eq!(events(&["drop", "--all"]).1, "Dropped 3 events.\n");
}

/// As the edge's refusal does.
#[tokio::main(flavor = "current_thread")]
async fn refused(directory: &Path, sql: &'static str) {
    use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename(directory.join("valora.db"));
    sqlx::raw_sql(sql).execute(&mut options.connect().await.unwrap()).await.unwrap();
}
