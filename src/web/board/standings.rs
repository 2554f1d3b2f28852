//! The progress that students report, and the limits of reports.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::StatusCode;
use serde::Deserialize;

use crate::web::problem::Problem;

/// The version of reports.
const VERSION: u32 = 1;

/// The most names on a board: a lecture hall's, more than a projector can show.
const MAX_NAMES: usize = 500;

/// The most names from one address: a class behind one router.
const MAX_NAMES_OF_ADDRESS: usize = 60;

/// The most characters in a name.
const MAX_NAME_LEN: usize = 24;

/// Letters without ink: a name of these would be nobody's, and one more would make another
/// name that looks the same.
const BLANK: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];

/// The most tasks that an exercise may have.
const MAX_TASKS: u32 = 50;

/// A report of a student's checker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Report {
    pub(super) version: u32,
    pub(super) name: String,
    pub(super) exercise: String,
    /// The number of passed tasks, and of all tasks.
    pub(super) tasks_passed: u32,
    pub(super) tasks: u32,
    /// Whether nothing failed. A task that cannot be judged does not count as failed.
    pub(super) passed: bool,
}

/// Somebody's progress in an exercise: the best that was reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing {
    pub(super) passed: bool,
    pub(super) tasks_passed: u32,
    pub(super) tasks: u32,
}

/// Somebody on the board.
#[derive(Debug)]
pub(super) struct Student {
    /// The address that may report under this name.
    address: IpAddr,
    pub(super) standings: BTreeMap<&'static str, Standing>,
}

/// Everybody on the board.
#[derive(Debug)]
pub(super) struct Standings {
    pub(super) exercises: &'static [&'static str],
    pub(super) students: BTreeMap<String, Student>,
}

impl Standings {
    pub(super) fn new(exercises: &'static [&'static str]) -> Standings {
        Standings { exercises, students: BTreeMap::new() }
    }

    /// Accepts a report from an address. A better earlier result stays.
    pub(super) fn take(&mut self, report: &Report, from: IpAddr) -> Result<(), Problem> {
        let exercise = self.check(report)?;
        let name = check_name(&report.name)?;
        match self.students.get(&name) {
            Some(known) if known.address != from => {
                let detail = "another machine reports under this name: choose another name";
                return Err(Problem::new(StatusCode::CONFLICT, "name-taken", detail));
            }
            Some(_) => {}
            None => self.check_room(from)?,
        }
        let Report { passed, tasks_passed, tasks, .. } = *report;
        let student = self
            .students
            .entry(name)
            .or_insert_with(|| Student { address: from, standings: BTreeMap::new() });
        let standing = student.standings.entry(exercise).or_default();
        *standing = (*standing).max(Standing { passed, tasks_passed, tasks });
        Ok(())
    }

    /// The exercise of a report, if the report is valid.
    fn check(&self, report: &Report) -> Result<&'static str, Problem> {
        let Report { version, tasks_passed, tasks, passed, .. } = *report;
        if version != VERSION {
            let detail = format_args!("this board takes reports of version {VERSION}");
            return Err(Problem::bad_request(detail));
        }
        let mut exercises = self.exercises.iter();
        let exercise = exercises.find(|exercise| **exercise == report.exercise);
        let Some(exercise) = exercise else {
            return Err(Problem::bad_request("there is no such exercise on this board"));
        };
        let makes_sense = (1..=MAX_TASKS).contains(&tasks) && tasks_passed <= tasks;
        if !makes_sense || (passed && tasks_passed == 0) {
            let detail = "the numbers of tasks contradict each other";
            return Err(Problem::bad_request(detail));
        }
        Ok(exercise)
    }

    fn check_room(&self, from: IpAddr) -> Result<(), Problem> {
        let theirs = self.students.values().filter(|student| student.address == from).count();
        if theirs >= MAX_NAMES_OF_ADDRESS {
            let detail = format_args!("this address has {theirs} names on the board already");
            return Err(Problem::new(StatusCode::FORBIDDEN, "too-many-names", detail));
        }
        match self.students.len() >= MAX_NAMES {
            true => Err(Problem::busy("the board is full")),
            false => Ok(()),
        }
    }
}

