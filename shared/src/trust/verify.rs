//! Is this message signed by the other side, in time, and once?

use super::{
    KeyRing, MAX_CLOCK_SKEW_SECONDS, Message, Nonce, Profile, content_digest, nonce,
    signature::{LABEL, base, is_mac, parameters},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

/// What a valid signature vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// To be refused the second time it is seen; the caller remembers it for twice the clock skew.
    pub nonce: Option<Nonce>,
}

/// Why a signature is not valid. For logs: a client is never told which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Signature-Input or Signature is missing.
    #[error("not signed")]
    Unsigned,
    /// Not the profile's form.
    #[error("the signature has another form than the profile's")]
    Form,
    /// `keyid` names no key of ours.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// `created` is too far from now.
    #[error("created outside the allowed time")]
    Time,
    /// An unsafe method without a nonce, or a safe one with one that is none.
    #[error("the nonce is missing or malformed")]
    Nonce,
    /// The MAC is wrong.
    #[error("the signature does not match the message")]
    Mismatch,
}

/// Checks the fields of a message as received. `now` in seconds since the epoch.
///
/// The expected parameters are built anew from what is believed (names, order, algorithm, tag) and what the
/// message says (created, nonce, keyid), and must equal the received text byte for byte. So a component left
/// out, another order, another algorithm or an extra parameter never reaches the MAC.
///
/// # Errors
/// [`Refused`].
pub fn verify(
    profile: Profile,
    message: &Message<'_>,
    signature_input: Option<&str>,
    signature: Option<&str>,
    keys: &KeyRing,
    now: i64,
) -> Result<Verified, Refused> {
    let (input, signature) = signature_input.zip(signature).ok_or(Refused::Unsigned)?;
    let label =
        |text: &str| text.strip_prefix(LABEL).and_then(|rest| rest.strip_prefix('=')).map(str::to_owned);
    let params = label(input).ok_or(Refused::Form)?;
    let tag = label(signature).ok_or(Refused::Form)?;
    let tag = tag.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).ok_or(Refused::Form)?;
    let tag = BASE64.decode(tag.as_bytes()).map_err(|_| Refused::Form)?;

    let created: i64 =
        parameter(&params, "created").and_then(|text| text.parse().ok()).ok_or(Refused::Form)?;
    let key_id = parameter(&params, "keyid").and_then(unquoted).ok_or(Refused::Form)?;
    let nonce = match parameter(&params, "nonce") {
        Some(text) => Some(unquoted(text).and_then(|text| Nonce::parse(text).ok()).ok_or(Refused::Nonce)?),
        None if nonce::needs_nonce(message.method) => return Err(Refused::Nonce),
        None => None,
    };
    let key = keys.by_id(key_id).ok_or(Refused::UnknownKey)?;
    if now.saturating_sub(created).saturating_abs() > MAX_CLOCK_SKEW_SECONDS {
        return Err(Refused::Time);
    }
    let digest = message.body.map(content_digest);
    let components = profile.components(message, digest.as_deref());
    if params != parameters(&components, profile, key_id, created, nonce.as_ref()) {
        return Err(Refused::Form);
    }
    if is_mac(key, &base(&components, &params), &tag) {
        Ok(Verified { nonce })
    } else {
        Err(Refused::Mismatch)
    }
}

/// A parameter's raw value. Parameters are looked for behind the list of components only.
fn parameter<'a>(params: &'a str, name: &str) -> Option<&'a str> {
    let (_, behind) = params.split_once(')')?;
    behind.split(';').find_map(|parameter| parameter.strip_prefix(name)?.strip_prefix('='))
}

fn unquoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
