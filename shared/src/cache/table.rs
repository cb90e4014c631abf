//! Lifetimes by path: what the origin puts into its CDN-Cache-Control, and what the edge falls back on.

use crate::config::{Setting, read_rows};

/// The Python backend's, in seconds.
const ROWS: [(&str, u32); 4] =
    [("/api/products", 600), ("/api/prices", 300), ("/api/search", 180), ("/api/categories", 1800)];
/// A lifetime beyond a year is a slip of the pen.
const MAX_TTL: u32 = 31_536_000;

/// Rows that replace or add to the table's: `/api/products=600,/api/search=60`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows(Vec<(String, u32)>);

/// Seconds by exact path; every other path takes the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetimes {
    rows: Vec<(String, u32)>,
    default_seconds: u32,
}

impl Lifetimes {
    /// The Python backend's table with `replaced` rows.
    pub fn new(default_seconds: u32, replaced: &Rows) -> Self {
        let mut rows = replaced.0.clone();
        let kept = ROWS.iter().filter(|(path, _)| !replaced.0.iter().any(|(known, _)| known == path));
        rows.extend(kept.map(|(path, seconds)| ((*path).to_owned(), *seconds)));
        Self { rows, default_seconds }
    }

    /// Seconds for a path; 0 means not at all.
    pub fn seconds(&self, path: &str) -> u32 {
        self.rows
            .iter()
            .find(|(known, _)| known == path)
            .map_or(self.default_seconds, |(_, seconds)| *seconds)
    }
}

impl Setting for Rows {
    fn form() -> String {
        format!(
            "rows of an exact path and seconds from 0 to {MAX_TTL}, as in `/api/products=600,/api/search=60`"
        )
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut rows: Vec<(String, u32)> = Vec::new();
        read_rows(text, &Self::form(), &mut |row| {
            let (path, seconds) = read(row).ok_or("is none")?;
            if rows.iter().any(|(known, _)| known == path) {
                return Err(["names ", path, " again"].concat());
            }
            rows.push((path.to_owned(), seconds));
            Ok(())
        })?;
        Ok(Self(rows))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

fn read(row: &str) -> Option<(&str, u32)> {
    let (path, seconds) = row.split_once('=')?;
    let seconds = seconds.trim().parse().ok().filter(|seconds| *seconds <= MAX_TTL)?;
    Some((path.trim(), seconds)).filter(|(path, _)| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_an_exact_path_and_the_rest_takes_the_default() {
        let table = Lifetimes::new(300, &Rows::parse("/api/products=5, /api/x=0").unwrap());
        assert_eq!(table.seconds("/api/products"), 5);
        assert_eq!(table.seconds("/api/products/1"), 300);
        assert_eq!((table.seconds("/api/x"), table.seconds("/api/categories")), (0, 1800));
    }

    #[test]
    fn every_faulty_row_is_told() {
        let fault = Rows::parse("/api/products,api=1,/a=-1,/b=1,/b=2,/a=31536001").unwrap_err();
        let faults: Vec<_> = fault.split("; ").skip(1).collect();
        assert_eq!(
            faults,
            [
                "row 1, `/api/products`, is none",
                "row 2, `api=1`, is none",
                "row 3, `/a=-1`, is none",
                "row 5, `/b=2`, names /b again",
                "row 6, `/a=31536001`, is none"
            ]
        );
    }
}
