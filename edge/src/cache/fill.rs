//! Fetches what the cache lacks, and keeps it where it may be kept. A fetch belongs to the isolate, not to the client
//! that happened to need it first: it goes on when that client leaves, and when it no longer waits.

use super::{Body, Entry, epochs, kv, underway};
use crate::{
    answer::{CacheOutcome, Passed},
    exchange::{OriginFact, RequestHeaders},
    flight,
    isolate::Isolate,
    js::{self, binding},
    platform,
    settings::Settings,
    upstream::{self, Failure, Outgoing},
};
use js_sys::ArrayBuffer;
use std::{rc::Rc, time::Duration};
use valora_shared::{
    cache::{
        Answered, Asked, CacheKey, Fields, Keeping, Policy, RequestControl, Reuse, Stored, freshened,
        has_paid, is_worth_packing, kept_fields, route_of, slots,
    },
    id::CorrelationId,
    time::UnixMillis,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// Statuses for which a stored answer may stand in (RFC 5861 §4). Others ([`is_failure`]) are the origin's own word to
/// this request, and yet nothing that the next one should ask for again at once.
const SERVER_ERRORS: [u16; 4] = [500, 502, 503, 504];

/// Whether an answer says that the origin fails.
fn is_failure(status: u16) -> bool {
    status >= 500
}

/// One fetch.
pub struct Job {
    /// Where it is kept.
    pub isolate: Rc<Isolate>,
    /// Under which key.
    pub key: CacheKey,
    /// The path alone.
    pub path: String,
    /// The client's fields, for answers that vary.
    pub headers: RequestHeaders,
    /// Whether there is an Authorization among them.
    pub has_authorization: bool,
    /// What the client demands of caches.
    pub control: RequestControl,
    /// What is sent.
    pub outgoing: Outgoing,
    /// The stored answer that is checked by it.
    pub checked: Option<Rc<Entry>>,
    /// Whether it may be one with what other isolates ask for at the same time.
    pub collapses: bool,
    /// Whether a stored answer may stand in for a 5xx.
    pub has_fallback: bool,
    /// Of the request that needed it first.
    pub correlation_id: CorrelationId,
}

/// An answer with the times and the epoch it belongs to.
struct Fetched {
    response: Response,
    fields: Vec<(String, String)>,
    sent_at: UnixMillis,
    received_at: UnixMillis,
    epoch: Option<u64>,
    is_collapsed: bool,
}

impl Job {
    /// Asks the origin, and takes the answer into memory.
    pub async fn run(&self, env: &worker::Env) -> OriginFact {
        let outcome = self.fetch(env, platform::now()).await;
        if let Some(is_away) = Self::tells_away(&outcome, self.has_fallback) {
            self.isolate.note_origin(route_of(&self.path), is_away, platform::now());
        }
        outcome
    }

    /// Whether the origin is away, as far as an outcome tells. A 5xx that is passed on does not say that it is there
    /// again; and as a single URL may bring it about, it does not say either that a whole route shall be served stale.
    fn tells_away(outcome: &OriginFact, has_fallback: bool) -> Option<bool> {
        match outcome {
            // Heard of in another isolate, to which it was passed on.
            OriginFact::Failed(Failure::ServerError) if !has_fallback => None,
            OriginFact::Failed(_) => Some(true),
            OriginFact::Passed(passed) if is_failure(passed.status) => None,
            OriginFact::Passed(_) | OriginFact::Kept(..) => Some(false),
        }
    }

    /// What it means for those who watch.
    pub fn ended(fact: &OriginFact) -> underway::Outcome {
        let control = RequestControl::default();
        match fact {
            OriginFact::Kept(entry, _)
                if entry.stored().reuse(platform::now(), &control, None).0 == Reuse::Fresh =>
            {
                underway::Outcome::Stored
            }
            // Its body is a stream for the one who asked, but that the origin fails concerns all.
            OriginFact::Passed(passed) if is_failure(passed.status) => {
                underway::Outcome::Failed(Failure::ServerError)
            }
            OriginFact::Kept(..) | OriginFact::Passed(_) => underway::Outcome::NotShared,
            OriginFact::Failed(failure) => underway::Outcome::Failed(*failure),
        }
    }

    /// What is left to do for an answer that was kept: packing it, and KV, which only the one that fetched it writes.
    pub async fn settle(&self, entry: Rc<Entry>, is_own: bool, env: &worker::Env) {
        let header = |name: &str| self.headers.get(name);
        let mut entry = entry;
        if !self.isolate.is_proxy()
            && let Some(packed) = packed(&entry).await
        {
            entry = Rc::new(packed);
            self.isolate.remember(&self.key, &header, Rc::clone(&entry));
        }
        // Memory holds a newer one, or none because of a change: then KV shall not have this one either.
        let is_newest = self
            .isolate
            .recall(&self.key, &header)
            .is_none_or(|kept| kept.stored().sent_at <= entry.stored().sent_at)
            && self.isolate.is_current(&self.key, &entry);
        let Some(namespace) = binding(env, kv::BINDING) else { return };
        if is_own && is_newest {
            let may = |key: &CacheKey| self.isolate.begin_kv_write(key, platform::now());
            kv::write(&namespace, &self.key, &header, &entry, may).await;
        }
    }

    async fn fetch(&self, env: &worker::Env, begun: UnixMillis) -> OriginFact {
        let Some(Ok(settings)) = self.isolate.settings() else {
            return OriginFact::Failed(Failure::Unreachable);
        };
        if let Some(fact) = self.together(settings, env).await {
            return fact;
        }
        match self.alone(settings, begun).await {
            Ok(fetched) => self.received(fetched).await,
            Err(failure) => OriginFact::Failed(failure),
        }
    }

    async fn received(&self, fetched: Fetched) -> OriginFact {
        if self.has_fallback && SERVER_ERRORS.contains(&fetched.response.status()) {
            return OriginFact::Failed(Failure::ServerError);
        }
        let taken = self.take(fetched).await;
        taken.unwrap_or_else(|error| OriginFact::Failed(upstream::failure(&self.correlation_id, &error)))
    }

    /// With other isolates; nothing where that is not possible, or brings what is not fresh any more.
    async fn together(&self, settings: &Settings, env: &worker::Env) -> Option<OriginFact> {
        let epoch = epochs::known(&self.isolate).filter(|_| self.collapses)?;
        let Outgoing { target, headers, .. } = &self.outgoing;
        let landed = match flight::ask(settings, env, &self.key, target, headers, epoch).await {
            flight::Outcome::Landed(landed) => landed,
            flight::Outcome::Failed(failure) => return Some(OriginFact::Failed(failure)),
            flight::Outcome::Direct => return None,
        };
        let is_collapsed = landed.how != flight::How::Led;
        let times = (landed.sent_at, landed.received_at);
        let fact = match self.fetched(landed.response, times, Some(landed.epoch), is_collapsed) {
            Ok(fetched) => self.received(fetched).await,
            Err(failure) => OriginFact::Failed(failure),
        };
        let is_of_use = !is_collapsed || Self::ended(&fact) != underway::Outcome::NotShared;
        is_of_use.then_some(fact)
    }

    async fn alone(&self, settings: &Settings, begun: UnixMillis) -> Result<Fetched, Failure> {
        let (epoch, sent_at) = (epochs::known(&self.isolate), platform::now());
        // Waiting for another one's fetch has taken of the origin's time.
        let waited = Duration::from_millis(sent_at.since(begun).unsigned_abs());
        let left = upstream::time_limit(settings).saturating_sub(waited);
        let is_raw = self.isolate.is_proxy();
        let response = upstream::send(settings, &self.correlation_id, &self.outgoing, left, is_raw).await?;
        self.fetched(response, (sent_at, platform::now()), epoch, false)
    }

    fn fetched(
        &self,
        response: Response,
        (sent_at, received_at): (UnixMillis, UnixMillis),
        epoch: Option<u64>,
        is_collapsed: bool,
    ) -> Result<Fetched, Failure> {
        let fields =
            upstream::fields(&response).map_err(|error| upstream::failure(&self.correlation_id, &error))?;
        Ok(Fetched { response, fields, sent_at, received_at, epoch, is_collapsed })
    }

    async fn take(&self, fetched: Fetched) -> Result<OriginFact, JsValue> {
        let status = fetched.response.status();
        // Without a validator of ours it is the client's copy that still holds.
        if let (304, Some(checked)) = (status, &self.checked)
            && !checked.stored().validators().is_empty()
        {
            return Ok(OriginFact::Kept(self.renew(checked, &fetched), CacheOutcome::Revalidated));
        }
        let Some(Ok(settings)) = self.isolate.settings() else { return self.pass(&fetched, None) };
        if self.outgoing.method == "HEAD" {
            return self.pass(&fetched, None);
        }
        let max = settings.config.cache.cache_max_body.get();
        let Ok(keeping) = self.terms(status, Fields(&fetched.fields), &fetched) else {
            return self.pass(&fetched, None);
        };
        #[expect(clippy::cast_precision_loss, reason = "at most 10 MiB")]
        let body = JsFuture::from(js::read_up_to(&fetched.response, max as f64)?).await?;
        let Some(buffer) = body.dyn_ref::<ArrayBuffer>() else { return self.pass(&fetched, Some(body)) };
        let bytes = u64::from(buffer.byte_length());
        let handle = if upstream::has_no_body(status) { JsValue::NULL } else { body };
        let mut fields = kept_fields(self.policy(settings), Fields(&fetched.fields));
        if !self.isolate.is_proxy() {
            // The buffer holds the body unpacked.
            fields.retain(|(name, _)| name != "content-encoding");
        }
        let stored = Self::stored(status, fields, keeping, bytes, &fetched);
        let entry = Rc::new(Entry::new(stored, Some(Body { handle, bytes }), None));
        self.isolate.remember(&self.key, &|name| self.headers.get(name), Rc::clone(&entry));
        let outcome = if fetched.is_collapsed { CacheOutcome::Collapsed } else { CacheOutcome::Miss };
        Ok(OriginFact::Kept(entry, outcome))
    }

    /// The stored answer under what the 304 says. Where it may be kept no longer, it still answers this once.
    fn renew(&self, checked: &Rc<Entry>, fetched: &Fetched) -> Rc<Entry> {
        let Some(Ok(settings)) = self.isolate.settings() else { return Rc::clone(checked) };
        let old = checked.stored();
        let fields = freshened(self.policy(settings), Fields(&old.fields), Fields(&fetched.fields));
        let Ok(keeping) = self.terms(old.status, Fields(&fields), fetched) else { return Rc::clone(checked) };
        let stored = Self::stored(old.status, fields, keeping, old.identity_bytes, fetched);
        let entry = Rc::new(checked.renewed(stored));
        self.isolate.remember(&self.key, &|name| self.headers.get(name), Rc::clone(&entry));
        entry
    }

    fn terms(&self, status: u16, fields: Fields<'_>, fetched: &Fetched) -> Result<Keeping, ()> {
        let Some(Ok(settings)) = self.isolate.settings() else { return Err(()) };
        let asked = Asked {
            method: &self.outgoing.method,
            path: &self.path,
            has_authorization: self.has_authorization,
            control: self.control,
        };
        let answered =
            Answered { status, fields, sent_at: fetched.sent_at, received_at: fetched.received_at };
        Keeping::decide(self.policy(settings), &asked, &answered).map_err(drop)
    }

    fn stored(
        status: u16,
        fields: Vec<(String, String)>,
        keeping: Keeping,
        identity_bytes: u64,
        fetched: &Fetched,
    ) -> Stored {
        let slots = slots(Fields(&fields).get("cache-tag"));
        Stored {
            status,
            fields,
            sent_at: fetched.sent_at,
            received_at: fetched.received_at,
            keeping,
            epoch: fetched.epoch.unwrap_or(0),
            slots,
            is_gzip: false,
            identity_bytes,
        }
    }

    fn policy<'a>(&self, settings: &'a Settings) -> Policy<'a> {
        if self.isolate.is_proxy() { Policy::Proxy } else { Policy::Shop(&settings.lifetimes) }
    }

    fn pass(&self, fetched: &Fetched, body: Option<JsValue>) -> Result<OriginFact, JsValue> {
        let passed: Passed = upstream::passed(&fetched.response, body, self.isolate.is_proxy())?;
        Ok(OriginFact::Passed(passed))
    }
}

