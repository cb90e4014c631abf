//! Brings in a catalogue with prices: a csv file, plain or gzipped, read as a stream.
//!
//! All of it is one transaction: a running origin shows everything or nothing. What cannot be read is listed with
//! its line and the rest is brought in. A file that says what is known already changes nothing.

mod batch;
mod columns;
mod row;
mod summary;

pub use summary::Summary;

use crate::{
    clock::Stopwatch,
    pricing::Pricing,
    store::{Store, StoreError, products},
};
use batch::Batch;
use columns::Columns;
use flate2::read::MultiGzDecoder;
use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
};
use valora_shared::id::ProductId;

/// Why nothing was brought in.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is not there or cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is no csv, or its lines end in the middle.
    #[error("cannot read the file as csv: {0}")]
    Csv(#[from] csv::Error),
    /// A field opens with a quote that ends far away or never: what lies between would be lost as one text.
    #[error("line {line}: a quote opens here that does not close within {MAX_LINES_PER_ROW} lines")]
    OpenQuote {
        /// Where its row begins.
        line: u64,
    },
    /// Its first line lacks columns.
    #[error("the first line lacks {}", .0.join(", "))]
    Columns(Vec<String>),
    /// Its first line names columns twice (upper and lower case are the same).
    #[error("the first line names twice: {}", .0.join(", "))]
    Doubled(Vec<String>),
    /// The list of rejected rows cannot be written.
    #[error("cannot report: {0}")]
    Report(io::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first two bytes of gzip (RFC 1952 §2.3.1).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The most lines of one row, where quoted fields hold line breaks.
const MAX_LINES_PER_ROW: usize = 50;
/// Rows written together: enough that statements cost little and that sorted ones touch each page of an index a few
/// times and not once per row.
const ROWS_PER_BATCH: usize = 250;

/// Imports the file at `path`; rejected rows are listed on `report`.
///
/// # Errors
/// [`ImportError`]; then nothing was changed.
pub async fn import_file(
    store: &Store,
    pricing: &Pricing,
    path: &Path,
    report: &mut (dyn Write + Send),
) -> Result<Summary, ImportError> {
    let unreadable = |cause| ImportError::File { path: path.to_owned(), cause };
    let reader = open(path).map_err(unreadable)?;
    import(store, pricing, reader, report).await
}

/// Imports csv text.
///
/// # Errors
/// [`ImportError`]; then nothing was changed.
pub async fn import(
    store: &Store,
    pricing: &Pricing,
    text: impl Read + Send,
    report: &mut (dyn Write + Send),
) -> Result<Summary, ImportError> {
    let since = Stopwatch::start();
    // Every line ends with "\n", the last one too, so that lines can be counted: with the reader's own notion they
    // are one less where they end with "\r\n". The "\r" stays in the last field, which is trimmed like every other.
    let lines = csv::Terminator::Any(b'\n');
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).terminator(lines).from_reader(text.chain(&b"\n"[..]));
    let columns = Columns::read(reader.byte_headers()?)?;
    let mut summary = Summary::new(&columns);
    let mut db = store.write_much().await?;
    let mut batch = Batch::new(pricing, products::last_position(&mut db).await?);
    // One entry per product, some 100 bytes each: what a repeated id is told from.
    let mut seen: HashMap<ProductId, u64> = HashMap::new();
    let mut record = csv::ByteRecord::new();
    // Where the last row begins (a line more than counted: no line break ends it), if its last field ends with the
    // line break that was added behind the text: then the field never ended. (A text that does end with one is treated
    // the same.)
    let mut open = None;
    while reader.read_byte_record(&mut record)? {
        if row::is_blank(&record) {
            continue;
        }
        let line = line_of(&record, reader.position());
        open = record.iter().next_back().is_some_and(|field| field.ends_with(b"\n")).then_some(line + 1);
        if line_breaks(&record) >= MAX_LINES_PER_ROW {
            return Err(ImportError::OpenQuote { line });
        }
        let mut reject = |reason: &str| {
            summary.rejected += 1;
            writeln!(report, "line {line}: rejected: {reason}").map_err(ImportError::Report)
        };
        let row = match row::read(&columns, &record) {
            Ok(row) => row,
            Err(reasons) => {
                reject(&reasons.join("; "))?;
                continue;
            }
        };
        if let Some(first) = seen.get(&row.product_id) {
            reject(&format!("product_id {} was on line {first} already", row.product_id))?;
            continue;
        }
        seen.insert(row.product_id.clone(), line);
        for fault in &row.faults {
            summary.faulty_prices += 1;
            writeln!(report, "line {line}: {fault}").map_err(ImportError::Report)?;
        }
        batch.push(row);
        if batch.len() == ROWS_PER_BATCH {
            batch.write(&mut db, &mut summary).await?;
        }
    }
    if let Some(line) = open {
        return Err(ImportError::OpenQuote { line });
    }
    batch.write(&mut db, &mut summary).await?;
    batch.announce(&mut db).await?;
    db.commit().await.map_err(StoreError::from)?;
    summary.took = since.elapsed();
    Ok(summary)
}

/// The line a record starts on. Its own position is where the reader began to look for it, blank lines before it.
pub(crate) fn line_of(record: &csv::ByteRecord, end: &csv::Position) -> u64 {
    end.line().saturating_sub(1 + line_breaks(record) as u64)
}

fn line_breaks(record: &csv::ByteRecord) -> usize {
    record.iter().flatten().filter(|byte| **byte == b'\n').count()
}

fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let mut file = BufReader::new(File::open(path)?);
    let start = io::BufRead::fill_buf(&mut file)?;
    Ok(if start.starts_with(&GZIP_MAGIC) { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}
