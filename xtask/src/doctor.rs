//! `doctor`: what is there, what is missing, how to get it. Installs nothing.

use crate::command::{command, is_installed, output};
use crate::toolchain::Toolchain;
use crate::worker::WorkerVariant;
use crate::{apt, browser, npm};

/// One line of the table.
struct Finding {
    name: &'static str,
    what_for: &'static str,
    /// What was found; or how to get it.
    found: Result<String, String>,
    /// Whether set-up cannot get it by itself, and nothing works without it.
    essential: bool,
}

/// Prints the table. Whether nothing essential is missing.
pub fn doctor() -> bool {
    let findings = examine();
    for finding in &findings {
        let (mark, text) = match &finding.found {
            Ok(text) => ("ok     ", text),
            Err(text) if finding.essential => ("MISSING", text),
            Err(text) => ("later  ", text),
        };
        println!("{mark}  {:12} {:34} {text}", finding.name, finding.what_for);
    }
    let is_sound = findings.iter().all(|finding| finding.found.is_ok() || !finding.essential);
    println!(
        "\n{}",
        if is_sound {
            "Nothing essential is missing; what is marked \"later\" is got when it is first needed."
        } else {
            "What is marked MISSING must be installed by hand."
        }
    );
    is_sound
}

fn examine() -> Vec<Finding> {
    let can_apt = is_installed("apt-get") && rustix::process::geteuid().is_root();
    let by_apt = |package: apt::Package| {
        if can_apt {
            format!("comes by apt ({})", package.name)
        } else {
            format!("apt-get install {}", package.name)
        }
    };
    let version = |program: &str| output(command(program).arg("--version"));
    let node = npm::node_version();
    vec![
        Finding {
            name: "rustc",
            what_for: "compiles everything",
            found: version("rustc").map_err(|_| "https://rustup.rs".to_owned()),
            essential: true,
        },
        Finding {
            name: "C compiler",
            what_for: "compiles SQLite, links programs",
            found: version("cc")
                .map(|text| text.lines().next().unwrap_or_default().to_owned())
                .map_err(|_| "apt-get install gcc libc6-dev".to_owned()),
            essential: true,
        },
        Finding {
            name: "node",
            what_for: "runs workerd's tools (20 or newer)",
            found: match node {
                Some((major, text)) if major >= 20 => Ok(text),
                Some((_, text)) => Err(format!("{text} is too old: https://nodejs.org")),
                None => Err("https://nodejs.org".to_owned()),
            },
            essential: true,
        },
        Finding {
            name: "npm",
            what_for: "installs them",
            found: version("npm").map_err(|_| "comes with Node.js".to_owned()),
            essential: true,
        },
        Finding {
            name: "wasm32",
            what_for: "compiles the Worker",
            found: Toolchain::find().map(|toolchain| toolchain.describe()).ok_or_else(|| {
                if is_installed("rustup") || can_apt {
                    "set-up gets it from rustup, or else from Debian".to_owned()
                } else {
                    "rustup target add wasm32-unknown-unknown".to_owned()
                }
            }),
            essential: !is_installed("rustup") && !can_apt,
        },
        Finding {
            name: "node_modules",
            what_for: "wrangler, workerd, esbuild, wasm-opt",
            found: if npm::is_installed() {
                Ok("as locked".to_owned())
            } else {
                Err("set-up runs npm ci".to_owned())
            },
            essential: false,
        },
        Finding {
            name: "Worker",
            what_for: "the edge",
            found: if WorkerVariant::Plain.script().is_file() {
                Ok("is built".to_owned())
            } else {
                Err("cargo xtask build-edge".to_owned())
            },
            essential: false,
        },
        Finding {
            name: "chromium",
            what_for: apt::CHROMIUM.why,
            found: browser::path()
                .map(|path| path.display().to_string())
                .ok_or_else(|| by_apt(apt::CHROMIUM)),
            essential: false,
        },
        Finding {
            name: "wrk",
            what_for: apt::WRK.why,
            found: if is_installed("wrk") { Ok("is installed".to_owned()) } else { Err(by_apt(apt::WRK)) },
            essential: false,
        },
    ]
}
