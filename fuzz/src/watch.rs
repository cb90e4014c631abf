//! A thread that ends the program when one input never ends.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No parser needs so long for 4 KiB, however busy the machine is.
const LIMIT: Duration = Duration::from_secs(10);

/// What runs at the moment, and since when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Option<Running>>>);

type Running = (Instant, Vec<u8>);

impl Watch {
    /// Starts the thread. A hanging input is written to `file`.
    pub(crate) fn start(file: PathBuf) -> Self {
        let watch = Self::default();
        let other = watch.clone();
        std::thread::spawn(move || {
            // Ends with the last other handle.
            while Arc::strong_count(&other.0) > 1 {
                std::thread::sleep(Duration::from_millis(500));
                let running = other.0.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((since, input)) = running.as_ref()
                    && since.elapsed() > LIMIT
                {
                    eprintln!("an input runs for more than {} s: {}", LIMIT.as_secs(), file.display());
                    let _ = std::fs::write(&file, input);
                    std::process::exit(1);
                }
            }
        });
        watch
    }

    pub(crate) fn begin(&self, input: &[u8]) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *running = Some((Instant::now(), input.to_vec()));
    }

    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