/// The entry with its body packed as well, where that saves a tenth.
async fn packed(entry: &Entry) -> Option<Entry> {
    let (stored, identity) = (entry.stored(), entry.identity()?);
    let kind = Fields(&stored.fields).get("content-type");
    let mut directives = Fields(&stored.fields).get("cache-control").unwrap_or("").split(',');
    if entry.gzip().is_some()
        || entry.is_problem()
        || directives.any(|directive| directive.trim().eq_ignore_ascii_case("no-transform"))
        || !is_worth_packing(kind, identity.bytes)
    {
        return None;
    }
    let gzip = JsFuture::from(js::gzip(&identity.handle).ok()?).await.ok()?;
    let bytes = u64::from(gzip.dyn_ref::<ArrayBuffer>()?.byte_length());
    has_paid(identity.bytes, bytes).then(|| entry.with_gzip(Body { handle: gzip, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::testing;
    use web_sys::Headers;

    fn passed(status: u16) -> OriginFact {
        let headers = JsValue::NULL.unchecked_into::<Headers>();
        OriginFact::Passed(Passed { status, headers, body: JsValue::NULL })
    }

    #[test]
    fn an_error_that_is_passed_on_neither_ends_nor_begins_an_absence_of_the_origin() {
        let kept = OriginFact::Kept(Rc::new(Entry::new(testing::stored(1), None, None)), CacheOutcome::Miss);
        let failed = OriginFact::Failed;
        for (outcome, has_fallback, told) in [
            (passed(503), false, None),
            (passed(302), false, Some(false)),
            (kept, false, Some(false)),
            (failed(Failure::Timeout), false, Some(true)),
            (failed(Failure::ServerError), false, None),
            (failed(Failure::ServerError), true, Some(true)),
        ] {
            assert_eq!(Job::tells_away(&outcome, has_fallback), told);
        }
    }

    #[test]
    fn a_failure_is_everybodys_and_an_answer_for_one_is_not() {
        assert_eq!(Job::ended(&passed(503)), underway::Outcome::Failed(Failure::ServerError));
        assert_eq!(Job::ended(&passed(302)), underway::Outcome::NotShared);
    }
}
