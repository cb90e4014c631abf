//! One row of the file.

use super::columns::Columns;
use csv::ByteRecord;
use valora_shared::{id::ProductId, money::Paise};

/// A row that can be brought in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) product_id: ProductId,
    pub(super) name: String,
    pub(super) brand: String,
    pub(super) category: String,
    /// Each source of the file, with its price if it names a believable one.
    pub(super) prices: Vec<(String, Option<Paise>)>,
    /// Prices that were there and are left out.
    pub(super) faults: Vec<String>,
}

/// The longest name that is taken: the longest real one found has 301 characters.
const MAX_TEXT_BYTES: usize = 4_096;

/// Whether the line holds nothing.
pub(super) fn is_blank(record: &ByteRecord) -> bool {
    record.len() <= 1 && record.iter().all(|field| field.trim_ascii().is_empty())
}

/// Reads a row.
///
/// # Errors
/// Everything that is wrong with it.
pub(super) fn read(columns: &Columns, record: &ByteRecord) -> Result<Row, Vec<String>> {
    if record.len() != columns.count {
        return Err(vec![format!("it has {} columns, the first line has {}", record.len(), columns.count)]);
    }
    let mut reasons = Vec::new();
    let mut text = |name: &str, at: usize, required: bool| {
        let Ok(text) = std::str::from_utf8(record.get(at).unwrap_or_default()) else {
            reasons.push(format!("{name} is not UTF-8"));
            return String::new();
        };
        let text = text.trim();
        if required && text.is_empty() {
            reasons.push(format!("{name} is missing"));
        } else if text.len() > MAX_TEXT_BYTES {
            reasons.push(format!("{name} is longer than {MAX_TEXT_BYTES} bytes"));
        } else if text.contains('\0') {
            reasons.push(format!("{name} holds a zero character"));
        }
        text.to_owned()
    };
    let id = text("product_id", columns.product_id, true);
    let name = text("name", columns.name, true);
    let brand = text("brand", columns.brand, false);
    let category = text("category", columns.category, false);
    let product_id = ProductId::parse(&id);
    if let (Err(error), false) = (&product_id, id.is_empty()) {
        reasons.push(format!("product_id {error}"));
    }
    let Ok(product_id) = product_id else { return Err(reasons) };
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let mut faults = Vec::new();
    let prices = columns
        .sources
        .iter()
        .map(|(source, at)| {
            let price = price(record.get(*at).unwrap_or_default()).unwrap_or_else(|reason| {
                faults.push(format!("{source}_price_inr left out: {reason}"));
                None
            });
            (source.clone(), price)
        })
        .collect();
    Ok(Row { product_id, name, brand, category, prices, faults })
}

fn price(field: &[u8]) -> Result<Option<Paise>, String> {
    let text = std::str::from_utf8(field).map_err(|_| "it is not UTF-8")?.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Paise::parse_rupees(text).map(Some).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Columns {
        Columns::read(&ByteRecord::from(vec![
            "product_id",
            "name",
            "brand",
            "category",
            "a_price_inr",
            "b_price_inr",
        ]))
        .unwrap()
    }

    fn reasons(fields: Vec<&[u8]>) -> Vec<String> {
        read(&columns(), &ByteRecord::from(fields)).unwrap_err()
    }

    #[test]
    fn one_good_price_is_enough() {
        let row = read(&columns(), &ByteRecord::from(vec!["1", "Tea ", "", "", "379", "0.00"])).unwrap();
        assert_eq!(row.name, "Tea");
        assert_eq!(row.prices, [("a".to_owned(), Some(Paise(37_900))), ("b".to_owned(), None)]);
        assert_eq!(row.faults, ["b_price_inr left out: must be above 0 and at most 2,000,000 rupees"]);
    }

    #[test]
    fn everything_wrong_with_a_row_is_told_at_once() {
        assert_eq!(
            reasons(vec![b"", b"", b"", b"", b"1", b"1"]),
            ["product_id is missing", "name is missing"]
        );
        assert_eq!(
            reasons(vec![b"a/b", b"x\xff", b"", b"", b"1", b"1"]),
            ["name is not UTF-8", "product_id must be 1 to 50 characters of A-Z, a-z, 0-9, '.', '_' and '-'"]
        );
        assert_eq!(reasons(vec![b"1", b"x"]), ["it has 2 columns, the first line has 6"]);
    }

    #[test]
    fn what_is_no_price_is_left_out_with_its_reason() {
        let row =
            read(&columns(), &ByteRecord::from(vec![&b"1"[..], b"x", b"", b"", b"1,999", b"\xff"])).unwrap();
        assert_eq!(row.prices.iter().filter(|(_, price)| price.is_some()).count(), 0);
        assert_eq!(row.faults.len(), 2);
    }
}
