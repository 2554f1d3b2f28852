//! `cairn check --json`.

use serde_json::{Value, json};

use super::report::{Outcome, Report};

/// The version of the JSON, also of a report to a board.
pub(super) const VERSION: u32 = 1;

/// The whole report as a line of JSON.
pub(super) fn line(report: &Report, command: &[String]) -> Value {
    let tasks = report.tasks.iter().map(|(task, outcome)| {
        let mut line = json!({ "name": task.name, "title": task.title, "outcome": outcome.name() });
        match outcome {
            Outcome::Failed(lesson) => {
                line["wrong"] = json!(lesson.wrong);
                line["look_at"] = json!(lesson.look);
            }
            Outcome::Untried(why) => line["why"] = json!(why),
            Outcome::Passed => {}
        }
        line
    });
    json!({
        "version": VERSION,
        "exercise": report.exercise,
        "command": command,
        "passed": report.is_good(),
        "tasks": tasks.collect::<Vec<_>>(),
        "notes": report.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::report::{Lesson, Task};

    #[test]
    fn the_line_has_each_task_and_why_it_failed() {
        let task = |name| Task { name, title: "t" };
        let mut report = Report::new("1.3", &[task("a"), task("b"), task("c")]);
        report.pass(task("a"));
        report.fail(task("b"), Lesson::new("wrong", "there"));
        report.set(task("c"), Outcome::Untried("so".to_owned()));
        report.notes.push("n".to_owned());
        let wanted = json!({
            "version": 1, "exercise": "1.3", "command": ["p"], "passed": false, "notes": ["n"],
            "tasks": [
                { "name": "a", "title": "t", "outcome": "passed" },
                { "name": "b", "title": "t", "outcome": "failed", "wrong": "wrong", "look_at": "there" },
                { "name": "c", "title": "t", "outcome": "untried", "why": "so" },
            ],
        });
        assert_eq!(line(&report, &["p".to_owned()]), wanted);
    }
}
