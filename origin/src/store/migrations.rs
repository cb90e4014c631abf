//! The tables, from `migrations/` at the root, which holds the rules.

use super::{Result, StoreError};
use sqlx::{
    AssertSqlSafe, SqlSafeStr, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use std::time::Duration;

/// Number, name, text; append only.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "catalogue", include_str!("../../../migrations/0001_catalogue.sql")),
    (2, "accounts", include_str!("../../../migrations/0002_accounts.sql")),
    (3, "sources", include_str!("../../../migrations/0003_sources.sql")),
    (4, "border", include_str!("../../../migrations/0004_border.sql")),
    (5, "events", include_str!("../../../migrations/0005_events.sql")),
    (6, "purges", include_str!("../../../migrations/0006_purges.sql")),
];

/// Two processes (a server and an import) may meet at a fresh database. The one that comes second fails on what
/// the first just made, and finds it done when it looks again.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

pub(super) async fn run(pool: &SqlitePool) -> Result<()> {
    let migrator = Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|&(version, name, sql)| {
                let sql = AssertSqlSafe(sql).into_sql_str();
                Migration::new(version, name.into(), MigrationType::Simple, sql, false)
            })
            .collect(),
    );
    let mut attempt = 1;
    loop {
        match migrator.run(pool).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(StoreError::Migration(error)),
        }
    }
}
