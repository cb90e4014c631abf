use super::*;

const NOW: i64 = 1_790_000_000_000;

fn at(ms: i64) -> UnixMillis {
    UnixMillis(NOW + ms)
}

fn call(epoch: u64) -> Call {
    Call { epoch, timeout_ms: 10_000 }
}

fn language(value: &str) -> Vec<(String, String)> {
    vec![("accept-language".to_owned(), value.to_owned())]
}

fn admit(desk: &mut Desk, epoch: u64, ms: i64) -> Verdict {
    // As the object does: nothing is carried over but the text.
    *desk = Desk::parse(&desk.to_text());
    desk.admit(call(epoch), Fields(&[]), at(ms))
}

#[test]
fn one_leads_the_others_wait_and_latecomers_get_what_is_kept_for_five_seconds() {
    let mut desk = Desk::default();
    assert_eq!(admit(&mut desk, 3, 0), Verdict::Lead(1));
    assert_eq!(admit(&mut desk, 3, 10), Verdict::Wait(1, 2_000));
    desk.land(1, Vec::new(), Fields(&[]), at(100));
    assert_eq!(admit(&mut desk, 3, 5_099), Verdict::Kept(1));
    assert_eq!(admit(&mut desk, 3, 5_100), Verdict::Lead(2));
    assert_eq!(desk.kept(), None, "its body may go");
}

#[test]
fn who_has_little_time_keeps_half_of_it_for_a_fetch_of_its_own() {
    let mut desk = Desk::default();
    let call = Call { epoch: 0, timeout_ms: 3_000 };
    assert_eq!(desk.admit(call, Fields(&[]), at(0)), Verdict::Lead(1));
    assert_eq!(desk.admit(call, Fields(&[]), at(0)), Verdict::Wait(1, 1_500));
}

#[test]
fn an_answer_of_an_older_epoch_is_given_to_nobody_who_needs_a_newer_one() {
    let mut desk = Desk::default();
    assert_eq!(admit(&mut desk, 3, 0), Verdict::Lead(1));
    assert_eq!(admit(&mut desk, 4, 10), Verdict::Lead(2));
    assert_eq!(admit(&mut desk, 4, 20), Verdict::Wait(2, 2_000));
    assert_eq!(admit(&mut desk, 3, 20), Verdict::Wait(2, 2_000), "the newest serves all");
    desk.land(2, Vec::new(), Fields(&[]), at(50));
    desk.land(1, Vec::new(), Fields(&[]), at(60));
    assert_eq!(
        admit(&mut desk, 4, 70),
        Verdict::Kept(2),
        "the older one, landing later, does not replace it"
    );
    assert_eq!(admit(&mut desk, 5, 80), Verdict::Lead(3));
}

#[test]
fn an_answer_that_may_not_be_shared_sends_everybody_directly_for_five_seconds() {
    let mut desk = Desk::default();
    assert_eq!(admit(&mut desk, 0, 0), Verdict::Lead(1));
    desk.land_alone(1, at(100));
    assert_eq!(admit(&mut desk, 0, 5_099), Verdict::Direct);
    assert_eq!(admit(&mut desk, 0, 5_100), Verdict::Lead(2));
}

#[test]
fn a_failure_is_over_at_once_and_the_dead_are_forgotten_after_their_time() {
    let mut desk = Desk::default();
    assert_eq!(admit(&mut desk, 0, 0), Verdict::Lead(1));
    desk.fail(1);
    assert_eq!(admit(&mut desk, 0, 1), Verdict::Lead(2));
    assert_eq!(admit(&mut desk, 0, 11_000), Verdict::Wait(2, 2_000));
    assert_eq!(admit(&mut desk, 0, 11_001), Verdict::Lead(3));
    desk.land(2, Vec::new(), Fields(&[]), at(11_002));
    assert_eq!(desk.kept(), None, "nobody knows its epoch any more");
}

#[test]
fn variants_are_told_apart_once_it_is_known_by_what() {
    let mut desk = Desk::default();
    let (en, hi) = (language("en"), language("hi"));
    assert_eq!(desk.admit(call(0), Fields(&en), at(0)), Verdict::Lead(1));
    assert_eq!(desk.admit(call(0), Fields(&hi), at(0)), Verdict::Wait(1, 2_000));
    desk.land(1, vec!["accept-language".to_owned()], Fields(&en), at(10));
    assert_eq!(desk.admit(call(0), Fields(&en), at(20)), Verdict::Kept(1));
    assert_eq!(desk.admit(call(0), Fields(&hi), at(20)), Verdict::Lead(2));
    assert_eq!(desk.admit(call(0), Fields(&hi), at(30)), Verdict::Wait(2, 2_000));
}

#[test]
fn no_client_makes_it_hold_more_than_a_few() {
    let mut desk = Desk::default();
    let verdicts: Vec<Verdict> = (0..100)
        .map(|n| {
            let asked = [("if-none-match".to_owned(), format!("\"{n}\""))];
            desk.admit(call(0), Fields(&asked), at(0))
        })
        .collect();
    assert_eq!(verdicts.iter().filter(|verdict| **verdict != Verdict::Direct).count(), MAX_UNDER_WAY);
    assert!(desk.to_text().len() < 1_000);
}
