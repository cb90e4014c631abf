use crate::{shop::Shop, support::TestApp};
use serde_json::json;
use std::time::Duration;
use valora_origin::sources::{Failure, Said};

async fn ask(app: &TestApp, source: &str) -> Result<i64, String> {
    let product = app.product("1").await;
    match app.state.sources.get(source).unwrap().ask(&product, None).await {
        Ok(Said::Price(paise, _)) => Ok(paise.0),
        Ok(other) => Err(format!("{other:?}")),
        Err(failure) => Err(failure.to_string()),
    }
}

#[tokio::test]
async fn every_misbehaviour_of_a_source_is_told_and_takes_no_longer_than_its_timeout() {
    let shop = Shop::open().await;
    let ways = [
        ("slow", "no whole answer within 300 ms"),
        ("broken", "answered with status 500"),
        ("endless", "the body is longer than 4194304 bytes"),
        ("declared", "the body is longer than 4194304 bytes"),
        ("none", "answered with status 404"),
    ];
    let mut file: String = ways
        .iter()
        .map(|(way, _)| {
            let timeout = if *way == "slow" { 300 } else { 10_000 };
            let rest = format!("kind = \"http-json\"\npointer = \"/p\"\ntimeout_ms = {timeout}");
            shop.source(way, &format!("{way}/{{product_id}}"), &rest)
        })
        .collect();
    file += &shop.json("half", "half/{product_id}");
    file += &shop.html("latin", "latin/{product_id}");
    file += &shop.html("tags", "tags/{product_id}");
    file += &shop.html("rating", "rating/{product_id}");
    file += &shop.html("page", "page/{product_id}");
    file += &shop.json("foreign", "foreign/{product_id}");
    let app = TestApp::with_sources(&file, &[]).await;
    for (way, told) in ways {
        assert_eq!(ask(&app, way).await, Err(told.to_owned()), "{way}");
    }
    assert!(ask(&app, "half").await.unwrap_err().starts_with("cannot be reached: "));
    assert_eq!(ask(&app, "latin").await, Err("the text there is no single amount in rupees".to_owned()));
    assert_eq!(ask(&app, "tags").await, Err("there is nothing at .price".to_owned()));
    assert_eq!(ask(&app, "rating").await, Err("the text there is outside 50 to 2000000 rupees".to_owned()));
    assert_eq!(ask(&app, "page").await, Ok(19_999_900));
    assert_eq!(ask(&app, "foreign").await, Ok(199_900));
    assert_eq!(app.state.sources.get("broken").unwrap().counts.get(), [1, 0, 0, 1]);
}

