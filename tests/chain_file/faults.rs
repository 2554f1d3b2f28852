//! Whatever operation fails, and at whatever byte the power fails: the next start has
//! everything that was announced, and repairs the file by itself.

use std::io::ErrorKind;

use cairn::chain::Chain;
use cairn::sim_disk::{Loss, SimDisk};
use cairn::store::{Journal, Part, Store};

use crate::stones::{EASY, chain_of, grown};

/// Seeds for what a loss of power leaves.
const SEEDS: u64 = 12;

/// The beginning of a story: the files on the disk, and the chain in them.
struct Beginning {
    name: &'static str,
    parts: Vec<(Part, Vec<u8>)>,
    /// What was announced before.
    chain: Chain,
    /// Bytes that are not part of the chain and must not be lost.
    strange: Vec<Vec<u8>>,
    /// What is saved next: an append, a reorganisation, another of each.
    plan: Vec<(usize, Chain)>,
    /// What is saved at the end, to see that saving still works.
    after: Chain,
}

/// The state of a node when a story was interrupted.
struct Story {
    announced: Chain,
    /// What was being saved, announced or not.
    begun: Chain,
}

fn beginnings() -> Vec<Beginning> {
    let chain = chain_of(5, EASY);
    let bytes = chain.as_bytes();
    let genesis = Chain::genesis(EASY);
    let longer = grown(&chain, 2, 5, 2);
    let journal = Journal { height: 2, blocks: &longer.blocks()[2..] }.encode();
    // The new blocks on their way over the old ones.
    let half_done = [&bytes[..150], &longer.as_bytes()[150..260], &bytes[260..]].concat();
    let stray = Journal { height: 3, blocks: &longer.blocks()[4..] }.encode();
    let damage = [&[0xbd; 40], &bytes[..60]].concat();
    let begin = |name, parts, chain: &Chain, strange| {
        let (chain, mut plan) = (chain.clone(), Vec::new());
        let (ours, mut last) = (chain.count(), chain.clone());
        for (fork, count, lane) in [(ours, 2, 3), (ours, 4, 4), (ours + 4, 2, 5), (ours + 5, 3, 6)]
        {
            last = grown(&last, fork, count, lane);
            plan.push((fork, last.clone()));
        }
        let after = grown(&last, ours + 7, 2, 7);
        Beginning { name, parts, chain, strange, plan, after }
    };
    let file = |bytes: &[u8]| (Part::Chain, bytes.to_vec());
    vec![
        begin("no file", vec![], &genesis, vec![]),
        begin("an empty file", vec![file(&[])], &genesis, vec![]),
        begin(
            "genesis half written",
            vec![file(&[&bytes[..30], &[0; 45]].concat())],
            &genesis,
            vec![],
        ),
        begin("a chain", vec![file(bytes)], &chain, vec![]),
        begin(
            "a reorganisation to finish",
            vec![file(&half_done), (Part::Journal, journal.clone())],
            &longer,
            vec![],
        ),
        begin(
            "a reorganisation never begun",
            vec![file(bytes), (Part::Journal, journal[..200].to_vec())],
            &chain,
            vec![],
        ),
        begin(
            "another chain's journal",
            vec![file(bytes), (Part::Journal, stray.clone())],
            &chain,
            vec![stray],
        ),
        begin(
            "a damaged tail",
            vec![file(&[bytes, &damage].concat())],
            &chain,
            vec![damage.clone()],
        ),
        begin(
            "damage for the second time",
            vec![file(&[bytes, &damage].concat()), (Part::Aside(1), b"the first".to_vec())],
            &chain,
            vec![damage, b"the first".to_vec()],
        ),
    ]
}

impl Beginning {
    fn disk(&self, seed: u64) -> SimDisk {
        let disk = SimDisk::new("alice.chain", seed);
        for (part, bytes) in &self.parts {
            disk.put(*part, bytes);
        }
        disk
    }

    /// Opens the file and carries out the plan; stops at the first error.
    fn tell(&self, disk: &SimDisk) -> Story {
        let mut story = Story { announced: self.chain.clone(), begun: self.chain.clone() };
        let Ok((mut store, chain, _)) = Store::open(disk.clone(), EASY) else { return story };
        assert!(chain == self.chain, "{}", self.name);
        for (fork, chain) in &self.plan {
            story.begun = chain.clone();
            if store.save(*fork, &chain.blocks()[*fork..]).is_err() {
                let again = store.save(*fork, &chain.blocks()[*fork..]);
                assert!(again.is_err(), "nothing is saved where nobody knows what is there");
                return story;
            }
            story.announced = chain.clone();
        }
        story
    }

    /// What must hold at any start after an interrupted story.
    fn check(&self, disk: &SimDisk, story: &Story, what: &str) {
        let open = || {
            let opened = Store::open(disk.clone(), EASY);
            opened.unwrap_or_else(|error| panic!("{what}: it starts unaided, but {error}"))
        };
        let (_, first, _) = open();
        // A node reports its chain when it starts, so by then that must be safe as well.
        disk.restart(Loss::Unsynced);
        let (mut store, chain, _) = open();
        assert!(chain == first, "{what}: what it started with is there");
        // All that was announced, and perhaps blocks on top; or the other branch as a
        // whole. (Part of a block may by chance have proof of work.)
        let kept = chain.common_prefix(story.announced.as_bytes());
        assert!(chain == story.begun || kept == story.announced.count(), "{what}");
        assert!(disk.bytes(Part::Chain).as_deref() == Some(chain.as_bytes()), "{what}");
        assert!(disk.bytes(Part::Journal).is_none(), "{what}: the journal is gone");
        for strange in &self.strange {
            let aside = disk.parts().into_iter().filter(|part| matches!(part, Part::Aside(_)));
            let mut aside = aside.filter_map(|part| disk.bytes(part));
            assert!(aside.any(|bytes| bytes == *strange), "{what}: nothing is lost");
        }
        // And saving still works.
        let fork = chain.common_prefix(self.after.as_bytes());
        store
            .save(fork, &self.after.blocks()[fork..])
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        disk.restart(Loss::Unsynced);
        let (_, chain, repairs) = Store::open(disk.clone(), EASY).expect("it was whole");
        assert!(chain == self.after && repairs.is_empty(), "{what}: {repairs:?}");
    }
}

