//! Purges of the origin's own response cache. Every replica reads the same ones, and what it keeps bears the epoch that
//! it knew when it asked the database, so a purge needs to be told to nobody: it is a row in the change's transaction.

use super::{Connection, Result, Store, counters};
use crate::clock::random_bytes;
use valora_shared::{
    cache::{Epochs, PurgeTarget, slot_of},
    events::PurgeMode,
};

/// So many rows are made one. Whoever has read up to a row between them reads the one that stands for all.
const FOLD_EVERY: i64 = 256;

/// Purges what bears one of `tags`, in the caller's transaction, which has the write lock. Whoever keeps it fetches it
/// anew.
///
/// # Errors
/// [`super::StoreError`].
pub async fn tags(db: &mut Connection, tags: &[String]) -> Result<()> {
    let mark = |epochs: &mut Epochs| {
        for tag in tags {
            epochs.purge_slot(slot_of(tag), PurgeMode::Revalidate);
        }
    };
    write(db, mark).await.map(|_| ())
}

/// The same for what an admin names; gives the epoch.
///
/// # Errors
/// [`super::StoreError`].
pub async fn target(db: &mut Connection, target: &PurgeTarget, mode: PurgeMode) -> Result<u64> {
    write(db, |epochs: &mut Epochs| epochs.purge(target, mode)).await
}

/// What was purged after `epoch`, as parts of a table; in any order they come to the same.
///
/// # Errors
/// [`super::StoreError`].
pub async fn since(db: &mut Connection, epoch: u64) -> Result<Vec<String>> {
    let query = sqlx::query_scalar("SELECT part FROM purges WHERE epoch > $1");
    Ok(query.bind(i64::try_from(epoch).unwrap_or(i64::MAX)).fetch_all(db).await?)
}

/// A number of this database alone, made when it is first asked for: so databases can share a Redis.
///
/// # Errors
/// [`super::StoreError`].
pub async fn database_number(store: &Store) -> Result<i64> {
    const READ: &str = "SELECT value FROM counters WHERE name = 'database'";
    let known = sqlx::query_scalar(READ).fetch_optional(&mut *store.read().await?).await?;
    if let Some(number) = known {
        // Known without the write lock, which an import may hold for seconds.
        return Ok(number);
    }
    let random = random_bytes::<8>().map_err(sqlx::Error::Io)?;
    // Positive, and below what JSON readers mangle.
    let random = i64::from_be_bytes(random) & ((1 << 53) - 1);
    let make =
        sqlx::query("INSERT INTO counters (name, value) VALUES ('database', $1) ON CONFLICT DO NOTHING");
    let mut db = store.write().await?;
    make.bind(random).execute(&mut *db).await?;
    let number = sqlx::query_scalar(READ).fetch_one(&mut *db).await?;
    db.commit().await?;
    Ok(number)
}

async fn write(db: &mut Connection, mark: impl FnOnce(&mut Epochs)) -> Result<u64> {
    let number = counters::next(db, "purges").await?;
    let epoch = u64::try_from(number).unwrap_or(0);
    let mut epochs = Epochs::at(epoch);
    mark(&mut epochs);
    put(db, number, &epochs).await?;
    if number % FOLD_EVERY == 0 {
        fold(db, number).await?;
    }
    Ok(epoch)
}

async fn fold(db: &mut Connection, number: i64) -> Result<()> {
    // As of now: what is merged into it is older.
    let mut all = Epochs::at(u64::try_from(number).unwrap_or(0));
    for part in since(db, 0).await? {
        if all.merge_part(&part).is_err() {
            // Nobody but this module writes here; should it ever be unreadable, everything counts as purged.
            all.purge(&PurgeTarget::Everything, PurgeMode::Revalidate);
        }
    }
    sqlx::query("DELETE FROM purges").execute(&mut *db).await?;
    put(db, number, &all).await
}

async fn put(db: &mut Connection, number: i64, epochs: &Epochs) -> Result<()> {
    let query = sqlx::query("INSERT INTO purges (epoch, part) VALUES ($1, $2)");
    query.bind(number).bind(epochs.to_part()).execute(db).await?;
    Ok(())
}
