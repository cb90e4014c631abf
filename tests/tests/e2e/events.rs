//! Deliveries of events: signed by the origin, in time and once, or nothing.

use anyhow::{Result, ensure};
use serde_json::Value;
use valora_shared::trust::Profile;
use valora_tests::assertions::{HeaderSet, problem};
use valora_tests::client::Answer;
use valora_tests::deliveries::{Deliveries, Delivery, audit_entry, event_id, revocation};
use valora_tests::running::Running;

use crate::audit::{bearer, records};
use crate::harness::Test;

pub(crate) fn trials() -> Vec<Test> {
    trials![
        a_delivery_is_taken_once_and_told_what_became_of_each_event,
        what_the_origin_has_not_signed_is_refused_and_changes_nothing,
        what_is_no_delivery_is_refused_whole,
    ]
}

fn ids(receipt: &Value, list: &str) -> Vec<String> {
    let list = receipt[list].as_array().cloned().unwrap_or_default();
    let id = |event: &Value| event["id"].as_str().or(event.as_str()).unwrap_or_default().to_owned();
    list.iter().map(id).collect()
}

fn a_delivery_is_taken_once_and_told_what_became_of_each_event() -> Result<()> {
    let system = Running::start(|options| options)?;
    let to_edge = Deliveries::to(&system, 0)?;
    let events = [
        format!(r#"{{"id":"{}","kind":"purge","tags":["products"],"mode":"hard"}}"#, event_id(1)),
        format!(r#"{{"id":"{}","kind":"teleport"}}"#, event_id(2)),
        audit_entry(3, "user:3"),
        revocation(4, "key:9")?,
    ];
    let first = to_edge.of(&events)?.send()?;
    ensure!(first.status == 200, "{}", first.shown());
    let receipt = first.json()?;
    ensure!(ids(&receipt, "done") == [event_id(1), event_id(3), event_id(4)], "{receipt}");
    ensure!(ids(&receipt, "refused") == [event_id(2)], "{receipt}");
    // They begin at the milliseconds of the Hub's first call, and each purge is one more.
    let begun = receipt["epoch"].as_u64().unwrap_or_default();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_millis();
    ensure!((1_700_000_000_000..=now + 1).contains(&u128::from(begun)), "{receipt}");

    // At least once: the same events under another nonce are taken again, and the audit has them once.
    let again = to_edge.of(&events)?.send()?;
    ensure!(again.status == 200 && ids(&again.json()?, "done").len() == 3, "{}", again.shown());
    let audit = records(&system, "")?;
    ensure!(audit.iter().filter(|record| record["who"] == "user:3").count() == 1, "{audit:?}");
    ensure!(system.edge_log().contains(r#""message":"delivery""#), "a delivery has its line");
    Ok(())
}

fn refused(answer: &Answer, name: &str) -> Result<()> {
    problem(answer, 401, name, &HeaderSet::unauthorized_at_edge())
}

fn what_the_origin_has_not_signed_is_refused_and_changes_nothing() -> Result<()> {
    let system = Running::start(|options| options)?;
    let to_edge = Deliveries::to(&system, 0)?;
    let edge = system.edge()?;
    let delivery = |number: u32| Delivery::of(&[audit_entry(number, "user:666")]);
    refused(&edge.post_json("/internal/v1/events", delivery(1)?.body)?, "Unauthorized")?;
    let old = Delivery { created: delivery(2)?.created - 120, ..delivery(2)? };
    refused(&to_edge.signed(&old)?.send()?, "Unauthorized")?;
    let turned_round = Delivery { profile: Profile::EdgeToOrigin, ..delivery(3)? };
    refused(&to_edge.signed(&turned_round)?.send()?, "Unauthorized")?;
    let other_body = to_edge.signed(&delivery(4)?)?.body(delivery(5)?.body);
    refused(&other_body.send()?, "Unauthorized")?;
    let other_secret = Running::start(|options| options)?;
    let not_ours = Deliveries::to(&other_secret, 0)?.signed(&delivery(6)?)?;
    refused(&not_ours.to(&edge).send()?, "Unauthorized")?;
    for part in ["\"content-digest\"", "\"x-correlation-id\" ", ";alg=\"hmac-sha256\""] {
        let without =
            to_edge.signed(&delivery(7)?)?.changed("signature-input", |text| text.replace(part, ""));
        refused(&without.send()?, "Unauthorized")?;
    }
    ensure!(!records(&system, "")?.iter().any(|record| record["who"] == "user:666"));

    let once = to_edge.signed(&delivery(8)?)?;
    ensure!(once.send()?.status == 200);
    refused(&once.send()?, "SignatureReplayed")?;
    let count = records(&system, "")?.iter().filter(|record| record["who"] == "user:666").count();
    ensure!(count == 1, "{count}");
    Ok(())
}

fn what_is_no_delivery_is_refused_whole() -> Result<()> {
    let system = crate::systems::shop()?;
    let to_edge = Deliveries::to(&system, 0)?;
    let edge = system.edge()?;
    let many: Vec<String> = (0..501).map(|number| audit_entry(number, "user:501")).collect();
    let nonsense = Delivery { body: "nonsense".to_owned(), ..Delivery::of(&[])? };
    for request in [to_edge.of(&many)?, to_edge.signed(&nonsense)?] {
        let answer = request.send()?;
        ensure!(answer.status == 400, "{}", answer.shown());
    }
    let long = Delivery { body: " ".repeat((1 << 20) + 1), ..Delivery::of(&[])? };
    ensure!(to_edge.signed(&long)?.send()?.status == 413);
    let got = edge.get("/internal/v1/events")?;
    ensure!(got.status == 405 && got.header("allow") == Some("POST"), "{}", got.shown());
    for path in ["/internal", "/internal/v1", "/internal/v1/events/", "/internal/v2/events"] {
        problem(&edge.get(path)?, 404, "RouteNotFound", &HeaderSet::problem())?;
    }
    let token = bearer(&system)?;
    let read = edge.request("GET", "/api/admin/audit").header("authorization", &token).send()?;
    ensure!(!read.text().contains("user:501"));
    Ok(())
}
