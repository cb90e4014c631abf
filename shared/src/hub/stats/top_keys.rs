//! The keys that are asked for most, without counting all of them: the space-saving algorithm (Metwally, Agrawal and
//! El Abbadi 2005). A key that is asked for more often than one in as many as are known is among them for certain; its
//! count is never too low, and too high by no more than the lowest.

use serde::{Deserialize, Serialize};

/// Longer keys are not looked at.
const MAX_KEY: usize = 200;

/// Keys with their counts, those asked for of late towards the front.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TopKeys(pub(super) Vec<(String, u64)>);

impl TopKeys {
    /// Counts a key, of which `most` are known.
    pub(super) fn add(&mut self, key: &str, count: u64, most: usize) {
        if key.len() > MAX_KEY {
            return;
        }
        if let Some(at) = self.0.iter().position(|(known, _)| known == key) {
            if let Some((_, known)) = self.0.get_mut(at) {
                *known = known.saturating_add(count);
            }
            // The next look for it is one step shorter.
            if at > 0 {
                self.0.swap(at - 1, at);
            }
        } else if self.0.len() < most {
            self.0.push((key.to_owned(), count));
        } else if let Some((known, least)) = self.0.iter_mut().min_by_key(|(_, count)| *count) {
            known.clear();
            known.push_str(key);
            *least = least.saturating_add(count);
        }
    }

    /// Those asked for most, in their order.
    pub(super) fn most_asked_for(&self, most: usize) -> Vec<&(String, u64)> {
        let mut keys: Vec<_> = self.0.iter().collect();
        let mut first = Vec::new();
        // Picked one by one: a sort would be among the larger functions of the Worker.
        while first.len() < most
            && let Some((at, _)) = keys.iter().enumerate().rev().max_by_key(|(_, (_, count))| *count)
        {
            first.push(keys.remove(at));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::HashMap;

    #[test]
    fn a_long_key_is_not_kept() {
        let mut top = TopKeys::default();
        top.add(&"x".repeat(201), 1, 8);
        assert_eq!(top, TopKeys::default());
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_often_enough_is_known(keys in vec((0..40_u64).prop_map(|n| n * n / 40), 1..400)) {
            let (mut top, mut exact) = (TopKeys::default(), HashMap::new());
            for key in &keys {
                top.add(&key.to_string(), 1, 8);
                *exact.entry(key.to_string()).or_insert(0_u64) += 1;
            }
            let order = top.most_asked_for(8);
            prop_assert!(order.is_sorted_by(|(_, more), (_, less)| more >= less));
            let known: HashMap<_, _> = order.into_iter().map(|(key, count)| (key.as_str(), *count)).collect();
            prop_assert!(known.len() <= 8);
            prop_assert_eq!(known.values().sum::<u64>(), keys.len() as u64);
            let least = known.values().copied().min().unwrap_or_default();
            for (key, count) in &exact {
                match known.get(key.as_str()) {
                    Some(told) => prop_assert!((*count..=count + least).contains(told)),
                    None => prop_assert!(count * 8 <= keys.len() as u64, "{} is missing", key),
                }
            }
        }
    }
}
