//! Which column is what.

use super::ImportError;
use csv::ByteRecord;
use std::collections::HashSet;

/// Positions of the columns that are read; all others are ignored.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) product_id: usize,
    pub(super) name: usize,
    pub(super) brand: usize,
    pub(super) category: usize,
    /// Name and position of each source's price.
    pub(super) sources: Vec<(String, usize)>,
    /// How many columns a row has.
    pub(super) count: usize,
}

/// What a source's column ends with; before it stands the source's name.
const PRICE_SUFFIX: &str = "_price_inr";

impl Columns {
    pub(super) fn read(header: &ByteRecord) -> Result<Self, ImportError> {
        let names: Vec<String> = header
            .iter()
            .map(|name| {
                String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_ascii_lowercase()
            })
            .collect();
        let mut seen = HashSet::new();
        let doubled: Vec<String> = names.iter().filter(|name| !seen.insert(*name)).cloned().collect();
        if !doubled.is_empty() {
            return Err(ImportError::Doubled(doubled));
        }
        let mut missing = Vec::new();
        let mut position = |wanted: &str| {
            names.iter().position(|name| name == wanted).unwrap_or_else(|| {
                missing.push(wanted.to_owned());
                0
            })
        };
        let (product_id, name) = (position("product_id"), position("name"));
        let (brand, category) = (position("brand"), position("category"));
        let sources: Vec<_> = names
            .iter()
            .enumerate()
            .filter_map(|(at, name)| Some((name.strip_suffix(PRICE_SUFFIX)?.to_owned(), at)))
            .filter(|(source, _)| !source.is_empty())
            .collect();
        if sources.is_empty() {
            missing.push(format!("a SOURCE{PRICE_SUFFIX}"));
        }
        if missing.is_empty() {
            Ok(Self { product_id, name, brand, category, sources, count: names.len() })
        } else {
            Err(ImportError::Columns(missing))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_by_their_columns_and_others_are_ignored() {
        let header = ByteRecord::from(vec![
            "\u{feff}product_id",
            "Name",
            "brand",
            "category",
            "flipkart_mrp_inr",
            "flipkart_price_inr",
            "_price_inr",
        ]);
        let columns = Columns::read(&header).unwrap();
        assert_eq!(columns.sources, [("flipkart".to_owned(), 5)]);
        assert_eq!((columns.product_id, columns.count), (0, 7));
    }

    #[test]
    fn a_column_named_twice_is_refused_by_name() {
        let header =
            ByteRecord::from(vec!["product_id", "name", "brand", "category", "a_price_inr", "A_price_inr"]);
        let error = Columns::read(&header).unwrap_err();
        assert_eq!(error.to_string(), "the first line names twice: a_price_inr");
    }

    #[test]
    fn all_missing_columns_are_named() {
        let error = Columns::read(&ByteRecord::from(vec!["id", "name"])).unwrap_err();
        assert_eq!(error.to_string(), "the first line lacks product_id, brand, category, a SOURCE_price_inr");
    }
}
