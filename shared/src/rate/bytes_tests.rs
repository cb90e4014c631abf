use super::*;
use crate::{
    rate::{Ask, Limits, grant, step},
    time::UnixMillis,
};
use proptest::prelude::*;

const T: i64 = 1_790_000_100_000;
const GUIDES: Limits = Limits { minute: 60, hour: 1_000, day: 10_000 };
const HIGHEST: Limits = Limits { minute: u32::MAX, hour: u32::MAX, day: u32::MAX };

/// What it takes in memory, without what the allocator adds.
fn resident(state: &State) -> usize {
    size_of::<State>() + state.counts.capacity() + state.leases.capacity() * size_of::<Open>()
}

fn ask(cost: u32, wish: u32) -> Ask {
    Ask { cost, wish, life_ms: MAX_LIFE_MS, returned: None, may_return_cost: false }
}

/// A change here makes every object forget its client, which is a second allowance for everybody: raise the version and
/// read the old one too.
#[test]
fn the_form_does_not_change() {
    let mut state = State::default();
    step(&mut state, UnixMillis(T), 1, &GUIDES);
    step(&mut state, UnixMillis(T + 3_000), 200, &Limits { minute: 1_000, ..GUIDES });
    grant(&mut state, UnixMillis(T + 4_250), &ask(2, 5), &Limits { minute: 1_000, ..GUIDES });
    let bytes = state.to_bytes();
    assert_eq!(
        hex::encode(&bytes),
        concat!(
            "01",
            "3a0352c4a001",
            "01000000", // version, T + 4,250, the last lease
            "01",
            "d007",
            "01000000",
            "03000000", // one out: ends 2,000 ms later, number 1, 3 may come back
            "07",
            "38",
            "01",
            "00",
            "00",
            "c801",
            "00",
            "00",
            "05", // the minute, from its 56th bucket on
            "01",
            "3c",
            "ce01", // the hour: 206 in its running bucket
            "01",
            "60",
            "ce01", // the day
        )
    );
    assert_eq!(State::from_bytes(&bytes), Some(state));
}

#[test]
fn what_was_never_written_is_refused() {
    let mut state = State::default();
    for second in 0..100 {
        step(&mut state, UnixMillis(T + second * 1_700), 3, &GUIDES);
    }
    grant(&mut state, UnixMillis(T + 200_000), &ask(1, 4), &GUIDES);
    let bytes = state.to_bytes();
    for cut in 0..bytes.len() {
        assert_eq!(State::from_bytes(&bytes[..cut]), None, "cut at {cut}");
    }
    assert_eq!(State::from_bytes(&[bytes.clone(), vec![0]].concat()), None);
    let changed = |place: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = value;
        State::from_bytes(&bytes)
    };
    assert_eq!(changed(0, 0), None);
    assert_eq!(changed(0, 2), None);
    assert_eq!(changed(6, 0xff), None, "a time in the year 10,000");
    assert_eq!(changed(11, 13), None, "more leases than there are");
    assert_eq!(changed(13, 0xff), None, "a lease of a minute");
    assert_eq!(changed(22, 64), None, "more buckets than there are");
    assert_eq!(changed(24, 0), None, "an empty first bucket");
}

#[test]
fn a_client_seen_within_a_minute_takes_at_most_200_bytes() {
    for limits in [GUIDES, Limits { minute: 600, hour: 10_000, day: 100_000 }] {
        let mut state = State::default();
        // As many buckets as there can be, and what remains at the end, on lease.
        let a_second = limits.minute / 60;
        for second in 0..59 {
            assert!(step(&mut state, UnixMillis(T + second * 1_000), a_second, &limits).is_admitted());
        }
        grant(&mut state, UnixMillis(T + 59_999), &ask(1, 600), &limits);
        assert!(resident(&state) <= 200, "{}", resident(&state));
        assert!(state.to_bytes().len() <= 110, "{}", state.to_bytes().len());
    }
    let mut state = State::default();
    step(&mut state, UnixMillis(T), 1, &GUIDES);
    assert_eq!(state.to_bytes().len(), 21);
}

#[test]
fn a_client_never_takes_a_kilobyte() {
    let mut state = State::default();
    // What is spent fills the limit of each window, and lies in all its buckets at three bytes at least.
    for quarter in 0..97_i64 {
        let cost = if quarter < 90 { 16_384 } else { 1 << 21 };
        step(&mut state, UnixMillis(T + quarter * 900_000), cost, &HIGHEST);
    }
    let hour = T + 97 * 900_000;
    let mut most = 0;
    for second in 0..7_200 {
        let cost = if second % 60 == 0 || second > 7_100 { 16_384 } else { 0 };
        step(&mut state, UnixMillis(hour + second * 1_000), cost, &HIGHEST);
        if second > 7_180 {
            grant(&mut state, UnixMillis(hour + second * 1_000), &ask(16_384, 16_390), &HIGHEST);
        }
        most = most.max(resident(&state)).max(state.to_bytes().len());
    }
    assert!(most < 1_024, "{most}");
    // The same by its parts, the counts at their longest: seven of four bytes in each window, three for the others.
    let counts: usize = Window::ALL.map(|window| window.ring() as usize * 3 + 7).iter().sum();
    let all = size_of::<State>() + counts + 15 + MAX_LEASES * size_of::<Open>();
    assert!(all < 1_024, "{all}");
    assert!((1_u64 << 21) * 8 > u64::from(Limits::MOST));
}

proptest! {
    #[test]
    fn a_state_that_was_stored_is_the_same(
        calls in proptest::collection::vec((0..200_000_i64, 1..4_u32, 0..30_u32), 0..120),
    ) {
        let (mut state, mut now) = (State::default(), T);
        for (later, cost, wish) in calls {
            now += later;
            if wish > 20 {
                grant(&mut state, UnixMillis(now), &ask(cost, wish), &GUIDES);
            } else {
                step(&mut state, UnixMillis(now), cost, &GUIDES);
            }
            let read = State::from_bytes(&state.to_bytes());
            prop_assert_eq!(read.as_ref(), Some(&state));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
        heads in proptest::array::uniform3((0..100_u8, 0..100_u8)),
        is_plausible in any::<bool>(),
        later in 0..100_000_000_i64,
    ) {
        let bytes = if is_plausible {
            let mut plausible = State::default().to_bytes();
            plausible.truncate(12);
            for (buckets, behind) in heads {
                plausible.extend([buckets, behind]);
                plausible.extend(bytes.iter().cycle().take(usize::from(buckets)).map(|byte| byte & 0x7f));
            }
            plausible
        } else {
            bytes
        };
        if let Some(mut state) = State::from_bytes(&bytes) {
            prop_assert_eq!(state.to_bytes(), bytes);
            step(&mut state, UnixMillis(later), 1, &GUIDES);
            grant(&mut state, UnixMillis(later), &ask(1, 4), &GUIDES);
        }
    }
}
