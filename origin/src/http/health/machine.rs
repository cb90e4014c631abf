//! The machine under the origin.

use crate::{app::AppState, config::DatabaseUrl};
use serde_json::{Value, json};
use std::{path::Path, sync::PoisonError};
use sysinfo::{Disks, MemoryRefreshKind};
use valora_shared::wire::System;

/// Looks, off the async threads: a disk that hangs must not stop requests.
pub(super) async fn look(app: &AppState) -> System {
    let app = app.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let mut system = app.system.lock().unwrap_or_else(PoisonError::into_inner);
        let (memory, cpu) = system.as_mut().map_or((Value::Null, Value::Null), memory_and_cpu);
        System { memory, cpu, disk: disk(&app.config.database.url).unwrap_or(Value::Null) }
    });
    looked.await.unwrap_or(System { memory: Value::Null, cpu: Value::Null, disk: Value::Null })
}

fn memory_and_cpu(system: &mut sysinfo::System) -> (Value, Value) {
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    system.refresh_cpu_usage();
    let (total, available) = (system.total_memory(), system.available_memory());
    (
        json!({ "total_bytes": total, "used_bytes": total.saturating_sub(available) }),
        // The use since the look before; the first one measures nothing yet.
        json!({ "count": system.cpus().len(), "usage_percent": tenths(system.global_cpu_usage()) }),
    )
}

#[expect(clippy::float_arithmetic, reason = "a processor's use, no money")]
fn tenths(percent: f32) -> f64 {
    (f64::from(percent) * 10.0).round() / 10.0
}

/// The disk that the database is on.
fn disk(url: &DatabaseUrl) -> Option<Value> {
    let DatabaseUrl::File(path) = url else { return None };
    let path = path.canonicalize().ok()?;
    let disks = Disks::new_with_refreshed_list().ok()?;
    let depth = |mount: &Path| path.starts_with(mount).then_some(mount.as_os_str().len());
    let mounted = disks.iter().filter_map(|disk| Some((depth(disk.mount_point())?, disk)));
    let (_, disk) = mounted.max_by_key(|(depth, _)| *depth)?;
    let (total, free) = (disk.total_space(), disk.available_space());
    Some(json!({ "total_bytes": total, "used_bytes": total.saturating_sub(free) }))
}
