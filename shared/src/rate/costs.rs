//! What a request costs: `RATE_LIMIT_COSTS="POST /api/price=5,POST /api/auth/login=10"`.

use super::{Limits, Policy, is_watched};
use crate::config::{Setting, read_rows};

/// What is not named costs so much.
const DEFAULT: u32 = 1;
/// What a row may be about. HEAD is paid as GET, and preflights are not counted.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// No request costs more.
const MOST: u32 = 10_000;

/// Costs by method and path; what is not named costs 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Costs(Vec<Row>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    method: String,
    /// As it was written, `/api/products/{id}`.
    path: String,
    cost: u32,
}

impl Costs {
    /// What a request costs. A path that is named as it stands goes before one with `{…}`, which is any one segment that
    /// is not empty; of two such, the first. HEAD costs what GET does.
    pub fn of(&self, method: &str, path: &str) -> u32 {
        let method = if method == "HEAD" { "GET" } else { method };
        let rows = || self.0.iter().filter(|row| row.method == method);
        let row = rows().find(|row| row.path == path).or_else(|| rows().find(|row| covers(&row.path, path)));
        row.map_or(DEFAULT, |row| row.cost)
    }

    /// The rows whose cost can never be paid.
    pub fn beyond(&self, limits: impl Fn(Policy) -> Limits) -> impl Iterator<Item = String> {
        let rows = self.0.iter().filter(move |row| {
            let Limits { minute, hour, day } = limits(Policy::of(&row.method, &row.path));
            row.cost > minute.min(hour).min(day)
        });
        rows.map(|Row { method, path, cost }| format!("{method} {path}={cost}"))
    }
}

impl Setting for Costs {
    fn form() -> String {
        format!(
            "rows of a method ({}), a path and a cost from 1 to {MOST}, as in \
             `POST /api/price=5,GET /api/products/{{id}}=2`",
            METHODS.join(", ")
        )
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut rows: Vec<Row> = Vec::new();
        read_rows(text, &Self::form(), &mut |row| {
            let row = read(row).ok_or("is none")?;
            if is_watched(&row.method, &row.path) {
                return Err("is never counted".to_owned());
            }
            if rows.iter().any(|known| known.method == row.method && known.path == row.path) {
                return Err(format!("names {} {} again", row.method, row.path));
            }
            rows.push(row);
            Ok(())
        })?;
        Ok(Self(rows))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

fn read(row: &str) -> Option<Row> {
    let (route, cost) = row.rsplit_once('=')?;
    let (method, path) = route.trim().split_once(' ')?;
    let path = path.trim_start();
    let cost = cost.trim().parse().ok().filter(|cost| (1..=MOST).contains(cost))?;
    let is_path = path.starts_with('/') && path.split('/').all(is_segment);
    (METHODS.contains(&method) && is_path).then(|| Row {
        method: method.to_owned(),
        path: path.to_owned(),
        cost,
    })
}

/// A part of a path that is plain, or all of it a `{name}`.
fn is_segment(segment: &str) -> bool {
    let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let is_plain =
        |text: &str| !text.bytes().any(|byte| matches!(byte, b'{' | b'}' | b'*' | b'?' | b'#' | b' '));
    inner.map_or_else(|| is_plain(segment), |name| !name.is_empty() && is_plain(name))
}

fn covers(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let fits =
        template.split('/').all(|part| {
            segments.next().is_some_and(|segment| {
                if part.starts_with('{') { !segment.is_empty() } else { part == segment }
            })
        });
    fits && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_costs_what_its_row_says_and_else_one() {
        let costs = Costs::parse(
            "POST /api/price=5, POST /api/auth/login=10,GET /api/products/{id}=2, GET /api/products/top=3,",
        )
        .unwrap();
        assert_eq!(costs.of("POST", "/api/price"), 5);
        assert_eq!(costs.of("GET", "/api/price"), 1);
        assert_eq!(costs.of("POST", "/api/auth/login"), 10);
        assert_eq!(costs.of("POST", "/api/auth/login/"), 1);
        assert_eq!(costs.of("GET", "/api/products/7"), 2);
        assert_eq!(costs.of("HEAD", "/api/products/7"), 2);
        assert_eq!(costs.of("GET", "/api/products/top"), 3);
        assert_eq!(costs.of("GET", "/api/products/"), 1);
        assert_eq!(costs.of("GET", "/api/products/7/reviews"), 1);
        assert_eq!(costs.of("GET", "/api/products"), 1);
        let beyond: Vec<_> = costs.beyond(|_| Limits { minute: 60, hour: 4, day: 100 }).collect();
        assert_eq!(beyond, ["POST /api/price=5", "POST /api/auth/login=10"]);
        let costs = Costs::parse("GET /ws/prices/{id}=7,GET /api/products=7").unwrap();
        let few_upgrades = |policy| match policy {
            Policy::Requests => Limits { minute: 60, hour: 60, day: 60 },
            Policy::Upgrades => Limits { minute: 6, hour: 60, day: 60 },
        };
        assert_eq!(costs.beyond(few_upgrades).collect::<Vec<_>>(), ["GET /ws/prices/{id}=7"]);
    }

    #[test]
    fn a_row_that_no_request_would_meet_is_refused() {
        for bad in ["FETCH /x=2", "OPTIONS /api/price=2", "GET /api/*=2", "GET /api/{*}=2", "GET *=2"] {
            assert!(Costs::parse(bad).unwrap_err().ends_with(", is none"), "{bad}");
        }
        for watched in ["/api/health", "/api/health/detailed", "/metrics"] {
            let fault = Costs::parse(&format!("GET {watched}=2")).unwrap_err();
            assert!(fault.ends_with(&format!("; row 1, `GET {watched}=2`, is never counted")), "{fault}");
        }
        // The edge counts what the origin's probes ask there.
        for good in
            ["GET /livez=2", "PUT /a=2", "PATCH /a=2", "DELETE /a=2", "POST /api/health=2", "GET /api/{x}=2"]
        {
            assert!(Costs::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn every_faulty_row_is_told() {
        let fault = Costs::parse("POST /a=1,post /b=1,GET c=1,GET /d=0,GET /e,POST /a=2,GET /{}=1,HEAD /f=1");
        let fault = fault.unwrap_err();
        assert!(fault.starts_with(&format!("it must be {}; ", Costs::form())));
        let faults: Vec<_> = fault.split("; ").skip(1).collect();
        assert_eq!(
            faults,
            [
                "row 2, `post /b=1`, is none",
                "row 3, `GET c=1`, is none",
                "row 4, `GET /d=0`, is none",
                "row 5, `GET /e`, is none",
                "row 6, `POST /a=2`, names POST /a again",
                "row 7, `GET /{}=1`, is none",
                "row 8, `HEAD /f=1`, is none"
            ]
        );
        for bad in ["GET /a{b}=1", "GET /a?b=1", "GET /a=10001", "GET /a=-1", "GET /a=1.5", "=1", "GET=1"] {
            assert!(Costs::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Costs::parse(" "), Ok(Costs::default()));
    }
}
