//! A file with one price a line, looked at again when it changed.

use super::failure::Failure;
use crate::import::line_of;
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};
use tokio::sync::Mutex;
use valora_shared::{
    id::ProductId,
    money::Paise,
    prices::{BelievablePrices, read_price},
};

/// A price list on disk.
#[derive(Debug)]
pub(super) struct PriceList {
    path: PathBuf,
    column: String,
    kept: Mutex<Option<Kept>>,
}

/// How the file was when it was read.
type Stamp = (Option<SystemTime>, u64);
type Prices = HashMap<ProductId, Paise>;

#[derive(Debug, Clone)]
struct Kept {
    stamp: Stamp,
    prices: Arc<Prices>,
}

impl PriceList {
    pub(super) fn new(path: &Path, column: &str) -> Self {
        Self { path: path.to_owned(), column: column.to_owned(), kept: Mutex::new(None) }
    }

    /// The price of a product; `None` when the file has none.
    pub(super) async fn price(&self, id: &ProductId) -> Result<Option<Paise>, Failure> {
        let mut kept = self.kept.lock().await;
        let (path, column, known) = (self.path.clone(), self.column.clone(), kept.clone());
        let read = tokio::task::spawn_blocking(move || read_if_changed(&path, &column, known)).await;
        let now = read.map_err(|error| Failure::List(error.to_string()))??;
        let price = now.prices.get(id).copied();
        *kept = Some(now);
        Ok(price)
    }
}

fn read_if_changed(path: &Path, column: &str, known: Option<Kept>) -> Result<Kept, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::List(format!("{}: {error}", path.display()));
    let about = fs::metadata(path).map_err(|error| unreadable(&error))?;
    let stamp = (about.modified().ok(), about.len());
    if let Some(known) = known.filter(|known| known.stamp == stamp) {
        return Ok(known);
    }
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let prices = read(BufReader::new(file), column).map_err(|error| unreadable(&error))?;
    Ok(Kept { stamp, prices: Arc::new(prices) })
}

fn read(text: impl Read, column: &str) -> Result<Prices, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let position = |wanted: &str| {
        let name = |name: &str| name.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case(wanted);
        header.iter().position(name).ok_or_else(|| format!("the first line lacks {wanted}"))
    };
    let (id, price) = (position("product_id")?, position(column)?);
    let mut prices = Prices::new();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| error.to_string())? {
        let field =
            |at: usize| std::str::from_utf8(record.get(at).unwrap_or_default()).unwrap_or_default().trim();
        let believed = || BelievablePrices::DATA.check(read_price(field(price)).ok()?).ok();
        match (ProductId::parse(field(id)), believed()) {
            (Ok(id), Some(paise)) => drop(prices.insert(id, paise)),
            // A line without a price says that there is none, which is what an absent one says, too.
            (Ok(_), None) if field(price).is_empty() => {}
            _ => {
                let line = line_of(&record, reader.position());
                tracing::warn!(line, "a line of a price list has no id or no price");
            }
        }
    }
    Ok(prices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_list_is_read_again_when_it_changed_and_told_when_it_is_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list.csv");
        let list = PriceList::new(&path, "price");
        let id = ProductId::parse("a").unwrap();
        assert!(list.price(&id).await.unwrap_err().to_string().contains("list.csv: "));
        fs::write(&path, "name,Price,product_id\nTea,\"1,999.50\",a\nbad,x,b\n").unwrap();
        assert_eq!(list.price(&id).await, Ok(Some(Paise(199_950))));
        assert_eq!(list.price(&ProductId::parse("b").unwrap()).await, Ok(None));
        fs::write(&path, "product_id,price\na,5\n").unwrap();
        assert_eq!(list.price(&id).await, Ok(Some(Paise(500))));
        fs::write(&path, "id,price\n").unwrap();
        assert!(list.price(&id).await.unwrap_err().to_string().ends_with("the first line lacks product_id"));
    }
}
