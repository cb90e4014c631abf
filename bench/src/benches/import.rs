//! Bringing in 20,000 products with two sources each.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use valora_tests::client::Client;
use xtask::system::{System, SystemOptions};

use super::{listings, origin};
use crate::report::{Block, Budget, Table};
use crate::statistics::{Spread, float};

const RUNS: usize = 7;
/// How many of the products are asked for through the edge afterwards.
const SAMPLE: usize = 200;

pub(crate) fn run() -> Result<Block> {
    let text = format!(
        "`valora-origin import` of 20,000 real listings with the prices of two marketplaces (csv.gz) into a fresh SQLite \
         database, the whole command from start to exit, median of {RUNS}; then the same file once more; then \
         `GET /api/products/{{id}}/price` through the edge for {SAMPLE} of them."
    );
    let mut block = Block::new("Import", text);
    let Some(whole) = listings() else {
        block.text.push_str(" Skipped: ../shared/data/marketplace-20k.csv.gz is not there.");
        return Ok(block);
    };
    let folder = tempfile::tempdir()?;
    let half = folder.path().join("half.csv.gz");
    write_half(&whole, &half)?;

    // Interleaved, so that a busy moment hits both.
    let (mut halves, mut wholes, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut summary = String::new();
    for number in 0..RUNS {
        let database = |name: &str| folder.path().join(format!("{name}-{number}.db"));
        halves.push(timed(&database("half"), &half)?.0);
        let (took, told) = timed(&database("whole"), &whole)?;
        wholes.push(took);
        summary = told;
        let (took, told) = timed(&database("whole"), &whole)?;
        ensure!(told.contains(" 0 new, 0 changed, "), "the second import changed something: {told}");
        again.push(took);
    }
    let [half, full, again] = [halves, wholes, again].map(Spread::of);
    let mut table = Table::new(&["import", "seconds (quartiles)"]);
    for (name, spread) in [
        ("10,000 products, fresh database", half),
        ("20,000 products, fresh database", full),
        ("the same 20,000 again, nothing changes", again),
    ] {
        table
            .push(&[name.to_owned(), format!("{:.2} ({:.2}–{:.2})", spread.median, spread.low, spread.high)]);
    }
    block.tables.push(table);
    let answered = answered_through_the_edge(&folder.path().join("whole-0.db"), &whole)?;
    // Without the database, which lies in a folder of this run.
    let said = summary.split("; into ").next().unwrap_or_default();
    block.text = format!("{}\n\nThe command said: {said}", block.text);
    let seconds = |value: f64| format!("{value:.2} s");
    block.budgets = vec![
        Budget::at_most("20,000 products", 3.0, full.median, seconds),
        Budget::at_most("t(20,000) / t(10,000)", 2.3, full.median / half.median, |ratio| {
            format!("{ratio:.2}")
        }),
        Budget::at_least("prices answered through the edge", float(SAMPLE), float(answered), |count| {
            format!("{count}")
        }),
    ];
    Ok(block)
}

fn timed(database: &Path, file: &Path) -> Result<(f64, String)> {
    let begin = Instant::now();
    let told = origin(database, &["import".as_ref(), file])?;
    Ok((begin.elapsed().as_secs_f64(), told))
}

/// How many of a sample, spread over the whole file, have a price at the edge.
fn answered_through_the_edge(database: &Path, file: &Path) -> Result<usize> {
    let data = tempfile::tempdir()?;
    std::fs::copy(database, data.path().join("valora.db"))?;
    let system = System::start(
        SystemOptions { release: true, inherit: false, ..SystemOptions::new(data.path()) }.unlimited(),
    )?;
    let edge = Client::new(system.edge_url(0))?;
    let ids = ids_with_price(file)?;
    let mut answered = 0;
    for id in ids.iter().step_by((ids.len() / SAMPLE).max(1)).take(SAMPLE) {
        let answer = edge.get(&format!("/api/products/{id}/price"))?;
        if answer.status == 200 && answer.json()?["lowest_paise"].as_i64() > Some(0) {
            answered += 1;
        } else {
            eprintln!("{id}: {}", answer.shown());
        }
    }
    Ok(answered)
}

/// The products for which the file names a price.
pub(crate) fn ids_with_price(file: &Path) -> Result<Vec<String>> {
    let mut reader = reader(file)?;
    let head = reader.headers()?.clone();
    let column =
        |name: &str| head.iter().position(|given| given == name).with_context(|| format!("no column {name}"));
    let id = column("product_id")?;
    let prices = [column("flipkart_price_inr")?, column("amazon_price_inr")?];
    let mut ids = Vec::new();
    for record in reader.records() {
        let record = record?;
        let is_price = |at: &usize| {
            record.get(*at).and_then(|text| text.parse().ok()).is_some_and(|price: f64| price > 0.0)
        };
        if prices.iter().any(is_price) {
            ids.extend(record.get(id).map(str::to_owned));
        }
    }
    Ok(ids)
}

/// The first half of the rows, packed like the whole.
fn write_half(whole: &Path, half: &PathBuf) -> Result<()> {
    let mut reader = reader(whole)?;
    let head = reader.byte_headers()?.clone();
    let rows = reader.byte_records().collect::<Result<Vec<_>, _>>()?;
    let mut writer = csv::Writer::from_writer(GzEncoder::new(File::create(half)?, Compression::default()));
    writer.write_byte_record(&head)?;
    for row in rows.iter().take(rows.len() / 2) {
        writer.write_byte_record(row)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)?.finish()?;
    Ok(())
}

fn reader(file: &Path) -> Result<csv::Reader<impl Read>> {
    Ok(csv::ReaderBuilder::new().flexible(true).from_reader(MultiGzDecoder::new(File::open(file)?)))
}
