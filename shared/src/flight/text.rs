//! The desk as text, which the object holds between calls: a line of its own, one for the answer that is kept, one for
//! each fetch under way.

use super::desk::{Desk, Flight, MAX_UNDER_WAY};

impl Desk {
    /// As text.
    pub fn to_text(&self) -> String {
        let first = format!("{} {} {}", self.not_shared_until, self.last, self.names.join(","));
        let kept = self.kept.iter().map(|kept| ('k', kept));
        let under_way = self.under_way.iter().map(|flight| ('u', flight));
        let lines = kept.chain(under_way).map(|(kind, Flight { number, epoch, until, variant })| {
            format!("{kind} {number} {epoch} {until} {variant}")
        });
        std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n")
    }

    /// What cannot be read is left out, and an empty text knows nothing: then somebody leads anew.
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let mut desk = Self::default();
        let mut words = lines.next().unwrap_or("").splitn(3, ' ');
        let mut number = || words.next().and_then(|word| word.parse::<i64>().ok()).unwrap_or(0);
        desk.not_shared_until = number();
        desk.last = u32::try_from(number()).unwrap_or(0);
        let names = words.next().unwrap_or("").split(',').filter(|name| !name.is_empty());
        desk.names = names.map(str::to_owned).collect();
        for line in lines {
            match line.split_once(' ').and_then(|(kind, rest)| Some((kind, flight(rest)?))) {
                Some(("k", kept)) => desk.kept = Some(kept),
                Some(("u", flight)) if desk.under_way.len() < MAX_UNDER_WAY => desk.under_way.push(flight),
                _ => {}
            }
        }
        desk
    }
}

fn flight(text: &str) -> Option<Flight> {
    let mut words = text.split(' ');
    Some(Flight {
        number: words.next()?.parse().ok()?,
        epoch: words.next()?.parse().ok()?,
        until: words.next()?.parse().ok()?,
        variant: words.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_is_read_as_it_was_written() {
        let flight = |number| Flight { number, epoch: 7, until: 1_790_000_000_000, variant: "ab".to_owned() };
        let full = Desk {
            not_shared_until: 5,
            names: vec!["accept".to_owned(), "accept-language".to_owned()],
            last: 9,
            kept: Some(flight(3)),
            under_way: vec![flight(8), flight(9)],
        };
        for desk in [full, Desk::default()] {
            assert_eq!(Desk::parse(&desk.to_text()), desk);
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for text in ["", "x y z", "1 2 a\nk 1 2", "1 2\nu -1 2 3 v\nq"] {
            let desk = Desk::parse(text);
            assert!(desk.kept.is_none() && desk.under_way.is_empty(), "{text}");
        }
    }
}