#[tokio::test]
async fn private_addresses_are_refused_behind_names_literals_and_redirects() {
    let shop = Shop::open().await;
    let private = Shop::at("127.0.0.2:0").await;
    let port = private.address.port();
    let redirects = [
        format!("http://127.0.0.2:{port}/json"),
        format!("http://[::ffff:127.0.0.2]:{port}/json"),
        format!("http://2130706434:{port}/json"),
        format!("http://0x7f.2:{port}/json"),
        format!("//127.0.0.2:{port}/json"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        format!("http://private.test:{port}/json"),
        format!("http://mixed.test:{port}/json"),
    ];
    let mut file = String::new();
    for (number, to) in redirects.iter().enumerate() {
        file += &shop.json(&format!("redirect-{number}"), &format!("to/{{product_id}}?{to}"));
    }
    let source = |name: &str, host: &str| {
        shop.json(name, "json/{product_id}").replace(&format!("shop.test:{}", shop.address.port()), host)
    };
    file += &source("name", "private.test");
    file += &source("mixed", "mixed.test");
    file += &source("literal", &format!("127.0.0.2:{port}"));
    file += &source("hexadecimal", &format!("0x7f000002:{port}"));
    file += &shop.json("loop", "to/{product_id}?/to/1?/to/1");
    file += &shop.json("scheme", "to/{product_id}?file:///etc/passwd");
    let app = TestApp::with_sources(&file, &[]).await;
    let names = (0..redirects.len()).map(|number| format!("redirect-{number}"));
    for name in names.chain(["name", "mixed", "literal", "hexadecimal"].map(str::to_owned)) {
        let told = ask(&app, &name).await.unwrap_err();
        assert!(told.contains("is not a public address"), "{name}: {told}");
    }
    for name in ["loop", "scheme"] {
        assert_eq!(ask(&app, name).await, Err(Failure::Redirect.to_string()), "{name}");
    }
    assert_eq!(private.requests(), Vec::<String>::new(), "nobody connected");
}

#[tokio::test]
async fn a_redirect_is_followed_and_takes_no_secret_to_another_host() {
    let (shop, other) = (Shop::open().await, Shop::open().await);
    let to =
        |to: &str| shop.json("s", &format!("to/{{product_id}}?{to}")) + "headers = { X-Key = \"env:KEY\" }\n";
    let away = format!("http://127.0.0.1:{}/json", other.address.port());
    let app = TestApp::with_sources(&to(&away), &[("KEY", "hunter2")]).await;
    assert_eq!(ask(&app, "s").await, Ok(1_939_903));
    assert!(shop.requests()[0].contains("x-key: hunter2"));
    assert!(!other.requests()[0].contains("hunter2"), "{:?}", other.requests());
    let app = TestApp::with_sources(&to("/json"), &[("KEY", "hunter2")]).await;
    assert_eq!(ask(&app, "s").await, Ok(1_939_903));
    assert!(shop.requests()[2].contains("x-key: hunter2"), "the same host");
}

#[tokio::test]
async fn a_request_for_a_price_asks_the_sources_and_what_fails_is_left_out() {
    let shop = Shop::open().await;
    let file = shop.json("good", "json/{product_id}?b={brand}") + &shop.json("bad", "broken/{product_id}");
    let app = TestApp::with_sources(&(file + "shipping_paise = 100\n"), &[]).await;
    let price = app.post_price(r#"{"product_id":"1","margin_percent":0}"#).await.json();
    assert_eq!(price["DISPLAY_PRICE"], json!(19399.03));
    insta::assert_snapshot!(price["FETCHED_PRICE"], @r#"[{"adapter":"good","confidence":0.95,"paise":1939903,"raw":{"kind":"http-json","observed_at":"2026-09-21T14:13:20Z"},"rupees":19399.03}]"#);
    assert_eq!(shop.requests().len(), 2);
    shop.sells_for("18000");
    app.clock.advance(Duration::from_millis(9_999));
    let replica = app.replica(&[]).await;
    let id = valora_shared::id::ProductId::parse("1").unwrap();
    valora_origin::asking::for_request(&replica, &id).await.unwrap();
    app.post_price(r#"{"product_id":"1"}"#).await;
    assert_eq!(shop.requests().len(), 2, "once in ten seconds, whichever replica");
    app.clock.advance(Duration::from_millis(1));
    let price = app.post_price(r#"{"product_id":"1","margin_percent":0}"#).await.json();
    assert_eq!(price["DISPLAY_PRICE"], json!(18000.0));
    assert_eq!(shop.requests().len(), 3, "the bad one is left alone for a minute");
    app.clock.advance(Duration::from_mins(1));
    app.post_price(r#"{"product_id":"1"}"#).await;
    assert_eq!(shop.requests().len(), 5);
    assert_eq!(app.count("SELECT COUNT(*) FROM observations WHERE source = 'good'").await, 3);
    assert_eq!(app.count("SELECT failures FROM source_states WHERE source = 'bad'").await, 2);
}

#[tokio::test]
async fn twenty_requests_at_once_ask_once() {
    let shop = Shop::open().await;
    let app = TestApp::with_sources(&shop.json("s", "json/{product_id}"), &[]).await;
    let all: Vec<_> = (0..20).map(|_| app.post_price(r#"{"product_id":"1"}"#)).collect();
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(shop.requests().len(), 1);
}

#[tokio::test]
async fn what_is_unchanged_is_asked_with_a_condition_and_stays_fresh() {
    let shop = Shop::open().await;
    let app = TestApp::with_sources(&shop.json("s", "etag/{product_id}"), &[]).await;
    app.post_price(r#"{"product_id":"1"}"#).await;
    app.clock.advance(Duration::from_hours(23));
    app.post_price(r#"{"product_id":"1"}"#).await;
    app.clock.advance(Duration::from_hours(23));
    let price = app.json("/api/price/1").await;
    assert_eq!(price["FETCHED_PRICE"][0]["paise"], 1_939_903, "seen 23 hours ago, not 46");
    assert!(!shop.requests()[0].contains("if-none-match"));
    assert!(shop.requests()[1].contains("if-none-match: \"v1\""));
    assert_eq!(app.state.sources.get("s").unwrap().counts.get(), [2, 1, 1, 0]);
}

#[tokio::test]
async fn a_host_gets_no_more_requests_at_once_than_its_sources_allow() {
    let shop = Shop::open().await;
    let slow = |name: &str, concurrency: usize| {
        let rest =
            format!("kind = \"http-json\"\npointer = \"/p\"\ntimeout_ms = 400\nconcurrency = {concurrency}");
        shop.source(name, "slow/{product_id}", &rest)
    };
    let app = TestApp::with_sources(&(slow("a", 1) + &slow("b", 5)), &[]).await;
    let both = futures_util::future::join(ask(&app, "a"), ask(&app, "b"));
    let third = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        shop.requests().len()
    };
    let (_, under_way) = futures_util::future::join(both, third).await;
    assert_eq!((under_way, shop.requests().len()), (1, 2));
}

#[tokio::test]
async fn a_price_list_counts_until_it_says_something_else() {
    let list = "[[source]]\nname = \"list\"\nkind = \"csv\"\nfile = \"prices.csv\"\nprice_column = \"mrp\"\n";
    let app = TestApp::with_sources(list, &[]).await;
    let path = app.database().with_file_name("prices.csv");
    std::fs::write(&path, "product_id,mrp\n1,\"₹18,000\"\n").unwrap();
    let post = || async {
        app.clock.advance(Duration::from_mins(2));
        app.post_price(r#"{"product_id":"1"}"#).await.json()["DISPLAY_PRICE"].clone()
    };
    assert_eq!(post().await, json!(17460.0));
    app.clock.advance(Duration::from_hours(1_000));
    assert_eq!(post().await, json!(17460.0));
    assert_eq!(app.count("SELECT COUNT(*) FROM observations").await, 1, "said once");
    std::fs::write(&path, "product_id,mrp\n2,5\n").unwrap();
    assert_eq!(post().await, json!(17460.0), "the last known price stands in");
    assert_eq!(app.count("SELECT COUNT(*) FROM observations WHERE paise IS NULL").await, 1);
}

#[test]
fn the_program_checks_a_file_and_asks_its_sources() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("bad.toml"), "[[source]]\nname = \"a\"\nkind = \"soap\"\n").unwrap();
    let run = |arguments: &[&str], file: &str| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_valora-origin"));
        let output =
            program.current_dir(directory.path()).args(arguments).env("SOURCES_FILE", file).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, _, stderr) = run(&["config", "check"], "bad.toml");
    assert_eq!(code, Some(64));
    assert!(
        stderr.contains("SOURCES_FILE: bad.toml: line 1 (source \"a\"): kind \"soap\" is none of"),
        "{stderr}"
    );
    assert!(run(&["config", "check"], "absent.toml").2.contains("SOURCES_FILE: absent.toml: No such file"));
    std::fs::write(directory.path().join("prices.csv"), "product_id,price_inr\n1,18000\n").unwrap();
    let good = "[[source]]\nname = \"list\"\nkind = \"csv\"\nfile = \"prices.csv\"\n[[source]]\nname = \"here\"\n\
                kind = \"http-json\"\nurl = \"http://localhost:9/{product_id}\"\npointer = \"/p\"\nconfidence = 1\n";
    std::fs::write(directory.path().join("good.toml"), good).unwrap();
    let (code, stdout, stderr) = run(&["sources", "check", "1"], "good.toml");
    assert_eq!((code, stderr.as_str()), (Some(1), "valora-origin: 1 of the sources failed\n"));
    assert!(stdout.contains("list (csv) prices.csv\n    ₹18000.00 with shipping"), "{stdout}");
    assert!(stdout.contains("here (http-json) http://localhost:9/1\n    failed: "), "{stdout}");
    assert!(stdout.contains("is not a public address"), "{stdout}");
    let (code, _, stderr) = run(&["sources", "check", "nobody"], "good.toml");
    assert_eq!((code, stderr.as_str()), (Some(1), "valora-origin: there is no product nobody\n"));
}
