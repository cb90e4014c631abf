use crate::support::{SAMPLE, TestApp};
use serde_json::json;
use std::time::Duration;
use valora_origin::import::Summary;

const HEADER: &str = "product_id,name,brand,category,a_price_inr,b_price_inr\n";

/// Every time and order there is, as one number.
const EVERYTHING: &str = "SELECT SUM(updated_at_ms) + SUM(last_known_at_ms) + SUM(position) + \
         (SELECT SUM(observed_at_ms) + SUM(number) FROM observations) FROM products";

fn summary(of: Result<Summary, valora_origin::import::ImportError>) -> Summary {
    Summary { took: Duration::ZERO, ..of.unwrap() }
}

#[tokio::test]
async fn real_listings_are_brought_in_with_all_their_oddities() {
    let app = TestApp::new().await;
    let (done, report) = app.import(SAMPLE).await;
    insta::assert_snapshot!(summary(done), @"Imported 290 products from flipkart, amazon: 290 new, 0 changed, 0 unchanged; 555 observations; 0 rows rejected, 12 prices left out; 12 without any price (kept, but not offered until an import brings one); 0.000 s");
    assert_eq!(report.lines().count(), 12);
    insta::assert_snapshot!(report.lines().next().unwrap(), @"line 14: amazon_price_inr left out: must be above 0 and at most 2,000,000 rupees");
    assert_eq!(app.count("SELECT COUNT(*) FROM products WHERE brand = ''").await, 69);
}

#[tokio::test]
async fn running_it_twice_changes_nothing_at_all() {
    let app = TestApp::with_sample().await;
    let before = app.count(EVERYTHING).await;
    app.clock.advance(Duration::from_hours(1));
    let again = summary(app.import(SAMPLE).await.0);
    assert_eq!((again.new, again.changed, again.unchanged, again.observations), (0, 0, 290, 0));
    assert_eq!(app.count(EVERYTHING).await, before);
}

