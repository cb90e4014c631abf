//! A stored response: what is known of it beside its body, and whether it answers a request (RFC 9111 §4).

use super::{CLOCK_SLACK_MS, Keeping, control::RequestControl};
use crate::{events::PurgeMode, time::UnixMillis};

/// Everything about a stored response but its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The status.
    pub status: u16,
    /// Names in lower case, and values, as they are sent again.
    pub fields: Vec<(String, String)>,
    /// When the request for it was sent: the origin may have read the price just after that.
    pub sent_at: UnixMillis,
    /// When it came.
    pub received_at: UnixMillis,
    /// The terms.
    pub keeping: Keeping,
    /// The purge epoch that was known when the request for it was sent.
    pub epoch: u64,
    /// Slots of its tags, sorted.
    pub slots: Vec<u16>,
    /// Whether the body is stored as gzip.
    pub is_gzip: bool,
    /// Bytes of the body as the origin sent it.
    pub identity_bytes: u64,
}

/// Whether and how a stored response answers; the greater, the more may be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reuse {
    /// Never again.
    Gone,
    /// Only after the origin has said that it still holds.
    Revalidate {
        /// Whether it may be served when the origin fails.
        may_serve_on_error: bool,
    },
    /// As it is, while a new one is fetched.
    WhileRevalidate,
    /// As it is.
    Fresh,
}

/// Why, for X-Cache, Cache-Status, logs and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Within its lifetime.
    Fresh,
    /// The client takes a stale one (max-stale).
    ClientAllows,
    /// Beyond its lifetime.
    Stale,
    /// It must be checked each time.
    NoCache,
    /// The client wants it checked or younger.
    ClientDemands,
    /// Purged, in this mode.
    Purged(PurgeMode),
}

impl Reason {
    /// The words in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::ClientAllows => "the client takes a stale one",
            Self::Stale => "stale",
            Self::NoCache => "no-cache",
            Self::ClientDemands => "the client demands a check",
            Self::Purged(PurgeMode::Hard) => "purged hard",
            Self::Purged(PurgeMode::Soft) => "purged soft",
            Self::Purged(PurgeMode::Revalidate) => "purged, must be checked",
        }
    }
}

impl Stored {
    /// Milliseconds (RFC 9111 §4.2.3, `current_age`). One from the future (another machine's clock) has no age.
    pub fn age_ms(&self, now: UnixMillis) -> i64 {
        self.keeping.initial_age_ms.saturating_add(now.since(self.received_at))
    }

    /// Whole seconds, for Age.
    pub fn age_seconds(&self, now: UnixMillis) -> u32 {
        u32::try_from(self.age_ms(now) / 1000).unwrap_or(u32::MAX)
    }

    /// Milliseconds it is still fresh; negative for how long it is not.
    pub fn fresh_ms(&self, now: UnixMillis) -> i64 {
        let lifetime_ms = i64::from(self.keeping.lifetime_seconds) * 1000 - CLOCK_SLACK_MS;
        lifetime_ms.saturating_sub(self.age_ms(now))
    }

