//! The command line.

mod admin;
mod audit;
mod events;
mod key;
mod sources;

use crate::{
    app::AppState,
    clock::Clock,
    config::{OriginConfig, ProcessEnvironment},
    import,
    pricing::Pricing,
    serve,
    store::Store,
    telemetry,
};
use clap::{Parser, Subcommand};
use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// `EX_USAGE`, what faulty settings end with.
const EXIT_CONFIGURATION: u8 = 64;

/// The origin of VALORA: the catalogue, its prices, and the API over both. Settings come from the environment, and
/// below it from an .env file in the working directory.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests until SIGTERM (also what happens without a command).
    Serve,
    /// Bring in a catalogue with prices: columns `product_id`, name, brand, category and one `SOURCE_price_inr` for
    /// each source. A running origin shows it at once.
    Import {
        /// A .csv or .csv.gz file.
        file: PathBuf,
    },
    /// Make, list and lock out accounts of admins, as only whoever runs this machine may.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Make, list and revoke API keys; print the public keys of access tokens.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Compute the price of every product from what is known, and record those that changed.
    Recompute,
    /// Look at the price sources.
    #[command(subcommand)]
    Sources(SourcesCommand),
    /// Look at events for the edge: list them, send refused ones again, drop them.
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Subcommand)]
enum SourcesCommand {
    /// Ask each source about one product and print what it found; nothing is kept.
    Check {
        /// The product.
        product_id: String,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check every setting and name all that are faulty.
    Check,
}

/// Does what the arguments say.
pub fn run(arguments: Arguments) -> ExitCode {
    let config = match read_config() {
        Ok(config) => config,
        Err(faults) => {
            eprintln!("valora-origin: the configuration is faulty\n{faults}");
            return EXIT_CONFIGURATION.into();
        }
    };
    let done = match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => on_runtime(serve_until_stopped(config)),
        Command::Import { file } => on_runtime(import_file(config, file)),
        Command::Admin(command) => on_runtime(admin::run(config, command)),
        Command::Key(command) => on_runtime(key::run(config, command)),
        Command::Recompute => on_runtime(sources::recompute(config)),
        Command::Sources(SourcesCommand::Check { product_id }) => {
            on_runtime(sources::check(config, product_id))
        }
        Command::Events(command) => on_runtime(events::run(config, command)),
        Command::Config(ConfigCommand::Check) => {
            println!("The configuration is valid.");
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("valora-origin: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read_config() -> Result<OriginConfig, Box<dyn Error>> {
    let source = ProcessEnvironment::with_dotenv(Path::new("."))?;
    Ok(OriginConfig::read(&source)?)
}

fn on_runtime(work: impl Future<Output = Result<(), Box<dyn Error>>>) -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

async fn serve_until_stopped(config: OriginConfig) -> Result<(), Box<dyn Error>> {
    telemetry::start(config.site.log_level);
    let app = AppState::open(config, Clock::System).await?;
    Ok(serve::serve(app).await?)
}

async fn import_file(config: OriginConfig, file: PathBuf) -> Result<(), Box<dyn Error>> {
    // Before a database is made where there is none: a mistyped name leaves nothing behind.
    std::fs::File::open(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let store = Store::open(&config.database.url, &Clock::System).await?;
    let pricing = Pricing::new(&config.prices, Clock::System);
    let summary = import::import_file(&store, &pricing, &file, &mut std::io::stderr()).await?;
    println!("{summary}; into {}", config.database.url);
    store.close().await;
    Ok(())
}
