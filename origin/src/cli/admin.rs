//! `valora-origin admin`.

use super::audit;
use crate::{
    accounts::Passwords,
    clock::Clock,
    config::OriginConfig,
    store::{
        Store,
        users::{self, NewUser, Taken},
    },
};
use clap::Subcommand;
use std::{
    error::Error,
    io::{self, IsTerminal},
};
use valora_shared::account::{Email, Password, Role, Username};

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Make an account of role admin. The password is asked for, or read as one line from standard input where that is
    /// no terminal; never from the arguments, which every user of the machine can see.
    Create {
        /// 3 to 50 letters, digits and `_`.
        username: String,
        /// Its mail address.
        email: String,
    },
    /// List the accounts of admins.
    List,
    /// Lock an account out, at once and whatever its role; its tokens are revoked.
    Deactivate {
        /// Its name.
        username: String,
    },
}

/// Rows read at a time.
const PAGE: usize = 500;

pub(super) async fn run(config: OriginConfig, command: AdminCommand) -> Result<(), Box<dyn Error>> {
    match command {
        AdminCommand::Create { username, email } => {
            // All of it before the database is touched.
            let username = Username::parse(&username).map_err(|error| format!("the username {error}"))?;
            let email = Email::parse(&email).map_err(|error| format!("the email {error}"))?;
            let password =
                Password::choose(read_password()?).map_err(|error| format!("the password {error}"))?;
            let store = open(&config).await?;
            create(&store, &username, &email, password).await
        }
        AdminCommand::List => list(&open(&config).await?).await,
        AdminCommand::Deactivate { username } => deactivate(&open(&config).await?, &username).await,
    }
}

async fn open(config: &OriginConfig) -> Result<Store, Box<dyn Error>> {
    Ok(Store::open(&config.database.url, &Clock::System).await?)
}

async fn create(
    store: &Store,
    username: &Username,
    email: &Email,
    password: Password,
) -> Result<(), Box<dyn Error>> {
    let turn = Passwords::default().turn().await.map_err(|_| "there is no room to hash a password")?;
    let hash = turn.hash(password).await.map_err(|_| "the password cannot be hashed")?;
    let mut db = store.write().await?;
    let user = NewUser { username, email, password_hash: &hash, role: Role::Admin };
    match users::insert(&mut db, &user, Clock::System.now()).await? {
        Ok(user) => {
            audit::record(&mut db, format!("admin create {}", user.username)).await?;
            db.commit().await?;
            println!("Created admin {} ({}).", user.username, user.id);
            Ok(())
        }
        Err(Taken::Username) => Err(format!("the username {username} is taken").into()),
        Err(Taken::Email) => Err("the email is taken by another account".into()),
    }
}

async fn list(store: &Store) -> Result<(), Box<dyn Error>> {
    let mut db = store.read().await?;
    let mut after = 0;
    loop {
        let page = users::page(&mut db, after, PAGE).await?;
        for user in page.iter().filter(|user| user.role == Role::Admin) {
            let state = if user.is_active { "active" } else { "deactivated" };
            let (id, name, since) = (user.id, &user.username, user.created_at.to_rfc3339());
            println!("{id}\t{name}\t{state}\tsince {since}");
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.id.0,
            _ => return Ok(()),
        }
    }
}

async fn deactivate(store: &Store, username: &str) -> Result<(), Box<dyn Error>> {
    let mut db = store.write().await?;
    let found = users::find_by_username(&mut db, username).await?;
    let user = found.ok_or_else(|| format!("there is no account {username}"))?;
    users::set_active(&mut db, user.id, false, Clock::System.now()).await?;
    audit::record(&mut db, format!("admin deactivate {}", user.username)).await?;
    db.commit().await?;
    println!("Deactivated {} ({}); its tokens are revoked.", user.username, user.id);
    Ok(())
}

fn read_password() -> io::Result<String> {
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ");
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
