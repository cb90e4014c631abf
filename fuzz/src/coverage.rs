//! Which code an input reached, where the program was compiled to count it (`-C passes=sancov-module`, which the stable
//! compiler takes; `cargo xtask fuzz` does so). Without it nothing is counted, and fuzzing goes on blindly.

use std::sync::Mutex;

/// Counters of one compiled module: one byte for each branch, counted up by the code itself.
struct Region {
    start: *mut u8,
    length: usize,
}

#[expect(unsafe_code, reason = "the counters live as long as the program and are used from one thread")]
// SAFETY: the addresses are of statics; `Seen`, which uses them, is used by the one thread that fuzzes.
unsafe impl Send for Region {}

static REGIONS: Mutex<Vec<Region>> = Mutex::new(Vec::new());

/// Called by each compiled module before `main`.
#[expect(unsafe_code, reason = "the compiler asks for a function of this name")]
#[unsafe(no_mangle)]
pub extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    let length = (stop as usize).saturating_sub(start as usize);
    if let Ok(mut regions) = REGIONS.lock()
        && length > 0
        && !regions.iter().any(|region| region.start == start)
    {
        regions.push(Region { start, length });
    }
}

/// How often each branch was reached so far, in classes: one bit for each of 1, 2, 3, 4–7, 8–15, 16–31, 32–127, more.
#[derive(Debug, Default)]
pub struct Seen(Vec<u8>);

impl Seen {
    /// Runs `work` and says whether it reached a branch, or reached it in another class of times, for the first time.
    pub fn is_new_in<T>(&mut self, work: impl FnOnce() -> T) -> (bool, T) {
        let Ok(mut regions) = REGIONS.lock() else { return (false, work()) };
        for region in regions.iter_mut() {
            counters(region).fill(0);
        }
        let result = work();
        let mut is_new = false;
        let mut from = 0;
        for region in regions.iter_mut() {
            if self.0.len() < from + region.length {
                self.0.resize(from + region.length, 0);
            }
            let seen = self.0.get_mut(from..).unwrap_or_default();
            for (seen, count) in seen.iter_mut().zip(counters(region).iter()).filter(|(_, count)| **count > 0)
            {
                let class = class(*count);
                is_new |= *seen & class == 0;
                *seen |= class;
            }
            from += region.length;
        }
        (is_new, result)
    }

    /// Branches reached so far.
    pub fn reached(&self) -> usize {
        self.0.iter().filter(|classes| **classes != 0).count()
    }
}

/// Whether this program counts.
pub fn is_counted() -> bool {
    REGIONS.lock().is_ok_and(|regions| !regions.is_empty())
}

#[expect(unsafe_code, reason = "the compiler told where the counters are")]
fn counters(region: &mut Region) -> &mut [u8] {
    // SAFETY: the region is a static of that length, and the lock on REGIONS is held by the only caller. The code that
    // counts writes to it, but not while this slice is looked at: no target runs then.
    unsafe { std::slice::from_raw_parts_mut(region.start, region.length) }
}

fn class(count: u8) -> u8 {
    match count {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        4..=7 => 8,
        8..=15 => 16,
        16..=31 => 32,
        32..=127 => 64,
        128.. => 128,
    }
}
