//! What answers say of the rate limit, in the form of `valora_shared::rate`.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::borrow::Cow;
use valora_shared::rate::{
    LIMIT, Limits, POLICY, Policy, RATELIMIT, REMAINING, Usage, ratelimit_text, remaining_texts,
};

const LIMIT_NAMES: [HeaderName; 3] = names(LIMIT);
const REMAINING_NAMES: [HeaderName; 3] = names(REMAINING);
const POLICY_NAME: HeaderName = HeaderName::from_static(POLICY);
const RATELIMIT_NAME: HeaderName = HeaderName::from_static(RATELIMIT);

/// The limits as headers, made once: every answer has them.
#[derive(Debug, Clone)]
pub(crate) struct RateHeaders {
    policy: Policy,
    limits: Limits,
    values: [HeaderValue; 3],
    policy_value: HeaderValue,
}

impl RateHeaders {
    /// Those of clients without a tier of their own.
    pub(crate) fn of_requests(limits: Limits) -> Self {
        Self::of(Policy::Requests, limits)
    }

    fn of(policy: Policy, limits: Limits) -> Self {
        let policy_value = value(limits.policy_text(policy));
        Self { policy, limits, values: limits.limit_texts().map(value), policy_value }
    }

    /// Those of others, who have limits of their own, and of upgrades.
    pub(super) fn or_of(&self, policy: Policy, limits: &Limits) -> Cow<'_, Self> {
        let is_same = (self.policy, self.limits) == (policy, *limits);
        if is_same { Cow::Borrowed(self) } else { Cow::Owned(Self::of(policy, *limits)) }
    }

    pub(super) fn set(&self, headers: &mut HeaderMap) {
        for (name, value) in LIMIT_NAMES.into_iter().zip(&self.values).take(self.policy.windows().len()) {
            headers.insert(name, value.clone());
        }
        headers.insert(POLICY_NAME, self.policy_value.clone());
    }

    /// What is left.
    pub(super) fn set_remaining(headers: &mut HeaderMap, policy: Policy, usage: &[Usage; 3]) {
        let remaining = REMAINING_NAMES.into_iter().zip(remaining_texts(usage));
        for (name, text) in remaining.take(policy.windows().len()) {
            headers.insert(name, value(text));
        }
        headers.insert(RATELIMIT_NAME, value(ratelimit_text(usage, policy)));
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
