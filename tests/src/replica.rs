//! An origin by itself, past which there is no edge; any number of them on one database.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xtask::paths;

use crate::client::Client;
use crate::until::until;

/// Opens the admin routes of every replica.
pub const ADMIN_TOKEN: &str = "7b1e0c94d25f48a3b6c8e0f1a9d37254";

/// A running origin; ends when it is dropped.
#[derive(Debug)]
pub struct Replica {
    child: Child,
    client: Client,
}

impl Replica {
    /// On the database in `folder`, where its log is, too, called `name`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(folder: &Path, name: &str, settings: &[(&str, &str)]) -> Result<Self> {
        let path = folder.join(format!("{name}.log"));
        let log = File::create(&path)?;
        let mut child = Command::new(paths::target().join("debug/valora-origin"))
            .arg("serve")
            .current_dir(folder)
            .env("DATABASE_URL", format!("sqlite:///{}", folder.join("valora.db").display()))
            .env("BIND_ADDRESS", "127.0.0.1:0")
            .env("PRICE_POLL_INTERVAL_SECONDS", "0")
            .env("ADMIN_TOKEN", ADMIN_TOKEN)
            // For tests that are about something else.
            .envs(["MINUTE", "HOUR", "DAY"].map(|window| (format!("RATE_LIMIT_PER_{window}"), "16777215")))
            .env("RATE_LIMIT_TIERS", "admin=16777215")
            .envs(settings.iter().copied())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()
            .context("the origin is not built")?;
        let listens = until("the origin listened", Duration::from_secs(20), || {
            let text = std::fs::read_to_string(&path)?;
            ensure!(child.try_wait()?.is_none(), "the origin ended: {text}");
            Ok(text.lines().find_map(address))
        });
        match listens.and_then(|address| Client::new(format!("http://{address}"))) {
            Ok(client) => Ok(Self { child, client }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }

    /// Asks it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Changes the name of product 1, as an admin.
    ///
    /// # Errors
    /// When it is not changed.
    pub fn rename(&self, name: &str) -> Result<()> {
        let request = self.client.request("PATCH", "/api/products/1");
        let request = request.header("authorization", &format!("Bearer {ADMIN_TOKEN}"));
        let body = serde_json::json!({"name": name}).to_string();
        let answer = request.header("content-type", "application/json").body(body).send()?;
        ensure!(answer.status == 200, "{}", answer.shown());
        Ok(())
    }

    /// How its cache did.
    ///
    /// # Errors
    /// When it does not say.
    pub fn cache_stats(&self) -> Result<Value> {
        let request = self.client.request("GET", "/api/admin/cache/stats");
        request.header("authorization", &format!("Bearer {ADMIN_TOKEN}")).send()?.json()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // One that is gone already is fine.
    let _ = child.kill();
    let _ = child.wait();
}

/// The line of the log says where it listens.
fn address(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    (line["message"] == "listening").then(|| line["address"].as_str().map(str::to_owned)).flatten()
}
