//! `valora-origin events`.

use super::audit;
use crate::{
    clock::Clock,
    config::OriginConfig,
    store::{Store, events},
};
use clap::{Args, Subcommand, ValueEnum};
use std::error::Error;

#[derive(Debug, Subcommand)]
pub(super) enum EventsCommand {
    /// List events for the edge, the oldest first.
    List {
        /// Which.
        #[arg(long, value_enum, default_value_t = State::Pending)]
        state: State,
        /// The most that are listed.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Send refused events again.
    Retry(Which),
    /// Delete an event, or all that were refused; the edge is never told.
    Drop(Which),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum State {
    /// Not with the edge yet.
    Pending,
    /// Set aside.
    Refused,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// One event.
    id: Option<String>,
    /// All that were refused.
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(config: OriginConfig, command: EventsCommand) -> Result<(), Box<dyn Error>> {
    let store = Store::open(&config.database.url, &Clock::System).await?;
    let done = match command {
        EventsCommand::List { state, limit } => list(&store, state, limit).await,
        EventsCommand::Retry(which) => retry(&store, which).await,
        EventsCommand::Drop(which) => delete(&store, which).await,
    };
    store.close().await;
    done
}

async fn list(store: &Store, state: State, limit: u32) -> Result<(), Box<dyn Error>> {
    let state = match state {
        State::Pending => "pending",
        State::Refused => "refused",
    };
    let now = Clock::System.now();
    for event in events::list(&mut *store.read().await?, state, limit).await? {
        let age = now.since(event.created_at) / 1_000;
        let (product, error) = (event.product_id.as_deref(), event.error.as_deref());
        println!(
            "{}\t{}\tproduct {}\t{age} s old\t{} attempts\t{}",
            event.id,
            event.kind,
            product.unwrap_or("-"),
            event.attempts,
            error.unwrap_or("-")
        );
    }
    Ok(())
}

async fn retry(store: &Store, which: Which) -> Result<(), Box<dyn Error>> {
    let mut db = store.write().await?;
    let count = events::retry(&mut db, which.id.as_deref()).await?;
    if let (0, Some(id)) = (count, &which.id) {
        return Err(format!("there is no refused event {id}").into());
    }
    audit::record(&mut db, format!("events retry {}", which.id.as_deref().unwrap_or("--all"))).await?;
    db.commit().await?;
    println!("{count} events are pending again.");
    Ok(())
}

async fn delete(store: &Store, which: Which) -> Result<(), Box<dyn Error>> {
    let mut db = store.write().await?;
    let count = match &which.id {
        Some(id) => events::drop_one(&mut db, id).await?,
        None => events::drop_all_refused(&mut db).await?,
    };
    if let (0, Some(id)) = (count, &which.id) {
        return Err(format!("there is no event {id}").into());
    }
    audit::record(&mut db, format!("events drop {}", which.id.as_deref().unwrap_or("--all"))).await?;
    db.commit().await?;
    println!("Dropped {count} events.");
    Ok(())
}
