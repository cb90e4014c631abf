//! How prices are computed.

use valora_shared::{config::Bounded, money::Margin};

valora_shared::section! {
    /// How prices are computed.
    pub struct PricesConfig("Prices") {
        /// The margin of products that have none of their own, in percent.
        pub default_margin_percent: Margin, var "DEFAULT_MARGIN_PERCENT" = "3.0";
        /// Hours after which an observation no longer counts. Those of an imported file count until an import names
        /// the product again.
        pub price_max_age_hours: Bounded<1, 8_760>, var "PRICE_MAX_AGE_HOURS" = "24";
        /// A lowest price under the last recorded one by more than this many percent waits for a second source or an
        /// admin; 100 lets everything through.
        pub price_max_drop_percent: Bounded<1, 100>, var "PRICE_MAX_DROP_PERCENT" = "50";
        /// Seconds between two looks at a product's sources; 0 leaves all looking to requests.
        pub price_poll_interval_seconds: Bounded<0, 86_400>, var "PRICE_POLL_INTERVAL_SECONDS" = "300";
        /// Products whose sources are asked at once by the scheduler of one replica.
        pub price_poll_concurrency: Bounded<1, 256>, var "PRICE_POLL_CONCURRENCY" = "16";
    }
}
