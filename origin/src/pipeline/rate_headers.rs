//! What answers say of the rate limit, in the form of `valora_shared::rate`.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use valora_shared::rate::{
    LIMIT, Limits, POLICY, RATELIMIT, REMAINING, Usage, ratelimit_text, remaining_texts,
};

const LIMIT_NAMES: [HeaderName; 3] = names(LIMIT);
const REMAINING_NAMES: [HeaderName; 3] = names(REMAINING);
const POLICY_NAME: HeaderName = HeaderName::from_static(POLICY);
const RATELIMIT_NAME: HeaderName = HeaderName::from_static(RATELIMIT);

/// The limits as headers, made once: every answer has them.
#[derive(Debug, Clone)]
pub(crate) struct RateHeaders {
    limits: Limits,
    values: [HeaderValue; 3],
    policy: HeaderValue,
}

impl RateHeaders {
    pub(crate) fn of(limits: Limits) -> Self {
        Self { limits, values: limits.limit_texts().map(value), policy: value(limits.policy_text()) }
    }

    /// Those of others, who have limits of their own.
    pub(super) fn or_of(&self, limits: &Limits) -> Cow<'_, Self> {
        if self.limits == *limits { Cow::Borrowed(self) } else { Cow::Owned(Self::of(*limits)) }
    }

    pub(super) fn set(&self, headers: &mut HeaderMap) {
        for (name, value) in LIMIT_NAMES.into_iter().zip(&self.values) {
            headers.insert(name, value.clone());
        }
        headers.insert(POLICY_NAME, self.policy.clone());
    }

    /// What is left.
    pub(super) fn set_remaining(headers: &mut HeaderMap, usage: &[Usage; 3]) {
        for (name, text) in REMAINING_NAMES.into_iter().zip(remaining_texts(usage)) {
            headers.insert(name, value(text));
        }
        headers.insert(RATELIMIT_NAME, value(ratelimit_text(usage)));
    }
}

/// Digits, quotes and the like: no text of the limits is none.
fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

const fn names(of: [&'static str; 3]) -> [HeaderName; 3] {
    let [minute, hour, day] = of;
    [HeaderName::from_static(minute), HeaderName::from_static(hour), HeaderName::from_static(day)]
}