#[tokio::test]
async fn bad_rows_are_listed_with_line_and_reason_and_the_rest_comes_in() {
    let app = TestApp::new().await;
    let mut csv = HEADER.as_bytes().to_vec();
    for row in [
        &b"good,Good,,,10,11\n"[..],
        b",No id,,,10,11\n",
        b"a/b,Bad id,,,10,11\n",
        b"no-name,,,,10,11\n",
        b"short,Too short\n",
        b"long,Too long,,,10,11,12\n",
        b"latin,Caf\xe9,,,10,11\n",
        b"words,Words,,,ten,11\n",
        b"\"quoted\",\"Two\nlines, one \"\"name\"\"\",,,10,11\n",
        b"good,Again,,,1,1\n",
        b"dear,Dear,,,2000000.01,\n",
    ] {
        csv.extend_from_slice(row);
    }
    let (done, report) = app.import(csv).await;
    insta::assert_snapshot!(summary(done), @"Imported 4 products from a, b: 4 new, 0 changed, 0 unchanged; 5 observations; 7 rows rejected, 2 prices left out; 1 without any price (kept, but not offered until an import brings one); 0.000 s");
    insta::assert_snapshot!(report, @r"
    line 3: rejected: product_id is missing
    line 4: rejected: product_id must be 1 to 50 characters of A-Z, a-z, 0-9, '.', '_' and '-'
    line 5: rejected: name is missing
    line 6: rejected: it has 2 columns, the first line has 6
    line 7: rejected: it has 7 columns, the first line has 6
    line 8: rejected: name is not UTF-8
    line 9: a_price_inr left out: must be rupees in digits with at most 2 decimals, such as 19999 or 19999.50
    line 12: rejected: product_id good was on line 2 already
    line 13: a_price_inr left out: must be above 0 and at most 2,000,000 rupees
    ");
    assert_eq!(app.json("/api/products/good").await["last_known_paise"], 1_000);
    assert_eq!(app.json("/api/products/quoted").await["name"], "Two\nlines, one \"name\"");
}

#[tokio::test]
async fn lines_are_counted_alike_however_they_end() {
    for end in ["\n", "\r\n"] {
        let app = TestApp::new().await;
        let text = format!("{HEADER}x,X,,,5,\"9\"\n\n,Y,,,5,9\n \n");
        let (done, report) = app.import(text.replace('\n', end)).await;
        let done = summary(done);
        assert_eq!((done.new, done.rejected, done.observations), (1, 1, 2), "{end:?}");
        assert_eq!(report, "line 4: rejected: product_id is missing\n");
    }
}

#[tokio::test]
async fn a_product_without_a_price_is_offered_from_its_first_price_on() {
    let app = TestApp::new().await;
    app.import(format!("{HEADER}x,Soon,,,,0.00\n")).await.0.unwrap();
    assert_eq!(app.get("/api/products/x").await.status, 404);
    let done = summary(app.import(format!("{HEADER}x,Soon,,,5,\n")).await.0);
    assert_eq!((done.changed, done.observations, done.without_price), (1, 1, 0));
    assert_eq!(app.json("/api/products/x").await["last_known_paise"], 500);
}

#[tokio::test]
async fn a_product_taken_out_of_the_shop_is_not_brought_back() {
    let app = TestApp::new().await;
    app.import(format!("{HEADER}x,Old,,,5,\n")).await.0.unwrap();
    app.sql("UPDATE products SET is_active = FALSE WHERE product_id = 'x'").await;
    app.import(format!("{HEADER}x,New,,,4,\n")).await.0.unwrap();
    assert_eq!(app.get("/api/products/x").await.status, 404);
}

#[tokio::test]
async fn a_source_that_names_no_price_any_more_no_longer_counts() {
    let app = TestApp::new().await;
    app.import(format!("{HEADER}x,X,,,5,9\n")).await.0.unwrap();
    let done = summary(app.import(format!("{HEADER}x,X,,,,9\n")).await.0);
    assert_eq!((done.changed, done.observations), (1, 1));
    let price = app.post_price(r#"{"product_id":"x","margin_percent":0}"#).await.json();
    assert_eq!((&price["DISPLAY_PRICE"], price["FETCHED_PRICE"].as_array().unwrap().len()), (&json!(9.0), 1));
    assert_eq!(app.count("SELECT COUNT(*) FROM observations").await, 3, "what was said stays on record");
    let again = summary(app.import(format!("{HEADER}x,X,,,,9\n")).await.0);
    assert_eq!(again.unchanged, 1);
    app.import(format!("{HEADER}x,X,,,,\n")).await.0.unwrap();
    assert_eq!(
        app.json("/api/products/x").await["last_known_paise"],
        900,
        "the last known price stays known"
    );
}

#[tokio::test]
async fn sources_of_other_files_go_on_counting() {
    let app = TestApp::new().await;
    app.import("product_id,name,brand,category,a_price_inr\nx,X,,,5\n").await.0.unwrap();
    app.import("product_id,name,brand,category,b_price_inr\nx,X,,,9\n").await.0.unwrap();
    assert_eq!(app.json("/api/products/x").await["last_known_paise"], 500);
}

#[tokio::test]
async fn a_file_without_the_columns_names_all_that_it_lacks() {
    let app = TestApp::new().await;
    let error = app.import("id,name,brand,price\n1,x,y,5\n").await.0.unwrap_err();
    assert_eq!(error.to_string(), "the first line lacks product_id, category, a SOURCE_price_inr");
    assert!(app.import("").await.0.is_err());
    assert_eq!(app.count("SELECT COUNT(*) FROM products").await, 26);
}

#[tokio::test]
async fn a_quote_that_does_not_close_swallows_nothing_silently() {
    let filler = "x,X,,,1,1\n".repeat(60);
    for (rows, line) in [
        ("good,Good,,,10,11\nopen,\"Open,,,10,11\nlost,Lost,,,10,11\n".to_owned(), 3),
        (format!("open,\"Open,,,10,11\n{filler}far,Far\",,,10,11\n"), 2),
    ] {
        let app = TestApp::new().await;
        let (done, _) = app.import(format!("{HEADER}{rows}").into_bytes()).await;
        let refusal = done.unwrap_err().to_string();
        assert!(refusal.starts_with(&format!("line {line}: a quote opens here")), "{refusal}");
        assert_eq!(app.count("SELECT COUNT(*) FROM products WHERE product_id = 'good'").await, 0);
    }
}
