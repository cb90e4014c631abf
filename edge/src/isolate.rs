//! What one isolate knows between requests. Data only: a request never waits for another one's I/O here, and no
//! borrow lives across an await.

use crate::{
    audit::Queue,
    beat::Beat,
    cache::{Entry, MemoryTier},
    settings::Settings,
};
use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};
use valora_shared::{cache::CacheKey, config::Faults};

/// The isolate's knowledge: nothing before the first request has brought the bindings.
#[derive(Default)]
pub struct Isolate(OnceCell<Result<Ready, Faults>>);

struct Ready {
    settings: Settings,
    memory: RefCell<MemoryTier>,
    beat: RefCell<Beat>,
    audit: RefCell<Queue>,
}

impl Isolate {
    /// Takes the settings, the first time only. `seed` is random, and no client knows it.
    pub fn ensure_settings(
        &self,
        read: impl FnOnce() -> Result<Settings, Faults>,
        seed: impl FnOnce() -> u64,
    ) {
        self.0.get_or_init(|| {
            let settings = read()?;
            let capacity = settings.config.cache.cache_memory_bytes.get();
            let memory = RefCell::new(MemoryTier::new(capacity, seed()));
            Ok(Ready { settings, memory, beat: RefCell::default(), audit: RefCell::default() })
        });
    }

    /// The settings, once a request has brought the bindings.
    pub fn settings(&self) -> Option<Result<&Settings, &Faults>> {
        self.0.get().map(|ready| ready.as_ref().map(|ready| &ready.settings))
    }

    /// An entry kept in memory, fresh or not.
    pub fn recall(&self, key: &CacheKey) -> Option<Rc<Entry>> {
        self.memory()?.borrow().get(key)
    }

    /// Keeps an entry, as far as memory allows.
    pub fn remember(&self, key: CacheKey, entry: Rc<Entry>) {
        if let Some(memory) = self.memory() {
            memory.borrow_mut().insert(key, entry);
        }
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

    fn memory(&self) -> Option<&RefCell<MemoryTier>> {
        self.0.get()?.as_ref().ok().map(|ready| &ready.memory)
    }
}

thread_local! {
    static ISOLATE: Rc<Isolate> = Rc::new(Isolate::default());
}

/// The isolate this code runs in.
pub fn current() -> Rc<Isolate> {
    ISOLATE.with(Rc::clone)
}
