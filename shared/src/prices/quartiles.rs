//! Quartiles as Python's `statistics.quantiles(data, n=4)` gives them (method "exclusive"), in integers.

/// First and third quartile in quarter-paise (the method interpolates in quarters), of at least two values in
/// ascending order; `None` for fewer.
pub(super) fn quartiles_x4(ascending: &[i64]) -> Option<(i128, i128)> {
    Some((cut_x4(ascending, 1)?, cut_x4(ascending, 3)?))
}

/// Cut point `i` of 4: position i·(len+1)/4, held inside the data, interpolated linearly.
fn cut_x4(ascending: &[i64], i: usize) -> Option<i128> {
    let len = ascending.len();
    if len < 2 {
        return None;
    }
    let position = i * (len + 1);
    let below = (position / 4).clamp(1, len - 1);
    // Held inside the data the weight may leave 0…4: Python extrapolates there, and so do we.
    let weight = i128::try_from(position).ok()? - i128::try_from(below * 4).ok()?;
    let (left, right) = (ascending.get(below - 1)?, ascending.get(below)?);
    Some(i128::from(*left) * (4 - weight) + i128::from(*right) * weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_equal_pythons_exclusive_method() {
        // statistics.quantiles of each list, times four.
        assert_eq!(quartiles_x4(&[1, 2, 3, 4]), Some((5, 15)));
        assert_eq!(quartiles_x4(&[10, 20, 30, 40, 50]), Some((60, 180)));
        assert_eq!(quartiles_x4(&[100, 100, 100, 900]), Some((400, 2800)));
        assert_eq!(quartiles_x4(&[1, 2, 3, 4, 5, 6, 7]), Some((8, 24)));
        assert_eq!(quartiles_x4(&[1, 9]), Some((-4, 44)));
        assert_eq!(quartiles_x4(&[1]), None);
    }
}
