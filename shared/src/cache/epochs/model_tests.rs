//! The table, its text and the Hub's log of it against the list of all purges.

use super::*;
use crate::events::PurgeMode;
use proptest::{collection::vec, prelude::*};

/// All there ever was.
#[derive(Default)]
struct Model(Vec<(u64, PurgeTarget, PurgeMode)>);

impl Model {
    fn verdict(&self, tags: &[String], target: &str, since: u64, known: u64) -> Option<PurgeMode> {
        let slots: Vec<u16> = tags.iter().map(|tag| slot_of(tag)).collect();
        let counts = |purged: &PurgeTarget| match purged {
            PurgeTarget::Tag(tag) => slots.contains(&slot_of(tag)),
            pattern => pattern.matches(target),
        };
        self.0
            .iter()
            .filter(|(epoch, purged, _)| (since + 1..=known).contains(epoch) && counts(purged))
            .map(|(_, _, mode)| *mode)
            .min_by_key(|mode| strictness(*mode))
    }
}

/// The Hub without its storage: a table of what is long past, and the calls since.
#[derive(Default)]
struct Hub {
    epoch: u64,
    folded: Epochs,
    log: Vec<(u64, String)>,
}

impl Hub {
    fn purge(&mut self, model: &mut Model, targets: &[(PurgeTarget, PurgeMode)]) {
        self.epoch += 1;
        let mut call = Epochs::at(self.epoch);
        for (target, mode) in targets {
            call.purge(target, *mode);
            model.0.push((self.epoch, target.clone(), *mode));
        }
        self.log.push((self.epoch, call.to_part()));
    }

    fn fold(&mut self, kept: usize) {
        let old = self.log.len().saturating_sub(kept);
        for (_, part) in self.log.drain(..old) {
            self.folded.merge_part(&part).unwrap();
        }
        let stored = self.folded.to_part();
        self.folded = Epochs::default();
        self.folded.merge_part(&stored).unwrap();
    }

    fn since(&self, known: u64) -> EpochChanges {
        let from = changes_from(known, self.epoch, self.folded.epoch());
        let table = if from.is_none() { vec![self.folded.to_part()] } else { Vec::new() };
        let newer = self.log.iter().filter(|(epoch, _)| *epoch > from.unwrap_or_default());
        let parts = table.into_iter().chain(newer.map(|(_, part)| part.clone())).collect();
        EpochChanges { epoch: self.epoch, is_anew: from.is_none(), parts }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Purge(Vec<(PurgeTarget, PurgeMode)>),
    /// One reader is told what changed.
    Sync(usize),
    /// All but so many calls are folded into the table.
    Fold(usize),
}

fn mode() -> impl Strategy<Value = PurgeMode> {
    (0..3_u8).prop_map(mode_at)
}

fn target(patterns: u32) -> impl Strategy<Value = PurgeTarget> {
    prop_oneof![
        8 => (0..6_u32).prop_map(|id| PurgeTarget::Tag(format!("product:{id}"))),
        4 => (0..patterns).prop_map(|n| PurgeTarget::parse(&format!("/p{n}/*")).unwrap()),
        2 => (0..patterns).prop_map(|n| PurgeTarget::parse(&format!("{n}")).unwrap()),
        1 => Just(PurgeTarget::Everything),
    ]
}

fn steps(patterns: u32, most: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => vec((target(patterns), mode()), 1..3).prop_map(Step::Purge),
        2 => (0..2_usize).prop_map(Step::Sync),
        1 => (0..5_usize).prop_map(Step::Fold),
    ];
    vec(step, 1..most)
}

/// Stricter is more.
fn weight(verdict: Option<PurgeMode>) -> u8 {
    verdict.map_or(0, |mode| 3 - strictness(mode))
}

/// Every answer anybody may have, by every reader, after these steps: the table's verdict and the model's.
fn verdicts(steps: Vec<Step>, patterns: u32, stride: usize) -> Vec<(Option<PurgeMode>, Option<PurgeMode>)> {
    let (mut hub, mut model) = (Hub::default(), Model::default());
    let mut readers = [Epochs::default(), Epochs::default()];
    for step in steps {
        match step {
            Step::Purge(targets) => hub.purge(&mut model, &targets),
            Step::Sync(reader) => readers[reader].apply(&hub.since(readers[reader].epoch())).unwrap(),
            Step::Fold(kept) => hub.fold(kept),
        }
    }
    let mut all = Vec::new();
    for reader in &readers {
        for since in (0..=hub.epoch).step_by(stride) {
            for n in 0..patterns.min(8) {
                let tags = [format!("product:{n}"), format!("product:{}", (n + 1) % 3)];
                let slots = tags.each_ref().map(|tag| slot_of(tag));
                let path = format!("/p{n}/x");
                let expected = model.verdict(&tags, &path, since, reader.epoch());
                all.push((reader.verdict(&slots, &path, since), expected));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_table_says_what_the_list_of_all_purges_says(steps in steps(8, 40)) {
        for (told, expected) in verdicts(steps, 8, 1) {
            prop_assert_eq!(told, expected);
        }
    }

    #[test]
    fn with_more_patterns_than_are_kept_more_is_purged_and_never_less(steps in steps(200, 300)) {
        for (told, expected) in verdicts(steps, 200, 7) {
            prop_assert!(weight(told) >= weight(expected), "{:?} instead of {:?}", told, expected);
        }
    }
}

#[test]
fn the_whole_table_is_never_too_long_to_tell() {
    // No mode is dominated, no age is exact, every pattern is as long as it may be.
    let mut epochs = Epochs::default();
    for (mode, epoch) in
        [(PurgeMode::Hard, 1), (PurgeMode::Revalidate, 1_u64 << 30), (PurgeMode::Soft, (1 << 53) - 1)]
    {
        epochs = Epochs { epoch, ..epochs };
        (0..SLOTS).for_each(|slot| epochs.purge_slot(slot, mode));
        for number in 0..MAX_RULES {
            let pattern = format!("{number:0>200}");
            epochs.purge(&PurgeTarget::parse(&pattern).unwrap(), mode);
        }
    }
    let part = epochs.to_part();
    let mut read = Epochs::default();
    read.merge_part(&part).unwrap();
    assert_eq!(read.verdict(&[5], "/", 0), Some(PurgeMode::Hard));
    let changes = EpochChanges { epoch: read.epoch(), is_anew: true, parts: vec![part] };
    let told = serde_json::to_string(&changes).unwrap().len();
    // The rest is for calls that are not folded in yet.
    assert!(told < MAX_CHANGES_BYTES - 28_000, "{told}");
}

/// Not measured but counted: on a HIT nothing is done that grows with what was purged before.
#[test]
fn an_answer_that_is_as_new_as_the_table_is_judged_at_once() {
    let mut epochs = Epochs::at(9);
    epochs.purge(&PurgeTarget::Everything, PurgeMode::Hard);
    assert_eq!(epochs.verdict(&[1, 2], "/", 9), None);
    assert_eq!(epochs.verdict(&[1, 2], "/", 10), None, "another isolate may know more");
    assert_eq!(epochs.verdict(&[1, 2], "/", 8), Some(PurgeMode::Hard));
}
