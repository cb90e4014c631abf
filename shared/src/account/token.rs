//! The form of an access token: a JWS in compact form (RFC 7515 §3.1) under `EdDSA` and nothing else. Everything about
//! it is decided here and in [`Claims`], nothing by the token. Only the arithmetic of Ed25519 is the caller's.

use super::{Claims, RefusedClaims};
use crate::{json::Json, time::UnixMillis};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL_NOPAD};

/// Ours have some 400 bytes: what is longer is not even decoded.
const MAX_LENGTH: usize = 4_096;

/// Why a token is not believed; for the log alone, and nothing of the token in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedToken {
    /// No token, another algorithm, or a header with demands.
    #[error("the token is malformed or of another algorithm")]
    Form,
    /// Signed by nobody we know.
    #[error("the token names no key of ours")]
    UnknownKey,
    /// The signature is wrong, or a claim is missing or of another kind.
    #[error("the token's signature or claims are wrong")]
    Invalid,
    /// See inside.
    #[error("the token's claims are not believed: {0}")]
    Claims(#[from] RefusedClaims),
}

/// The claims of a token that is valid at `now`. Whether it was revoked, this does not say.
///
/// `key` finds a public key by its `kid`; `is_signed` tells whether a key has signed these bytes with this signature
/// of 64 bytes, by the strict rules.
///
/// # Errors
/// [`RefusedToken`].
pub fn read_token<K>(
    token: &str,
    now: UnixMillis,
    key: impl FnOnce(&str) -> Option<K>,
    is_signed: impl FnOnce(K, &[u8], &[u8; 64]) -> bool,
) -> Result<Claims, RefusedToken> {
    let (signed, signature) =
        token.rsplit_once('.').filter(|_| token.len() <= MAX_LENGTH).ok_or(RefusedToken::Form)?;
    let (header, claims) = signed.split_once('.').ok_or(RefusedToken::Form)?;
    let decoded = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| RefusedToken::Form);
    let header = json(&decoded(header)?).ok_or(RefusedToken::Form)?;
    let kid = header.optional_text_of("kid").map_err(|_| RefusedToken::Form)?;
    // What `crit` names must be understood (RFC 7515 §4.1.11), and there is nothing of the kind here.
    if header.text_of("alg") != Ok("EdDSA") || header.has("crit") {
        return Err(RefusedToken::Form);
    }
    let key = kid.and_then(key).ok_or(RefusedToken::UnknownKey)?;
    let signature: [u8; 64] = decoded(signature)?.try_into().map_err(|_| RefusedToken::Invalid)?;
    if !is_signed(key, signed.as_bytes(), &signature) {
        return Err(RefusedToken::Invalid);
    }
    let claims = json(&decoded(claims)?).as_ref().and_then(Claims::read).ok_or(RefusedToken::Invalid)?;
    claims.check(now)?;
    Ok(claims)
}

fn json(bytes: &[u8]) -> Option<Json> {
    Json::parse(std::str::from_utf8(bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Role, UserId};

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn token(header: &str) -> String {
        let claims = serde_json::to_vec(&Claims::new(UserId(7), Role::Admin, NOW, 60)).unwrap();
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        format!("{}.{}.{}", encode(header.as_bytes()), encode(&claims), encode(&[1; 64]))
    }

    fn read(token: &str) -> Result<Claims, RefusedToken> {
        read_token(token, NOW, |kid| (kid == "k").then_some(()), |(), _, signature| signature[0] == 1)
    }

    #[test]
    fn a_token_of_ours_is_read() {
        let claims = read(&token(r#"{"alg":"EdDSA","kid":"k","typ":"JWT"}"#)).unwrap();
        assert_eq!((claims.sub, claims.role), (UserId(7), Role::Admin));
    }

    #[test]
    fn nothing_about_the_algorithm_is_negotiated() {
        for header in [
            r#"{"alg":"none","kid":"k"}"#,
            r#"{"alg":"HS256","kid":"k"}"#,
            r#"{"alg":"eddsa","kid":"k"}"#,
            r#"{"kid":"k"}"#,
            r#"{"alg":"EdDSA","kid":"k","crit":["b64"]}"#,
            r#"{"alg":"EdDSA","alg":"EdDSA","kid":"k"}"#,
        ] {
            assert_eq!(read(&token(header)), Err(RefusedToken::Form), "{header}");
        }
        for header in [r#"{"alg":"EdDSA"}"#, r#"{"alg":"EdDSA","kid":"other"}"#] {
            assert_eq!(read(&token(header)), Err(RefusedToken::UnknownKey), "{header}");
        }
    }

    #[test]
    fn another_form_is_refused() {
        let whole = token(r#"{"alg":"EdDSA","kid":"k"}"#);
        let (signed, _) = whole.rsplit_once('.').unwrap();
        for bad in ["", ".", "..", "a.b", &format!("{whole}.x"), &format!("{whole}="), &"x".repeat(5_000)] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert_eq!(read(&format!("{signed}.AAAA")), Err(RefusedToken::Invalid));
        let wrong = format!("{signed}.{}", BASE64URL_NOPAD.encode([2; 64]));
        assert_eq!(read(&wrong), Err(RefusedToken::Invalid));
    }

    #[test]
    fn an_expired_one_is_refused() {
        let late = UnixMillis(NOW.0 + 3_600_000);
        let read = read_token(&token(r#"{"alg":"EdDSA","kid":"k"}"#), late, |_| Some(()), |(), _, _| true);
        assert_eq!(read, Err(RefusedToken::Claims(RefusedClaims::Expired)));
    }
}
