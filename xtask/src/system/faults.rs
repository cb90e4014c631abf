//! What the edge finds wrong with its settings. It cannot refuse to start, so it says so in its log and answers 503.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::{health, logs};

/// How long the line may take from the Worker to the log.
const PATIENCE: Duration = Duration::from_secs(5);

/// Each fault with its variable; none where the edge on `port` does not refuse its settings.
pub(super) fn of_edge(port: u16, log: &Path) -> Vec<String> {
    if !health::answer(port).is_some_and(|answer| answer.contains(r#""error":"ConfigurationError""#)) {
        return Vec::new();
    }
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if let Some(faults) = told_in(&logs::read(log)) {
            return faults;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    vec![format!("see {}", log.display())]
}

fn told_in(log: &str) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Line {
        faults: Vec<String>,
    }
    log.lines().filter(|line| line.contains("faulty settings")).find_map(|line| {
        // Wrangler writes something before the Worker's line, and colours behind it.
        let json = line.get(line.find('{')?..=line.rfind('}')?)?;
        serde_json::from_str::<Line>(json).ok().map(|line| line.faults)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faults_are_found_among_other_lines() {
        let log = "Ready on http://127.0.0.1:8787\n\
                   \u{1b}[31m✘ [ERROR] {\"level\":\"error\",\"message\":\"faulty settings\",\"faults\":[\"A: \\\"x\\\"\",\"B: y\"]}\u{1b}[0m\n";
        assert_eq!(told_in(log), Some(vec!["A: \"x\"".to_owned(), "B: y".to_owned()]));
        assert_eq!(told_in("faulty settings {\"faults\":[\"A"), None, "a line that is not whole yet");
    }
}
