//! Where the edge's one global object lives.

use super::Setting;

crate::section! {
    /// The Hub.
    pub struct HubConfig("Hub") {
        /// Near where the Hub is made; what exists stays where it is.
        pub hub_location: HubLocation, var "HUB_LOCATION" = "apac";
    }
}

/// A location hint
/// ([Durable Objects, data location](https://developers.cloudflare.com/durable-objects/reference/data-location/)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubLocation(&'static str);

const ALL: [&str; 9] = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"];

impl HubLocation {
    /// The hint.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl Setting for HubLocation {
    fn form() -> String {
        format!("one of {}", ALL.join(", "))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let found = ALL.into_iter().find(|name| *name == text);
        found.map(Self).ok_or_else(|| format!("it must be {}", Self::form()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_one_of_cloudflares() {
        assert_eq!(HubLocation::parse("weur").unwrap().as_str(), "weur");
        assert!(HubLocation::parse("berlin").unwrap_err().contains("weur"));
    }
}
