//! Two origins share one database and one round of the scheduler; one is killed half-way.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use sqlx::Row as _;
use tokio::runtime::Runtime;
use valora_origin::{clock::Clock, config::DatabaseUrl, store::Store};
use valora_shared::config::Setting as _;
use valora_tests::until::until;
use xtask::paths;

use crate::harness::Test;

const PRODUCTS: usize = 20_000;
/// A fresh database holds these beside what is imported.
const SEED: usize = 26;
/// A replica claims this many products at a time, so a dead one leaves no more behind.
const BATCH: usize = 64;

pub(crate) fn trials() -> Vec<Test> {
    trials![two_origins_share_a_round_and_one_finishes_what_a_killed_one_began]
}

fn two_origins_share_a_round_and_one_finishes_what_a_killed_one_began() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let catalogue = folder.path().join("catalogue.csv");
    std::fs::write(&catalogue, rows())?;
    let imported = origin(folder.path()).arg("import").arg(&catalogue).output()?;
    ensure!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let database = Database::open(folder.path())?;
    database.run(
        "INSERT INTO polls (product_id, due_at_ms, claimed_until_ms, claimed_by, asked_at_ms, failures) \
         SELECT product_id, 0, 0, '', 0, 0 FROM products",
    )?;

    let shop = Shop::open()?;
    let mut one = Replica::start(folder.path(), &shop, "one")?;
    let _other = Replica::start(folder.path(), &shop, "other")?;
    until("half of the products were asked for", Duration::from_mins(5), || {
        Ok((shop.asked() >= PRODUCTS / 2).then_some(()))
    })?;
    // SIGKILL: nothing is given back.
    one.0.kill()?;
    one.0.wait()?;
    let open = "SELECT COUNT(*) AS n FROM polls WHERE due_at_ms = 0 AND claimed_until_ms = 0";
    until("the other did all that was free", Duration::from_mins(5), || {
        Ok((database.count(open)? == 0).then_some(()))
    })?;
    // What it does at this moment will be done in seconds; what the dead one had, only when its claims are over.
    let undone: BTreeSet<String> =
        database.ids("SELECT product_id AS id FROM polls WHERE due_at_ms = 0")?.into_iter().collect();
    ensure!(undone.len() <= 2 * BATCH, "{} products are claimed", undone.len());
    until("the dead one's products were done", Duration::from_mins(4), || {
        Ok((database.count("SELECT COUNT(*) AS n FROM polls WHERE due_at_ms = 0")? == 0).then_some(()))
    })?;

    let by = shop.by();
    ensure!(by["one"].len() > PRODUCTS / 5 && by["other"].len() > PRODUCTS / 5, "one did nearly all");
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for id in by.values().flatten() {
        *times.entry(id).or_default() += 1;
    }
    ensure!(times.len() == PRODUCTS + SEED, "{} products were asked for", times.len());
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).map(|(id, _)| *id).collect();
    let excused = twice.iter().all(|id| undone.contains(*id));
    ensure!(excused && twice.len() <= BATCH, "asked for twice without need: {twice:?}");
    // Recorded once each, whoever did it, and never by both.
    let recorded = database.count("SELECT COUNT(*) AS n FROM prices")?;
    ensure!(recorded == i64::try_from(PRODUCTS + SEED)?, "{recorded} prices are on record");
    let again = database.count("SELECT COUNT(*) AS n FROM products WHERE seq <> 1")?;
    ensure!(again == 0, "{again} products have not exactly one price");
    Ok(())
}

fn rows() -> String {
    let mut rows = "product_id,name,brand,category,flipkart_price_inr\n".to_owned();
    for number in 0..PRODUCTS {
        // Writing to a String cannot fail.
        let _ = writeln!(rows, "p{number},Product {number},Brand,Category,1000");
    }
    rows
}

fn origin(folder: &Path) -> Command {
    let mut origin = Command::new(paths::target().join("debug/valora-origin"));
    origin.current_dir(folder).env("DATABASE_URL", url(folder));
    origin
}

