//! How far the cache has come with one request.

use super::{Entry, kv};
use crate::{beat::EpochCheck, exchange::KvFact};
use std::{cell::OnceCell, rc::Rc};
use valora_shared::cache::{CacheKey, Reason, RequestControl};

/// The state of one request's look into the cache.
pub struct Lookup {
    /// Under which it may be answered and kept.
    pub key: CacheKey,
    /// [`kv::hash`] of the key, once that was needed.
    hash: OnceCell<String>,
    /// What the client demands of a cache.
    pub control: RequestControl,
    /// Whether KV shall be read.
    pub wants_kv: bool,
    /// Whether KV and the epochs have been waited for.
    pub is_brought: bool,
    /// What is stored but must be checked with the origin first.
    pub in_hand: Option<InHand>,
    /// A stale answer is sent, and a new one shall be fetched behind it.
    pub revalidates_behind: Option<Rc<Entry>>,
    /// How far the epochs could be relied on.
    pub check: EpochCheck,
    /// Why the best that was found could be used, or not.
    pub reason: Option<Reason>,
}

/// A stored answer that must be checked first.
#[derive(Clone)]
pub struct InHand {
    /// It.
    pub entry: Rc<Entry>,
    /// Whether it may be served when the origin fails.
    pub may_serve_on_error: bool,
}

impl Lookup {
    /// Nothing is known yet.
    pub fn new(key: CacheKey, control: RequestControl) -> Self {
        Self {
            key,
            hash: OnceCell::new(),
            control,
            wants_kv: false,
            is_brought: false,
            in_hand: None,
            revalidates_behind: None,
            check: EpochCheck::Current,
            reason: None,
        }
    }

    /// The hash of the key, under which KV knows it. It is made once: KV and the answer both show it.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| kv::hash(&self.key))
    }

    /// Whether nothing is missing but what KV holds under the key itself.
    pub fn wants_kv_alone(&self, known: &KvFact) -> bool {
        self.wants_kv && matches!(known, KvFact::Unknown) && !matches!(self.check, EpochCheck::Overdue { .. })
    }

    /// The epochs could not be verified in time.
    pub fn is_unverified(&self) -> bool {
        matches!(self.check, EpochCheck::Unverified | EpochCheck::ColdUnverified)
    }

    /// Nothing of use is known of the epochs: no other one's answer may be taken.
    pub fn is_cold(&self) -> bool {
        self.check == EpochCheck::ColdUnverified
    }

    /// What may be served if the origin fails.
    pub fn fallback(&self) -> Option<&Rc<Entry>> {
        self.in_hand.as_ref().filter(|held| held.may_serve_on_error).map(|held| &held.entry)
    }
}