/// Each kind of loss, with some seeds where chance has a say.
fn losses() -> impl Iterator<Item = (Loss, u64)> {
    let unsynced = (1..=SEEDS).map(|seed| (Loss::Unsynced, seed));
    [(Loss::Nothing, 1), (Loss::Nothing, 2)].into_iter().chain(unsynced)
}

#[test]
fn without_a_fault_everything_announced_is_there_even_if_the_power_goes() {
    for beginning in beginnings() {
        for (loss, seed) in losses() {
            let disk = beginning.disk(seed);
            let story = beginning.tell(&disk);
            assert!(story.announced.count() > beginning.chain.count(), "{}", beginning.name);
            disk.restart(loss);
            beginning.check(&disk, &story, &format!("{}, {loss:?}, seed {seed}", beginning.name));
        }
    }
}

#[test]
fn any_operation_may_fail() {
    for beginning in beginnings() {
        let disk = beginning.disk(0);
        beginning.tell(&disk);
        for operation in 0..disk.operations() {
            for (loss, seed) in losses() {
                let disk = beginning.disk(seed);
                disk.fail_at(operation, ErrorKind::StorageFull);
                let story = beginning.tell(&disk);
                disk.restart(loss);
                let name = beginning.name;
                let what = format!("{name}, operation {operation} fails, {loss:?}, seed {seed}");
                beginning.check(&disk, &story, &what);
            }
        }
    }
}

#[test]
fn the_power_may_go_at_any_byte() {
    for beginning in beginnings() {
        let disk = beginning.disk(0);
        beginning.tell(&disk);
        for step in 0..disk.steps() {
            for (loss, seed) in losses() {
                let disk = beginning.disk(seed);
                disk.power_off_after(step);
                let story = beginning.tell(&disk);
                disk.restart(loss);
                let what = format!("{}, off at {step}, {loss:?}, seed {seed}", beginning.name);
                beginning.check(&disk, &story, &what);
            }
        }
    }
}

/// The power fails in the middle of a save, and again during the repair.
#[test]
fn the_power_may_go_again_at_any_byte_of_the_mending() {
    let beginnings = beginnings();
    let beginning = beginnings.iter().find(|beginning| beginning.name == "a chain");
    let beginning = beginning.expect("it is one of them");
    let disk = beginning.disk(0);
    beginning.tell(&disk);
    // Primes, so that any byte of a block is hit in some block.
    for first in (0..disk.steps()).step_by(7) {
        for second in (first % 5..).step_by(5) {
            let disk = beginning.disk(first);
            disk.power_off_after(first);
            let story = beginning.tell(&disk);
            disk.restart(if first % 2 == 0 { Loss::Unsynced } else { Loss::Nothing });
            disk.power_off_after(second);
            let is_open = Store::open(disk.clone(), EASY).is_ok();
            disk.restart(if second % 2 == 0 { Loss::Unsynced } else { Loss::Nothing });
            beginning.check(&disk, &story, &format!("off at {first}, then at {second}"));
            if is_open {
                break;
            }
        }
    }
}

/// An operation fails, the node ends and starts again, and then the power fails: the second
/// start sees what a failed sync left, but that is not safe.
#[test]
fn the_power_may_go_while_what_an_error_left_is_mended() {
    for beginning in beginnings() {
        let disk = beginning.disk(0);
        beginning.tell(&disk);
        let runs = (0..disk.operations()).flat_map(|operation| [(operation, 1), (operation, 2)]);
        for (operation, seed) in runs {
            for step in (operation % 11..).step_by(11) {
                let disk = beginning.disk(seed);
                disk.fail_at(operation, ErrorKind::Other);
                let story = beginning.tell(&disk);
                disk.restart(Loss::Nothing);
                disk.power_off_after(step);
                let is_open = Store::open(disk.clone(), EASY).is_ok();
                disk.restart(Loss::Unsynced);
                let name = beginning.name;
                let what =
                    format!("{name}, operation {operation} fails, off at {step}, seed {seed}");
                beginning.check(&disk, &story, &what);
                if is_open {
                    break;
                }
            }
        }
    }
}

#[test]
fn where_damage_cannot_be_set_aside_it_stays_and_leaves_no_pieces() {
    let beginnings = beginnings();
    let beginning = beginnings.iter().find(|beginning| beginning.name == "a damaged tail");
    let beginning = beginning.expect("it is one of them");
    // Both files are read, then one is made for the damage, written and synced.
    for operation in 2..6 {
        let disk = beginning.disk(operation);
        disk.fail_at(operation, ErrorKind::StorageFull);
        let error = Store::open(disk.clone(), EASY).expect_err("there is no room");
        assert!(error.to_string().starts_with("cannot write alice.chain.damaged-1: "), "{error}");
        assert_eq!(disk.bytes(Part::Chain).as_ref(), beginning.parts.first().map(|(_, b)| b));
        assert_eq!(disk.parts(), [Part::Chain]);
    }
}
