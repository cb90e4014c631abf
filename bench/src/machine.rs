//! What was measured on.

use xtask::command::{command, output};
use xtask::{npm, paths};

/// One line of facts, none of which changes from commit to commit or from day to day, save how busy the machine was.
pub(crate) fn facts() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let busy = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = busy.split(' ').next().unwrap_or("?").to_owned();
    let rustc = output(command("rustc").arg("--version")).unwrap_or_default();
    let rustc = rustc.split(' ').nth(1).unwrap_or("?").to_owned();
    let node = npm::node_version().map_or_else(|| "?".to_owned(), |(_, text)| text);
    format!(
        "{cores} cores, load average {load} before the run; rustc {rustc}, Node {node}, workerd {}, miniflare {}",
        npm_version("workerd"),
        npm_version("miniflare")
    )
}

fn npm_version(package: &str) -> String {
    let read = || {
        let text = std::fs::read(paths::in_root("node_modules").join(package).join("package.json")).ok()?;
        let json: serde_json::Value = serde_json::from_slice(&text).ok()?;
        json["version"].as_str().map(str::to_owned)
    };
    read().unwrap_or_else(|| "?".to_owned())
}
