//! The result of a check: a line for each task, and what to look at if it failed.

use std::fmt::{self, Write};

/// One thing that a program must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Task {
    /// Its name for other programs.
    pub(super) name: &'static str,
    /// What the program does, in a few words.
    pub(super) title: &'static str,
}

/// What was wrong, and where to look for the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lesson {
    pub(super) wrong: String,
    pub(super) look: String,
}

impl Lesson {
    pub(super) fn new(wrong: impl fmt::Display, look: impl fmt::Display) -> Lesson {
        Lesson { wrong: wrong.to_string(), look: look.to_string() }
    }
}

/// How a task went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed(Lesson),
    /// It was not tried, or could not be judged, for this reason.
    Untried(String),
}

impl Outcome {
    /// A name for other programs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::Untried(_) => "untried",
        }
    }
}

/// The tasks of an exercise, and how each went.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) exercise: &'static str,
    pub(super) tasks: Vec<(Task, Outcome)>,
    /// Remarks that do not fail a task.
    pub(super) notes: Vec<String>,
}

impl Report {
    pub(super) fn new(exercise: &'static str, tasks: &[Task]) -> Report {
        let untried = Outcome::Untried("an earlier task failed".to_owned());
        let tasks = tasks.iter().map(|task| (*task, untried.clone())).collect();
        Report { exercise, tasks, notes: Vec::new() }
    }

    /// Sets how a task went. A failed task stays failed.
    pub(super) fn set(&mut self, task: Task, outcome: Outcome) {
        let found = self.tasks.iter_mut().find(|(found, _)| *found == task);
        let (_, known) = found.expect("it is a task of this exercise");
        if !matches!(known, Outcome::Failed(_)) {
            *known = outcome;
        }
    }

    pub(super) fn pass(&mut self, task: Task) {
        self.set(task, Outcome::Passed);
    }

    pub(super) fn fail(&mut self, task: Task, lesson: Lesson) {
        self.set(task, Outcome::Failed(lesson));
    }

    /// The number of tasks that passed.
    pub(super) fn passed(&self) -> usize {
        self.tasks.iter().filter(|(_, outcome)| *outcome == Outcome::Passed).count()
    }

    /// The number of tasks that failed.
    pub(super) fn failed(&self) -> usize {
        self.tasks.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_))).count()
    }

    /// Whether no task failed and at least one passed.
    pub(super) fn is_good(&self) -> bool {
        self.failed() == 0 && self.passed() > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        for (task, outcome) in &self.tasks {
            match outcome {
                Outcome::Passed => writeln!(f, "  ok    {}", task.title)?,
                Outcome::Untried(why) => writeln!(f, "  -     {} (not judged: {why})", task.title)?,
                Outcome::Failed(lesson) => {
                    writeln!(f, "  FAIL  {}", task.title)?;
                    writeln!(f, "{}", indented(&lesson.wrong))?;
                    writeln!(f, "{}", indented(&format!("Look at: {}", lesson.look)))?;
                }
            }
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "{}", indented(&format!("Note: {note}"))))
    }
}

/// Breaks a text into indented lines of at most 80 columns.
fn indented(text: &str) -> String {
    let mut lines = String::new();
    let mut width = usize::MAX;
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if width.saturating_add(1 + len) > 80 {
            let line_break = if lines.is_empty() { "" } else { "\n" };
            write!(lines, "{line_break}        {word}").expect("a string takes all");
            width = 8 + len;
        } else {
            write!(lines, " {word}").expect("a string takes all");
            width += 1 + len;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Task = Task { name: "a", title: "it does a" };
    const B: Task = Task { name: "b", title: "it does b" };

    #[test]
    fn a_report_says_what_was_wrong_and_where_to_look() {
        let mut report = Report::new("1.1", &[A, B]);
        assert!(!report.is_good(), "nothing was tried");
        report.pass(A);
        assert!(report.is_good());
        report.fail(B, Lesson::new("It did c. ".repeat(10), "where b is done"));
        report.pass(B);
        assert!(!report.is_good(), "a failed task stays failed");
        let text = report.to_string();
        assert!(text.starts_with("  ok    it does a\n  FAIL  it does b\n        It did c."));
        assert!(text.ends_with("\n        Look at: where b is done\n"), "{text}");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}
