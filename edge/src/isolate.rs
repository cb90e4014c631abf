//! What one isolate knows between requests. Data only: a request never waits for another one's I/O here, and no
//! borrow lives across an await.

use crate::{
    audit::Queue,
    beat::Beat,
    cache::{
        Entry, MemoryTier, Notes,
        memory::Header,
        underway::{State, Underway},
    },
    limit::Purses,
    settings::Settings,
    stats::Stats,
};
use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};
use valora_shared::{
    cache::CacheKey,
    config::{EdgeMode, Faults},
    hub::Report,
    time::UnixMillis,
};

/// For so long a failing origin is not asked again where a stored answer can stand in.
const AWAY_MS: i64 = 5_000;
/// For so long a key's value in KV that was purged is not read again: another place may see an old one for a minute.
const KV_TOO_OLD_MS: i64 = 60_000;
/// KV takes one write a second and key, and no entry changes that often for long.
const KV_WRITE_EVERY_MS: i64 = 5_000;

/// The isolate's knowledge: nothing before the first request has brought the bindings.
#[derive(Default)]
pub struct Isolate(OnceCell<Result<Ready, Faults>>);

struct Ready {
    settings: Settings,
    memory: RefCell<MemoryTier>,
    beat: RefCell<Beat>,
    audit: RefCell<Queue>,
    notes: RefCell<CacheNotes>,
    underway: RefCell<Underway>,
    purses: RefCell<Purses>,
    stats: RefCell<Stats>,
}

/// What is remembered about keys and routes.
#[derive(Default)]
struct CacheNotes {
    kv_too_old: Notes,
    kv_written: Notes,
    origin_away: Notes,
}

impl Isolate {
    /// Takes the settings, the first time only. `seed` is random, and no client knows it.
    pub fn ensure_settings(&self, read: impl FnOnce() -> Result<Settings, Faults>, seed: impl Fn() -> u64) {
        self.0.get_or_init(|| {
            let settings = read()?;
            let capacity = settings.config.cache.cache_memory_bytes.get();
            let memory = RefCell::new(MemoryTier::new(capacity, seed()));
            Ok(Ready {
                settings,
                memory,
                beat: RefCell::default(),
                audit: RefCell::default(),
                notes: RefCell::default(),
                underway: RefCell::default(),
                purses: RefCell::default(),
                stats: RefCell::new(Stats::new(seed())),
            })
        });
    }

    /// The settings, once a request has brought the bindings.
    pub fn settings(&self) -> Option<Result<&Settings, &Faults>> {
        self.0.get().map(|ready| ready.as_ref().map(|ready| &ready.settings))
    }

    /// Whether the edge is a plain HTTP cache.
    pub fn is_proxy(&self) -> bool {
        self.settings().and_then(Result::ok).is_some_and(|s| s.config.cache.edge_mode == EdgeMode::Proxy)
    }

    /// The entry kept in memory for a request, whatever it is still worth.
    pub fn recall(&self, key: &CacheKey, header: Header<'_>) -> Option<Rc<Entry>> {
        self.ready()?.memory.borrow().get(key, header)
    }

    /// Keeps an entry, as far as memory allows.
    pub fn remember(&self, key: &CacheKey, header: Header<'_>, entry: Rc<Entry>) {
        if let Some(ready) = self.ready() {
            ready.memory.borrow_mut().insert(key, header, entry);
        }
    }

    /// Something was changed through us; it is marked where memory holds it, or in any case.
    pub fn changed(&self, key: &CacheKey, now: UnixMillis, in_any_case: bool) {
        let Some(ready) = self.ready() else { return };
        let mut memory = ready.memory.borrow_mut();
        if in_any_case || memory.holds(key) {
            memory.change(key, now);
        }
    }

    /// Whether nothing was changed through us since an entry was asked for.
    pub fn is_current(&self, key: &CacheKey, entry: &Entry) -> bool {
        self.ready().is_some_and(|ready| ready.memory.borrow().is_current(key, entry.stored().sent_at))
    }

