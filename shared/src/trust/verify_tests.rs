use super::*;
use crate::{
    config::Setting,
    id::CorrelationId,
    trust::{Client, SharedSecret, Signed, sign},
};
use proptest::prelude::*;

const NOW: i64 = 1_790_000_000;

fn ring() -> KeyRing {
    let current = SharedSecret::parse("the current secret, 32 bytes or more").unwrap();
    KeyRing { current, previous: None }
}

/// A message with everything owned, so that tests can change one thing.
#[derive(Debug, Clone)]
struct Owned {
    method: String,
    path: String,
    query: String,
    client: Client,
    id: CorrelationId,
    body: Option<Vec<u8>>,
}

impl Owned {
    fn post() -> Self {
        Self {
            method: "POST".to_owned(),
            path: "/api/price".to_owned(),
            query: "a=1".to_owned(),
            client: Client::parse("ip:203.0.113.7").unwrap(),
            id: CorrelationId::parse("some-correlation-id").unwrap(),
            body: Some(b"{}".to_vec()),
        }
    }

    fn get() -> Self {
        Self { method: "GET".to_owned(), query: String::new(), body: None, ..Self::post() }
    }

    fn message(&self) -> Message<'_> {
        Message {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            client: Some(&self.client),
            correlation_id: &self.id,
            body: self.body.as_deref(),
        }
    }

    fn sign(&self) -> Signed {
        let nonce = Nonce::parse("nonce-nonce-nonce").unwrap();
        let nonce = nonce::needs_nonce(&self.method).then_some(&nonce);
        sign(Profile::EdgeToOrigin, &self.message(), &ring(), NOW, nonce)
    }

    fn check(&self, signed: &Signed) -> Result<Verified, Refused> {
        self.check_at(signed, NOW, &ring(), Profile::EdgeToOrigin)
    }

    fn check_at(&self, signed: &Signed, now: i64, keys: &KeyRing, way: Profile) -> Result<Verified, Refused> {
        let (input, signature) = (Some(signed.signature_input.as_str()), Some(signed.signature.as_str()));
        verify(way, &self.message(), input, signature, keys, now)
    }
}

#[test]
fn what_was_signed_verifies_and_hands_its_nonce_on() {
    let post = Owned::post();
    let verified = post.check(&post.sign()).unwrap();
    assert_eq!(verified.nonce.unwrap().as_str(), "nonce-nonce-nonce");
    let get = Owned::get();
    assert_eq!(get.check(&get.sign()), Ok(Verified { nonce: None }));
}

#[test]
fn the_form_on_the_wire_is_pinned() {
    let signed = Owned::post().sign();
    assert_eq!(
        signed.signature_input,
        "valora=(\"@method\" \"@path\" \"@query\" \"x-valora-client\" \"x-correlation-id\" \"content-digest\");\
         created=1790000000;nonce=\"nonce-nonce-nonce\";keyid=\"8467c372\";alg=\"hmac-sha256\";tag=\"valora-edge\""
    );
    assert!(signed.content_digest.unwrap().starts_with("sha-256=:"));
}

#[test]
fn a_change_of_anything_signed_is_noticed() {
    let (post, signed) = (Owned::post(), Owned::post().sign());
    let changed = [
        Owned { method: "PUT".to_owned(), ..post.clone() },
        Owned { path: "/api/prices".to_owned(), ..post.clone() },
        Owned { query: "a=2".to_owned(), ..post.clone() },
        Owned { query: String::new(), ..post.clone() },
        Owned { client: Client::parse("user:1").unwrap(), ..post.clone() },
        Owned { id: CorrelationId::parse("another-correlation-id").unwrap(), ..post.clone() },
        Owned { body: Some(b"{ }".to_vec()), ..post.clone() },
    ];
    for message in changed {
        assert_eq!(message.check(&signed), Err(Refused::Mismatch), "{message:?}");
    }
    assert_eq!(Owned { body: None, ..post }.check(&signed), Err(Refused::Form));
}