fn url(folder: &Path) -> String {
    format!("sqlite:///{}", folder.join("valora.db").display())
}

/// An origin that serves and looks at prices.
struct Replica(Child);

impl Replica {
    fn start(folder: &Path, shop: &Shop, name: &str) -> Result<Self> {
        let sources = folder.join(format!("{name}.toml"));
        let template = format!("http://127.0.0.1:{}/{name}/{{product_id}}", shop.port);
        std::fs::write(
            &sources,
            format!(
                "[[source]]\nname = \"shop\"\nkind = \"http-json\"\nurl = \"{template}\"\npointer = \"/p\"\nconfidence = 0.95\nconcurrency = 32\n"
            ),
        )?;
        let log = std::fs::File::create(folder.join(format!("{name}.log")))?;
        let child = origin(folder)
            .arg("serve")
            .env("SOURCES_FILE", &sources)
            .env("SOURCES_ALLOW_PRIVATE", "1")
            .env("BIND_ADDRESS", "127.0.0.1:0")
            .env("PRICE_POLL_INTERVAL_SECONDS", "86400")
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            .spawn()
            .context("the origin is not built")?;
        Ok(Self(child))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // A test that failed must not leave it behind; one that is gone already is fine.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The database, looked at from outside.
struct Database(Store, Runtime);

impl Database {
    fn open(folder: &Path) -> Result<Self> {
        let runtime = Runtime::new()?;
        let url: DatabaseUrl = DatabaseUrl::parse(&url(folder)).map_err(anyhow::Error::msg)?;
        let store = runtime.block_on(Store::open(&url, &Clock::System))?;
        Ok(Self(store, runtime))
    }

    fn run(&self, sql: &'static str) -> Result<()> {
        self.1.block_on(async {
            let mut db = self.0.write().await?;
            sqlx::raw_sql(sql).execute(&mut *db).await?;
            Ok(db.commit().await?)
        })
    }

    fn count(&self, sql: &'static str) -> Result<i64> {
        self.1.block_on(async {
            let mut db = self.0.read().await?;
            Ok(sqlx::query(sql).fetch_one(&mut *db).await?.try_get("n")?)
        })
    }

    fn ids(&self, sql: &'static str) -> Result<Vec<String>> {
        self.1.block_on(async {
            let mut db = self.0.read().await?;
            let rows = sqlx::query(sql).fetch_all(&mut *db).await?;
            Ok(rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?)
        })
    }
}

/// A marketplace that answers `/{replica}/{product}` and remembers who asked for what.
struct Shop {
    port: u16,
    asked: Arc<Mutex<BTreeMap<String, Vec<String>>>>,
}

impl Shop {
    fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let asked = Arc::<Mutex<BTreeMap<String, Vec<String>>>>::default();
        let shared = Arc::clone(&asked);
        // Ends with the process: nothing else is left to do then.
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let asked = Arc::clone(&shared);
                thread::spawn(move || answer(connection, &asked));
            }
        });
        Ok(Self { port, asked })
    }

    fn asked(&self) -> usize {
        self.by().values().map(Vec::len).sum()
    }

    fn by(&self) -> BTreeMap<String, Vec<String>> {
        self.asked.lock().map(|asked| asked.clone()).unwrap_or_default()
    }
}

/// Answers request after request until the connection ends.
fn answer(connection: TcpStream, asked: &Mutex<BTreeMap<String, Vec<String>>>) -> Option<()> {
    let mut lines = BufReader::new(connection.try_clone().ok()?).lines();
    let mut connection = connection;
    loop {
        let first = lines.next()?.ok()?;
        while !lines.next()?.ok()?.is_empty() {}
        let (who, id) = first.split(' ').nth(1)?.strip_prefix('/')?.split_once('/')?;
        asked.lock().ok()?.entry(who.to_owned()).or_default().push(id.to_owned());
        let body = r#"{"p":1000}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        connection.write_all(format!("{head}{body}").as_bytes()).ok()?;
    }
}