    /// Decides. `purged` is the strictest mode of the purges it does not know yet.
    pub fn reuse(
        &self,
        now: UnixMillis,
        asked: &RequestControl,
        purged: Option<PurgeMode>,
    ) -> (Reuse, Reason) {
        let Keeping { stale_while_revalidate, stale_if_error, forbids_stale, no_cache, .. } = self.keeping;
        let fresh_ms = self.fresh_ms(now);
        let stale_within =
            |seconds: u32| fresh_ms.saturating_neg() <= i64::from(seconds).saturating_mul(1000);
        let check = Reuse::Revalidate { may_serve_on_error: !forbids_stale && stale_within(stale_if_error) };
        // A clock that was set back by more than the slack must not keep an entry alive for ever.
        let is_from_the_future = self.received_at.0.saturating_sub(now.0) > 1_000;
        match purged {
            Some(PurgeMode::Hard) => return (Reuse::Gone, Reason::Purged(PurgeMode::Hard)),
            Some(PurgeMode::Revalidate) => return (check, Reason::Purged(PurgeMode::Revalidate)),
            Some(PurgeMode::Soft) | None => {}
        }
        if no_cache {
            return (check, Reason::NoCache);
        }
        let is_too_old = asked.max_age.is_some_and(|max| self.age_ms(now) >= i64::from(max) * 1000);
        let is_too_stale = asked.min_fresh.is_some_and(|min| fresh_ms < i64::from(min) * 1000);
        if asked.no_cache || is_from_the_future || is_too_old || is_too_stale {
            return (check, Reason::ClientDemands);
        }
        if purged == Some(PurgeMode::Soft) {
            let is_usable = !forbids_stale && fresh_ms > 0;
            return (if is_usable { Reuse::WhileRevalidate } else { check }, Reason::Purged(PurgeMode::Soft));
        }
        if fresh_ms > 0 {
            return (Reuse::Fresh, Reason::Fresh);
        }
        if !forbids_stale && asked.max_stale.is_some_and(stale_within) {
            return (Reuse::Fresh, Reason::ClientAllows);
        }
        if !forbids_stale && stale_while_revalidate > 0 && stale_within(stale_while_revalidate) {
            return (Reuse::WhileRevalidate, Reason::Stale);
        }
        (check, Reason::Stale)
    }

    /// The entity-tag or date to check it by, as request fields; none where there is neither.
    pub fn validators(&self) -> Vec<(&'static str, &str)> {
        let fields = super::Fields(&self.fields);
        let tag = fields.get("etag").map(|tag| ("if-none-match", tag));
        let date = fields.get("last-modified").map(|date| ("if-modified-since", date));
        tag.into_iter().chain(date).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_790_000_000_000);

    fn stored(forbids_stale: bool) -> Stored {
        Stored {
            status: 200,
            fields: vec![("etag".to_owned(), "\"a\"".to_owned())],
            sent_at: NOW,
            received_at: NOW,
            keeping: Keeping {
                lifetime_seconds: 10,
                stale_while_revalidate: 5,
                stale_if_error: 60,
                forbids_stale,
                no_cache: false,
                initial_age_ms: 0,
                vary: Vec::new(),
            },
            epoch: 0,
            slots: Vec::new(),
            is_gzip: false,
            identity_bytes: 0,
        }
    }

    fn reuse(entry: &Stored, seconds: i64, purged: Option<PurgeMode>) -> Reuse {
        entry.reuse(UnixMillis(NOW.0 + seconds * 1000), &RequestControl::default(), purged).0
    }

    #[test]
    fn an_entry_grows_old_in_steps() {
        let entry = stored(false);
        assert_eq!(reuse(&entry, 9, None), Reuse::Fresh);
        assert_eq!(reuse(&entry, 10, None), Reuse::WhileRevalidate, "a lifetime ends early");
        assert_eq!(reuse(&entry, 15, None), Reuse::Revalidate { may_serve_on_error: true });
        assert_eq!(reuse(&entry, 71, None), Reuse::Revalidate { may_serve_on_error: false });
    }

    #[test]
    fn a_purge_decides_before_age_does() {
        let entry = stored(false);
        assert_eq!(reuse(&entry, 0, Some(PurgeMode::Hard)), Reuse::Gone);
        assert_eq!(reuse(&entry, 0, Some(PurgeMode::Soft)), Reuse::WhileRevalidate);
        let check = Reuse::Revalidate { may_serve_on_error: true };
        assert_eq!(reuse(&entry, 0, Some(PurgeMode::Revalidate)), check);
    }

    #[test]
    fn what_forbids_stale_answers_is_checked() {
        let entry = stored(true);
        let check = Reuse::Revalidate { may_serve_on_error: false };
        assert_eq!(reuse(&entry, 11, None), check);
        assert_eq!(reuse(&entry, 0, Some(PurgeMode::Soft)), check);
    }
}