    /// Whether the origin has failed on a route a moment ago.
    pub fn is_origin_away(&self, route: &str, now: UnixMillis) -> bool {
        self.ready().is_some_and(|ready| ready.notes.borrow().origin_away.holds(route, now))
    }

    /// The origin has failed, or answered again.
    pub fn note_origin(&self, route: &str, is_away: bool, now: UnixMillis) {
        let Some(ready) = self.ready() else { return };
        let away = &mut ready.notes.borrow_mut().origin_away;
        if is_away {
            away.set(route, now.after(AWAY_MS), now);
        } else {
            away.clear(route);
        }
    }

    /// Whether a fetch for a key is under way, or nobody may share one.
    pub fn is_being_filled(&self, key: &CacheKey, now: UnixMillis) -> bool {
        self.with_underway(|underway| underway.state(key, now) != State::Idle).unwrap_or(false)
    }

    /// Whether KV's value of a key is known to be out of date.
    pub fn is_kv_too_old(&self, key: &CacheKey, now: UnixMillis) -> bool {
        self.ready().is_some_and(|ready| ready.notes.borrow().kv_too_old.holds(key.as_str(), now))
    }

    /// KV's value of a key is out of date.
    pub fn note_kv_too_old(&self, key: &CacheKey, now: UnixMillis) {
        if let Some(ready) = self.ready() {
            ready.notes.borrow_mut().kv_too_old.set(key.as_str(), now.after(KV_TOO_OLD_MS), now);
        }
    }

    /// Whether a key may be written to KV now; the caller then writes it.
    pub fn begin_kv_write(&self, key: &CacheKey, now: UnixMillis) -> bool {
        let Some(ready) = self.ready() else { return false };
        let written = &mut ready.notes.borrow_mut().kv_written;
        let may = !written.holds(key.as_str(), now);
        if may {
            written.set(key.as_str(), now.after(KV_WRITE_EVERY_MS), now);
        }
        may
    }

    /// What the last beat brought; `f` must not come back here.
    pub fn with_beat<T>(&self, f: impl FnOnce(&mut Beat) -> T) -> Option<T> {
        let ready = self.0.get()?.as_ref().ok()?;
        Some(f(&mut ready.beat.borrow_mut()))
    }

    /// Audit entries that wait for the Hub; `f` must not come back here.
    pub fn with_audit<T>(&self, f: impl FnOnce(&mut Queue) -> T) -> Option<T> {
        let ready = self.0.get()?.as_ref().ok()?;
        Some(f(&mut ready.audit.borrow_mut()))
    }

    /// What is being fetched; `f` must not come back here.
    pub fn with_underway<T>(&self, f: impl FnOnce(&mut Underway) -> T) -> Option<T> {
        Some(f(&mut self.ready()?.underway.borrow_mut()))
    }

    /// What clients have in hand; `f` must not come back here.
    pub fn with_purses<T>(&self, f: impl FnOnce(&mut Purses) -> T) -> Option<T> {
        Some(f(&mut self.ready()?.purses.borrow_mut()))
    }

    /// What the cache did; `f` must not come back here.
    pub fn with_stats<T>(&self, f: impl FnOnce(&mut Stats) -> T) -> Option<T> {
        Some(f(&mut self.ready()?.stats.borrow_mut()))
    }

    /// What the Hub is to be told now of what the cache did.
    pub fn begin_report(&self, now: UnixMillis) -> Option<Report> {
        let ready = self.ready()?;
        let (entries, bytes) = ready.memory.borrow().size();
        ready.stats.borrow_mut().begin(now, entries, bytes)
    }

    fn ready(&self) -> Option<&Ready> {
        self.0.get()?.as_ref().ok()
    }
}

thread_local! {
    static ISOLATE: Rc<Isolate> = Rc::new(Isolate::default());
}

/// The isolate this code runs in.
pub fn current() -> Rc<Isolate> {
    ISOLATE.with(Rc::clone)
}
