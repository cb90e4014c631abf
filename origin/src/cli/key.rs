//! `valora-origin key`.

use super::audit;
use crate::{
    accounts::{Secrets, TokenKeys},
    clock::Clock,
    config::OriginConfig,
    store::{Store, api_keys},
};
use clap::Subcommand;
use std::error::Error;
use valora_shared::{id::ProductId, time::UnixMillis, trust::ApiKey};

#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make an API key and print it; it cannot be printed again.
    Create {
        /// The source it may tell observations for; without one the key only identifies its owner.
        #[arg(long)]
        source: Option<String>,
        /// Days until it ends.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        days: u32,
    },
    /// List all API keys, without the keys themselves.
    List,
    /// Revoke an API key, at once.
    Revoke {
        /// Its number.
        id: i64,
    },
    /// Print the public keys of access tokens as a JWK Set.
    Public,
    /// Print the secret of API keys that development makes beside the database, as `API_KEY_SECRET` for an edge that is
    /// started by hand. One that is set is not printed.
    Secret,
}

const DAY_SECONDS: i64 = 86_400;

pub(super) async fn run(config: OriginConfig, command: KeyCommand) -> Result<(), Box<dyn Error>> {
    let now = Clock::System.now();
    let store = match command {
        KeyCommand::Public => {
            let keys = TokenKeys::new(&Secrets::of(&config)?, &config.accounts);
            println!("{}", serde_json::to_string(keys.public())?);
            return Ok(());
        }
        KeyCommand::Secret => {
            let secret = Secrets::development_api_keys(&config)?;
            println!("{}", secret.ok_or("API_KEY_SECRET is set: the edge needs the same")?);
            return Ok(());
        }
        _ => Store::open(&config.database.url, &Clock::System).await?,
    };
    match command {
        KeyCommand::Public | KeyCommand::Secret => Ok(()),
        KeyCommand::Create { source, days } => {
            create(&store, &Secrets::of(&config)?, source.as_deref(), days, now).await
        }
        KeyCommand::List => list(&store, now).await,
        KeyCommand::Revoke { id } => revoke(&store, id, now).await,
    }
}

async fn create(
    store: &Store,
    secrets: &Secrets,
    source: Option<&str>,
    days: u32,
    now: UnixMillis,
) -> Result<(), Box<dyn Error>> {
    // A source has the letters of a product's id.
    source.map(ProductId::parse).transpose().map_err(|error| format!("the source {error}"))?;
    let expires_at_seconds = now.0.div_euclid(1_000) + i64::from(days) * DAY_SECONDS;
    let mut db = store.write().await?;
    let id = api_keys::insert(&mut db, source, UnixMillis(expires_at_seconds * 1_000), now).await?;
    audit::record(&mut db, format!("key create {id}")).await?;
    db.commit().await?;
    println!("{}", ApiKey { id, expires_at_seconds }.to_text(&secrets.api_keys));
    Ok(())
}

async fn list(store: &Store, now: UnixMillis) -> Result<(), Box<dyn Error>> {
    for key in api_keys::all(&mut *store.read().await?).await? {
        let state = match key.revoked_at {
            Some(at) => format!("revoked {}", at.to_rfc3339()),
            None if key.expires_at <= now => "expired".to_owned(),
            None => "valid".to_owned(),
        };
        let source = key.source.as_deref().unwrap_or("-");
        println!("{}\t{source}\tuntil {}\t{state}", key.id, key.expires_at.to_rfc3339());
    }
    Ok(())
}

async fn revoke(store: &Store, id: i64, now: UnixMillis) -> Result<(), Box<dyn Error>> {
    let mut db = store.write().await?;
    if !api_keys::revoke(&mut db, id, now).await? {
        return Err(format!("there is no key {id} that is not revoked already").into());
    }
    audit::record(&mut db, format!("key revoke {id}")).await?;
    db.commit().await?;
    println!("Revoked key {id}.");
    Ok(())
}
