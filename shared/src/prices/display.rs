//! The shop's own price: the lowest one less a margin, within what the product allows.

use crate::money::{Margin, Paise};

/// A product's own rules for its display price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PriceRule {
    /// Never show less than this.
    pub floor: Option<Paise>,
    /// Show exactly this, whatever the market says.
    pub pinned: Option<Paise>,
}

/// ⌊lowest × (10,000 − margin in basis points) / 10,000⌋, then the floor, then the pinned price.
pub fn display_price(lowest: Paise, margin: Margin, rule: PriceRule) -> Paise {
    if let Some(pinned) = rule.pinned {
        return pinned;
    }
    let kept = i128::from(lowest.0) * i128::from(10_000 - margin.basis_points()) / 10_000;
    // Not above `lowest`, so it fits.
    let discounted = Paise(i64::try_from(kept).unwrap_or(lowest.0));
    rule.floor.map_or(discounted, |floor| discounted.max(floor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn margin(basis_points: i64) -> Margin {
        Margin::from_basis_points(basis_points).unwrap()
    }

    #[test]
    fn the_margin_comes_off_rounded_down() {
        let none = PriceRule::default();
        assert_eq!(display_price(Paise(1_999_900), margin(300), none), Paise(1_939_903));
        assert_eq!(display_price(Paise(99), margin(300), none), Paise(96));
        assert_eq!(display_price(Paise(99), margin(0), none), Paise(99));
    }

    #[test]
    fn a_floor_holds_and_a_pinned_price_beats_it() {
        let floor = PriceRule { floor: Some(Paise(980)), pinned: None };
        assert_eq!(display_price(Paise(1_000), margin(300), floor), Paise(980));
        let pinned = PriceRule { floor: Some(Paise(980)), pinned: Some(Paise(500)) };
        assert_eq!(display_price(Paise(1_000), margin(300), pinned), Paise(500));
    }

    proptest! {
        #[test]
        fn the_price_is_the_exact_fraction_rounded_down(lowest in 1_i64..=200_000_000, bp in 0_i64..=9_000) {
            let shown = display_price(Paise(lowest), margin(bp), PriceRule::default()).0;
            let exact = lowest * (10_000 - bp);
            prop_assert!(shown * 10_000 <= exact && exact < (shown + 1) * 10_000);
        }
    }
}
