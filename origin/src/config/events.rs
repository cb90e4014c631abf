//! Where events go.

use valora_shared::config::{HttpOrigin, Reader};

valora_shared::section! {
    /// Where events go.
    pub struct EventsConfig("Events") {
        /// The edge that is told of purges, prices and revocations, under `EDGE_ORIGIN_SECRET`. Without it nobody is
        /// told, and events are deleted after a day.
        pub edge_url: Option<HttpOrigin>, var "EDGE_URL";
    }
}

impl EventsConfig {
    /// Rules between the variables.
    pub fn check(reader: &mut Reader<'_>) {
        if reader.given("EDGE_URL").is_some() && reader.given("EDGE_ORIGIN_SECRET").is_none() {
            reader.fault("EDGE_URL", "needs EDGE_ORIGIN_SECRET: the edge takes only signed events");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::OriginConfig;
    use std::collections::HashMap;

    #[test]
    fn an_edge_without_the_secret_is_told_with_both_names() {
        let source = HashMap::from([("EDGE_URL".to_owned(), "https://edge.example".to_owned())]);
        let faults = OriginConfig::read(&source).unwrap_err().to_string();
        assert!(faults.contains("EDGE_URL: ") && faults.contains("EDGE_ORIGIN_SECRET"), "{faults}");
    }
}
