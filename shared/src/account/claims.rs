//! What an access token says, and when it is believed. Signature and algorithm are checked before, where the key is.

use super::Role;
use crate::{json::Json, time::UnixMillis};
use serde::{Serialize, Serializer};
use std::fmt;

/// `iss` of every token.
pub const ISSUER: &str = "valora-origin";
/// `aud` of every token.
pub const AUDIENCE: &str = "valora";
/// The longest a token may live: a day. What has no end cannot be forgotten once it is revoked.
pub const MAX_TOKEN_MINUTES: u64 = 1_440;

/// How far the signer's clock may be ahead of the verifier's.
const MAX_CLOCK_SKEW_MS: i64 = 60_000;

/// A user's number. As a token's subject and for revocations it reads `user:7`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

/// The claims of a token. All are required: one without `exp` or `aud` is no token of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// Whose it is.
    pub sub: UserId,
    /// Seconds since 1970 at which it ends.
    pub exp: i64,
    /// Seconds since 1970 at which it was made.
    pub iat: i64,
    /// The same in milliseconds, because revocations are that exact: somebody who logs in right after a revocation
    /// must not be caught by it.
    pub iat_ms: i64,
    /// What its owner was allowed then. The origin asks its database instead.
    pub role: Role,
}

/// Why claims are not believed. Callers tell clients nothing of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedClaims {
    /// From somebody else.
    #[error("iss is not {ISSUER}")]
    Issuer,
    /// For somebody else.
    #[error("aud is not {AUDIENCE}")]
    Audience,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// It comes from the future, or contradicts itself about when it was made.
    #[error("iat is not believable")]
    IssuedAt,
    /// It would live longer than any token may.
    #[error("exp is more than {MAX_TOKEN_MINUTES} minutes after iat")]
    TooLongLived,
}

impl Claims {
    /// The claims of a token made at `now` that lives for `minutes`.
    pub fn new(user: UserId, role: Role, now: UnixMillis, minutes: u64) -> Self {
        let iat = now.0.div_euclid(1_000);
        let lifetime = i64::try_from(minutes.min(MAX_TOKEN_MINUTES)).unwrap_or(0) * 60;
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            exp: iat.saturating_add(lifetime),
            iat,
            iat_ms: now.0,
            role,
        }
    }

    /// From a token; `None` where one is missing or of another kind.
    pub fn read(json: &Json) -> Option<Self> {
        Some(Self {
            iss: json.text_of("iss").ok()?.to_owned(),
            aud: json.text_of("aud").ok()?.to_owned(),
            sub: UserId::parse_subject(json.text_of("sub").ok()?)?,
            exp: json.integer_of("exp").ok()?,
            iat: json.integer_of("iat").ok()?,
            iat_ms: json.integer_of("iat_ms").ok()?,
            role: Role::parse(json.text_of("role").ok()?)?,
        })
    }

    /// Whether they are believed at `now`.
    ///
    /// # Errors
    /// [`RefusedClaims`].
    pub fn check(&self, now: UnixMillis) -> Result<(), RefusedClaims> {
        if self.iss != ISSUER {
            Err(RefusedClaims::Issuer)
        } else if self.aud != AUDIENCE {
            Err(RefusedClaims::Audience)
        } else if self.exp.saturating_mul(1_000) <= now.0 {
            Err(RefusedClaims::Expired)
        } else if self.iat_ms.saturating_sub(now.0) > MAX_CLOCK_SKEW_MS
            || self.iat_ms.div_euclid(1_000) != self.iat
        {
            Err(RefusedClaims::IssuedAt)
        } else if self.exp.saturating_sub(self.iat) > i64::try_from(MAX_TOKEN_MINUTES).unwrap_or(0) * 60 {
            Err(RefusedClaims::TooLongLived)
        } else {
            Ok(())
        }
    }

    /// Whether a revocation of everything made up to `not_before` covers this token.
    pub fn is_revoked_by(&self, not_before: UnixMillis) -> bool {
        self.iat_ms <= not_before.0
    }
}

impl UserId {
    /// Reads `user:7`.
    pub fn parse_subject(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("user:")?;
        let id = digits.parse().ok().filter(|id| *id > 0)?;
        // Written anew, so that a subject has one text.
        (Self(id).to_string() == text).then_some(Self(id))
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user:{}", self.0)
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_123);

    fn claims() -> Claims {
        Claims::new(UserId(7), Role::User, NOW, 60)
    }

    #[test]
    fn claims_are_believed_until_they_end() {
        assert_eq!(claims().check(NOW), Ok(()));
        assert_eq!(claims().check(UnixMillis(1_790_003_599_999)), Ok(()));
        assert_eq!(claims().check(UnixMillis(1_790_003_600_000)), Err(RefusedClaims::Expired));
    }

    #[test]
    fn each_claim_is_checked() {
        let refused = |change: fn(&mut Claims)| {
            let mut claims = claims();
            change(&mut claims);
            claims.check(NOW).unwrap_err()
        };
        assert_eq!(refused(|claims| claims.iss = "valora".to_owned()), RefusedClaims::Issuer);
        assert_eq!(refused(|claims| claims.aud = String::new()), RefusedClaims::Audience);
        assert_eq!(refused(|claims| claims.exp = i64::MIN), RefusedClaims::Expired);
        assert_eq!(refused(|claims| claims.exp += 24 * 3_600), RefusedClaims::TooLongLived);
        assert_eq!(refused(|claims| claims.exp = i64::MAX), RefusedClaims::TooLongLived);
        assert_eq!(refused(|claims| claims.iat += 1), RefusedClaims::IssuedAt);
        assert_eq!(refused(|claims| claims.iat_ms += 60_001), RefusedClaims::IssuedAt);
    }

    #[test]
    fn a_revocation_covers_what_was_made_up_to_its_moment() {
        assert!(claims().is_revoked_by(NOW));
        assert!(!claims().is_revoked_by(UnixMillis(NOW.0 - 1)));
    }

    #[test]
    fn a_token_without_a_claim_is_none() {
        let Ok(Json::Object(whole)) = Json::parse(&serde_json::to_string(&claims()).unwrap()) else {
            panic!("claims are an object")
        };
        let read = |fields: Vec<_>| Claims::read(&Json::Object(fields));
        assert_eq!(read(whole.clone()), Some(claims()));
        for at in 0..7 {
            let (mut missing, mut twice, mut another) = (whole.clone(), whole.clone(), whole.clone());
            missing.remove(at);
            twice.push(whole[at].clone());
            another[at].1 = Json::Null;
            for fields in [missing, twice, another] {
                assert_eq!(read(fields), None, "{}", whole[at].0);
            }
        }
    }

    #[test]
    fn a_subject_has_one_text() {
        assert_eq!(UserId::parse_subject("user:7"), Some(UserId(7)));
        for bad in
            ["7", "user:", "user:07", "user:+7", "user:-7", "user:0", "key:7", "user:9223372036854775808"]
        {
            assert_eq!(UserId::parse_subject(bad), None, "{bad}");
        }
    }
}
