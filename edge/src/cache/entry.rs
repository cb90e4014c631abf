//! One stored response with the handles of its body.

use crate::{js, respond::EdgeHeaders};
use std::cell::{Cell, OnceCell};
use valora_shared::{
    cache::{Fields, Stored, is_worth_packing},
    events::PurgeMode,
    problem::CONTENT_TYPE,
    time::UnixMillis,
};
use wasm_bindgen::JsValue;
use web_sys::Response;

/// Bytes counted for an entry beside its body and fields: handles and bookkeeping.
const OVERHEAD_BYTES: u64 = 2_048;

/// A handle of a body (an `ArrayBuffer` or `Uint8Array`): it never enters wasm memory.
#[derive(Clone)]
pub struct Body {
    /// The handle.
    pub handle: JsValue,
    /// Its length.
    pub bytes: u64,
}

/// A response kept for many requests. Nothing of it ever changes; another coding of its body makes another entry.
pub struct Entry {
    stored: Stored,
    identity: Option<Body>,
    gzip: Option<Body>,
    weight: u64,
    /// `{status, headers}` with every header that is the same for all requests; making it costs more than a HIT may
    /// (edge-costs), so it is made once for each of: plain or with CORS headers, identity or gzip.
    kept: [OnceCell<JsValue>; 4],
    /// The last verdict of the purges, and the epoch it was made at.
    verdict: Cell<(u64, Option<PurgeMode>)>,
}

impl Entry {
    /// An entry around one coding of its body, or both.
    pub fn new(stored: Stored, identity: Option<Body>, gzip: Option<Body>) -> Self {
        let of_fields: usize = stored.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let bytes = |body: &Option<Body>| body.as_ref().map_or(0, |body| body.bytes);
        let weight = [bytes(&identity), bytes(&gzip), u64::try_from(of_fields).unwrap_or(u64::MAX)]
            .into_iter()
            .fold(OVERHEAD_BYTES, u64::saturating_add);
        let epoch = stored.epoch;
        Self { stored, identity, gzip, weight, kept: Default::default(), verdict: Cell::new((epoch, None)) }
    }

    /// The same with its body in identity, too.
    #[must_use]
    pub fn with_identity(&self, handle: JsValue) -> Self {
        let body = Body { handle, bytes: self.stored.identity_bytes };
        Self::new(self.stored.clone(), Some(body), self.gzip.clone())
    }

    /// The same with its body packed, too.
    #[must_use]
    pub fn with_gzip(&self, body: Body) -> Self {
        Self::new(self.stored.clone(), self.identity.clone(), Some(body))
    }

    /// The same body under what a 304 has said.
    #[must_use]
    pub fn renewed(&self, stored: Stored) -> Self {
        Self::new(stored, self.identity.clone(), self.gzip.clone())
    }

    /// All about it but its body.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// The body as the origin sent it, where it is at hand.
    pub fn identity(&self) -> Option<&Body> {
        self.identity.as_ref()
    }

    /// The body packed, where that was worth it.
    pub fn gzip(&self) -> Option<&Body> {
        self.gzip.as_ref()
    }

    /// Whether clients may get it in one coding or the other, now or later.
    pub fn has_codings(&self) -> bool {
        let kind = Fields(&self.stored.fields).get("content-type");
        self.gzip.is_some() || is_worth_packing(kind, self.stored.identity_bytes)
    }

    /// Whether it is an error whose body shows the correlation id of the request that it answers.
    pub fn is_problem(&self) -> bool {
        self.stored.status >= 400
            && Fields(&self.stored.fields)
                .get("content-type")
                .is_some_and(|kind| kind.starts_with(CONTENT_TYPE))
    }

    /// Bytes it takes.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// What the purges up to `epoch` make of it; `judge` is asked once per epoch.
    pub fn purged(&self, epoch: u64, judge: impl FnOnce(&Stored) -> Option<PurgeMode>) -> Option<PurgeMode> {
        let (known, verdict) = self.verdict.get();
        if epoch <= known {
            return verdict;
        }
        let verdict = judge(&self.stored);
        self.verdict.set((epoch, verdict));
        verdict
    }

    /// The response for one request that takes all of it. `None` where the coding is not at hand.
    ///
    /// # Errors
    /// What JavaScript threw.
    pub fn send(
        &self,
        edge: &EdgeHeaders<'_>,
        gzip: bool,
        correlation_id: &str,
        now: UnixMillis,
        origin: Option<&str>,
    ) -> Result<Option<Response>, JsValue> {
        let body = if gzip { &self.gzip } else { &self.identity };
        let Some(body) = body else { return Ok(None) };
        let [plain, cors, plain_gzip, cors_gzip] = &self.kept;
        let kept = match (gzip, origin.is_some()) {
            (false, false) => plain,
            (false, true) => cors,
            (true, false) => plain_gzip,
            (true, true) => cors_gzip,
        };
        let init = if let Some(init) = kept.get() {
            init
        } else {
            let lines = edge.over_stored(self, gzip);
            let init = js::kept_init(self.stored.status, lines.names(), lines.values())?;
            kept.get_or_init(|| init)
        };
        #[expect(clippy::cast_precision_loss, reason = "seconds and counts, far below 2^53")]
        let (ttl, epoch) = (
            self.stored.fresh_ms(now).div_euclid(1000) as f64,
            edge.epoch().map_or(-1.0, |epoch| epoch as f64),
        );
        let age = self.stored.age_seconds(now);
        let remaining = edge.remaining();
        let remaining = remaining.as_deref();
        js::send_kept(&body.handle, init, correlation_id, age, ttl, epoch, origin, remaining).map(Some)
    }
}
