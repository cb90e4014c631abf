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
    }
}
