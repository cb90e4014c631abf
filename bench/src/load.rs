//! Load by `wrk`, always from this machine to this machine.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use xtask::command::{command, output};
use xtask::paths;

use crate::process::cpu_nanoseconds;
use crate::statistics::float64;

/// What to load.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// In tables.
    pub(crate) name: String,
    /// `http://127.0.0.1:PORT/path`.
    pub(crate) url: String,
    /// Request headers.
    pub(crate) headers: Vec<(String, String)>,
    /// The processes whose CPU time counts.
    pub(crate) pids: Vec<u32>,
}

/// What one run gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Requests per second.
    pub(crate) rate: f64,
    /// CPU microseconds of the target per request.
    pub(crate) cpu_us: f64,
    /// Median latency in microseconds.
    pub(crate) p50_us: f64,
    /// 99 % were answered within so many microseconds.
    pub(crate) p99_us: f64,
}

/// Connections that ask at once.
pub(crate) const CONNECTIONS: u32 = 16;

/// Loads the target for a while; with `paths`, asks for the lines of that file in turn: a path, and behind a blank the
/// address of the client that asks, where it has one of its own.
///
/// # Errors
/// When an answer is not 2xx or a connection breaks: a run with faults measures something else.
pub(crate) fn load(target: &Target, time: Duration, paths: Option<&Path>) -> Result<Run> {
    ensure!(target.url.starts_with("http://127.0.0.1:"), "load goes to this machine only: {}", target.url);
    let mut wrk = command("wrk");
    wrk.args([
        "-t1",
        &format!("-c{CONNECTIONS}"),
        &format!("-d{}s", time.as_secs().max(1)),
        "--timeout",
        "5s",
    ]);
    wrk.arg("-s").arg(paths::in_root("bench/wrk/report.lua"));
    for (name, value) in &target.headers {
        wrk.args(["-H", &format!("{name}: {value}")]);
    }
    wrk.arg(&target.url);
    if let Some(paths) = paths {
        wrk.arg("--").arg(paths);
    }
    let before = cpu_nanoseconds(&target.pids)?;
    let printed = output(&mut wrk)?;
    let cpu = cpu_nanoseconds(&target.pids)? - before;
    parse(&printed, cpu).with_context(|| format!("{} at {}", target.name, target.url))
}

fn parse(printed: &str, cpu_nanoseconds: u64) -> Result<Run> {
    let line =
        printed.lines().find_map(|line| line.strip_prefix("report ")).context("wrk reported nothing")?;
    let numbers: Vec<u64> = line.split(' ').filter_map(|field| field.parse().ok()).collect();
    let [requests, microseconds, refused, broken, p50, p99] = numbers[..] else {
        bail!("wrk reported {line:?}");
    };
    ensure!(requests > 0, "no request was answered");
    ensure!(refused == 0 && broken == 0, "{refused} answers were errors, {broken} connections broke");
    Ok(Run {
        rate: float64(requests) / (float64(microseconds) / 1e6),
        cpu_us: float64(cpu_nanoseconds) / 1e3 / float64(requests),
        p50_us: float64(p50),
        p99_us: float64(p99),
    })
}

/// What a browser sends: 14 headers, as in the measurements the budgets were made from.
pub(crate) fn browser_headers() -> Vec<(String, String)> {
    let headers = [
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        ),
        ("accept", "application/json, text/plain, */*"),
        ("accept-language", "en-IN,en;q=0.9,hi;q=0.8"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("sec-ch-ua", "\"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\""),
        ("sec-ch-ua-mobile", "?0"),
        ("sec-ch-ua-platform", "\"Linux\""),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-site", "same-site"),
        ("referer", "http://localhost:5173/"),
        ("cookie", "theme=dark; consent=1"),
        ("priority", "u=1, i"),
        ("dnt", "1"),
    ];
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_with_faults_is_no_measurement() {
        assert!(parse("report 10 1000000 1 0 5 9", 0).is_err());
        assert!(parse("report 10 1000000 0 1 5 9", 0).is_err());
        assert!(parse("report 0 1000000 0 0 5 9", 0).is_err());
        assert!(parse("nothing", 0).is_err());
    }

    #[test]
    fn rate_and_cpu_come_from_one_count() {
        let run = parse("Running\nreport 2000 500000 0 0 1500 4000\n", 200_000_000).unwrap();
        assert!((run.rate - 4_000.0).abs() < 1e-9 && (run.cpu_us - 100.0).abs() < 1e-9);
        assert!((run.p99_us - 4_000.0).abs() < 1e-9 && (run.p50_us - 1_500.0).abs() < 1e-9);
    }
}