#[test]
fn one_component_less_is_another_form() {
    for name in ["\"@method\" ", "\"@query\" ", "\"x-valora-client\" ", " \"content-digest\""] {
        let mut signed = Owned::post().sign();
        signed.signature_input = signed.signature_input.replace(name, "");
        assert_eq!(Owned::post().check(&signed), Err(Refused::Form), "{name}");
    }
}

#[test]
fn other_parameters_are_another_form() {
    for (from, to) in [
        ("hmac-sha256", "none"),
        ("valora-edge", "valora-origin"),
        (";keyid", ";expires=9;keyid"),
        (";alg=\"hmac-sha256\"", ""),
        ("valora=(", "valora=( "),
    ] {
        let mut signed = Owned::post().sign();
        signed.signature_input = signed.signature_input.replace(from, to);
        assert_eq!(Owned::post().check(&signed), Err(Refused::Form), "{from}");
    }
}

#[test]
fn a_message_cannot_be_turned_round() {
    let post = Owned::post();
    assert_eq!(post.check_at(&post.sign(), NOW, &ring(), Profile::OriginToEdge), Err(Refused::Form));
}

#[test]
fn a_minute_is_the_most_that_clocks_may_differ() {
    let (post, signed) = (Owned::post(), Owned::post().sign());
    for offset in [-60, 0, 60] {
        assert!(post.check_at(&signed, NOW + offset, &ring(), Profile::EdgeToOrigin).is_ok());
    }
    for offset in [-61, 61, 86_400, i64::MAX - NOW] {
        let late = post.check_at(&signed, NOW.saturating_add(offset), &ring(), Profile::EdgeToOrigin);
        assert_eq!(late, Err(Refused::Time));
    }
}

#[test]
fn a_change_without_a_nonce_is_refused_and_a_read_needs_none() {
    let post = Owned::post();
    let unnonced = sign(Profile::EdgeToOrigin, &post.message(), &ring(), NOW, None);
    assert_eq!(post.check(&unnonced), Err(Refused::Nonce));
}

#[test]
fn during_a_rotation_the_previous_key_still_verifies() {
    let post = Owned::post();
    let signed = post.sign();
    let next = SharedSecret::parse("the next secret, of 32 bytes or more!").unwrap();
    let rotated = KeyRing { current: next.clone(), previous: Some(ring().current) };
    assert!(post.check_at(&signed, NOW, &rotated, Profile::EdgeToOrigin).is_ok());
    let done = KeyRing { current: next, previous: None };
    assert_eq!(post.check_at(&signed, NOW, &done, Profile::EdgeToOrigin), Err(Refused::UnknownKey));
}

#[test]
fn a_missing_half_is_unsigned() {
    let (post, signed) = (Owned::post(), Owned::post().sign());
    let check =
        |input, signature| verify(Profile::EdgeToOrigin, &post.message(), input, signature, &ring(), NOW);
    assert_eq!(check(None, Some(&signed.signature)), Err(Refused::Unsigned));
    assert_eq!(check(Some(&signed.signature_input), None), Err(Refused::Unsigned));
}

proptest! {
    #[test]
    fn no_text_verifies_or_makes_it_panic(input in ".{0,120}", signature in ".{0,60}") {
        let post = Owned::post();
        let signed = Signed { signature_input: input, signature, content_digest: None };
        prop_assert!(post.check(&signed).is_err());
        let labelled = Signed { signature_input: format!("valora={}", signed.signature_input), signature: format!("valora=:{}:", signed.signature), content_digest: None };
        prop_assert!(post.check(&labelled).is_err());
    }

    #[test]
    fn a_flipped_bit_of_the_signature_is_noticed(at in 0_usize..32, bit in 0_u8..8) {
        let post = Owned::post();
        let mut signed = post.sign();
        let coded = signed.signature.trim_start_matches("valora=:").trim_end_matches(':').to_owned();
        let mut tag = BASE64.decode(coded).unwrap();
        tag[at] ^= 1 << bit;
        signed.signature = format!("valora=:{}:", BASE64.encode(&tag));
        prop_assert_eq!(post.check(&signed), Err(Refused::Mismatch));
    }
}