/// A name as the board shows it: letters, digits and a few signs, with single spaces
/// between.
fn check_name(name: &str) -> Result<String, Problem> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_fine = |character: char| {
        let has_ink = character.is_alphanumeric() && !BLANK.contains(&character);
        has_ink || " -_.'".contains(character)
    };
    let has_letter = name.chars().any(char::is_alphanumeric);
    let is_short = name.chars().count() <= MAX_NAME_LEN;
    match has_letter && is_short && name.chars().all(is_fine) {
        true => Ok(name),
        false => Err(Problem::bad_request(format_args!(
            "a name has 1 to {MAX_NAME_LEN} letters, digits, spaces, or any of - _ . '"
        ))),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    pub(in super::super) const ALICE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const MALLORY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 66));

    pub(in super::super) fn report(name: &str, tasks_passed: u32) -> Report {
        Report {
            version: 1,
            name: name.to_owned(),
            exercise: "1.3".to_owned(),
            tasks_passed,
            tasks: 11,
            passed: tasks_passed == 11,
        }
    }

    fn board() -> Standings {
        Standings::new(&["1.1", "1.3"])
    }

    #[test]
    fn the_best_result_stays() {
        let mut board = board();
        for (passed, best) in [(0, 0), (6, 6), (11, 11), (3, 11)] {
            board.take(&report("Alice", passed), ALICE).expect("it makes sense");
            assert_eq!(board.students["Alice"].standings["1.3"].tasks_passed, best);
        }
    }

    #[test]
    fn a_name_belongs_to_the_address_that_used_it_first() {
        let mut board = board();
        board.take(&report("Alice", 11), ALICE).expect("it makes sense");
        let refused = board.take(&report("Alice", 0), MALLORY).expect_err("it is Alice's");
        assert!(format!("{refused:?}").contains("choose another name"));
        board.take(&report("  Alice ", 11), ALICE).expect("spaces make no other name");
        assert_eq!(board.students.len(), 1);
    }

    #[test]
    fn names_are_short_and_of_letters_digits_and_a_few_signs() {
        for name in ["Ada", "Zoë O'Neil-2", "李雷", "a.b_c", &"x".repeat(24)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in
            ["", " ", "-", "<b>", "a\u{202e}b", "a\0b", "a\u{301}\u{301}b", "👾", &"x".repeat(25)]
        {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        for blank in BLANK {
            assert!(check_name(&format!("Ada{blank}")).is_err(), "{blank:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let good = report("Alice", 3);
        for wrong in [
            Report { version: 2, ..good.clone() },
            Report { exercise: "1.2".to_owned(), ..good.clone() },
            Report { tasks: 0, tasks_passed: 0, ..good.clone() },
            Report { tasks: 51, ..good.clone() },
            Report { tasks_passed: 12, ..good.clone() },
            Report { tasks_passed: 0, passed: true, ..good },
        ] {
            assert!(board().take(&wrong, ALICE).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn one_address_cannot_fill_the_board_and_many_cannot_make_it_endless() {
        let mut board = board();
        let taken = |board: &mut Standings, from| {
            let count = (0..2 * MAX_NAMES)
                .filter(|number| board.take(&report(&format!("{from} {number}"), 1), from).is_ok());
            count.count()
        };
        assert_eq!(taken(&mut board, MALLORY), MAX_NAMES_OF_ADDRESS);
        for host in 100..200 {
            taken(&mut board, Ipv4Addr::new(192, 0, 2, host).into());
        }
        assert_eq!(board.students.len(), MAX_NAMES);
        board.take(&report(&format!("{MALLORY} 0"), 11), MALLORY).expect("it is known");
    }
}
