//! A whole answer: whether it is kept, on which terms, and what comes of it later. The first line is the request's
//! Cache-Control, the second the status, each other one a field.

use valora_shared::cache::{
    Answered, Asked, Fields, Keeping, Lifetimes, MAX_SECONDS, Policy, RequestControl, ResponseControl, Reuse,
    Rows, Stored,
};
use valora_shared::time::UnixMillis;

use super::{Target, holds, text};

pub(super) const TARGET: Target = Target {
    name: "answer",
    dictionary: &[
        "cache-control: ",
        "cdn-cache-control: ",
        "expires: ",
        "date: ",
        "age: ",
        "last-modified: ",
        "etag: \"a\"",
        "vary: ",
        "set-cookie: a=1",
        "Mon, 21 Sep 2026 14:13:20 GMT",
        "Monday, 21-Sep-26 14:13:20 GMT",
        "Mon Sep 21 14:13:20 2026",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "max-age=60",
        "s-maxage=9",
        "no-store",
        "private",
        "no-cache",
        "public",
        "must-understand",
        "stale-while-revalidate=5",
        "\n",
        "200",
        "404",
        "503",
        "206",
        "max-stale",
    ],
    check,
};

const NOW: UnixMillis = UnixMillis(1_790_000_000_000);
/// Moments of later requests, in milliseconds; clocks of other machines may be behind.
const LATER: [i64; 8] = [-60_000, -1, 0, 900, 60_000, 3_600_000, 31_536_000_000, i64::MAX / 2];

fn check(input: &[u8]) -> Result<(), String> {
    let text = text(input);
    let mut lines = text.lines();
    let control = RequestControl::parse(lines.next(), None);
    let status = lines.next().and_then(|line| line.trim().parse().ok()).unwrap_or(200);
    let fields: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let table = Lifetimes::new(300, &Rows::default());
    for policy in [Policy::Shop(&table), Policy::Proxy] {
        for (method, has_authorization) in [("GET", false), ("HEAD", true), ("POST", false)] {
            let asked = Asked { method, path: "/api/products", has_authorization, control };
            let answered = Answered {
                status,
                fields: Fields(&fields),
                sent_at: NOW,
                received_at: UnixMillis(NOW.0 + 20),
            };
            if let Ok(keeping) = Keeping::decide(policy, &asked, &answered) {
                kept(policy, &asked, &answered, &keeping)?;
                used(status, &fields, keeping, &control)?;
            }
        }
    }
    Ok(())
}

/// What is kept may be kept, said anew and without the rules' own words.
fn kept(
    policy: Policy<'_>,
    asked: &Asked<'_>,
    answered: &Answered<'_>,
    keeping: &Keeping,
) -> Result<(), String> {
    let fields = answered.fields;
    let targeted = fields.get("cdn-cache-control").and_then(ResponseControl::parse_targeted);
    let plain = || fields.get("cache-control").map(ResponseControl::parse).unwrap_or_default();
    let governing = targeted.unwrap_or_else(plain);
    holds("nothing private", !governing.private)?;
    holds("nothing forbidden", !governing.no_store || governing.must_understand)?;
    holds("nothing that the client forbids", !asked.control.no_store)?;
    let is_meant = governing.public || governing.s_maxage.is_some() || governing.must_revalidate;
    holds("nothing of one account", !asked.has_authorization || is_meant)?;
    holds("no part, no 304, nothing unfinished", !matches!(answered.status, 206 | 304 | 0..=199))?;
    holds("nothing that varies by everything", fields.get("vary").is_none_or(|vary| vary.trim() != "*"))?;
    holds("not for ever", keeping.lifetime_seconds <= MAX_SECONDS)?;
    holds("no age below zero", keeping.initial_age_ms >= 0)?;
    if matches!(policy, Policy::Shop(_)) {
        holds("no cookie", !fields.has("set-cookie"))?;
        holds("404 for a minute", answered.status != 404 || keeping.lifetime_seconds <= 60)?;
        let is_ours = |name: &String| matches!(name.as_str(), "origin" | "accept-encoding");
        holds("what the edge does itself does not vary", !keeping.vary.iter().any(is_ours))?;
    }
    Ok(())
}

/// What is fresh was fresh before, and never is so beyond its lifetime.
fn used(
    status: u16,
    fields: &[(String, String)],
    keeping: Keeping,
    control: &RequestControl,
) -> Result<(), String> {
    let stored = Stored {
        status,
        fields: fields.to_vec(),
        sent_at: NOW,
        received_at: UnixMillis(NOW.0 + 20),
        keeping,
        epoch: 0,
        slots: Vec::new(),
        is_gzip: false,
        identity_bytes: 0,
    };
    let mut was_fresh = true;
    for later in LATER.into_iter().filter(|later| *later >= 0) {
        let now = UnixMillis(NOW.0.saturating_add(later));
        let (reuse, _) = stored.reuse(now, &RequestControl::default(), None);
        let is_fresh = reuse == Reuse::Fresh;
        holds("what was stale is not fresh later", was_fresh || !is_fresh)?;
        holds("fresh within the lifetime", !is_fresh || stored.fresh_ms(now) > 0)?;
        was_fresh = is_fresh;
    }
    for later in LATER {
        let now = UnixMillis(NOW.0.saturating_add(later));
        let (reuse, _) = stored.reuse(now, control, None);
        let stale = stored.fresh_ms(now) <= 0;
        holds(
            "what a client wants checked is checked",
            !control.no_cache || matches!(reuse, Reuse::Revalidate { .. }),
        )?;
        let forbidden = stored.keeping.forbids_stale && stale && control.max_stale.is_none();
        holds(
            "what forbids stale is not used stale",
            !forbidden || !matches!(reuse, Reuse::Fresh | Reuse::WhileRevalidate),
        )?;
        let _ = (stored.age_seconds(now), stored.validators());
    }
    Ok(())
}
