//! Short lists in order, each item once. Sorting as the standard library does it is six kilobytes of Worker for each type;
//! these lists have a few items, and where a foreigner makes them long they are bounded by what a header may hold.

/// The items in order, each once.
pub(crate) fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = Vec::new();
    for item in items {
        if let Err(at) = list.binary_search(&item) {
            list.insert(at, item);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_and_in_order() {
        assert_eq!(sorted([3_u8, 1, 2, 3, 1].into_iter()), [1, 2, 3]);
        assert!(sorted(std::iter::empty::<u8>()).is_empty());
    }
}
