//! The board as a page: it is built for each visitor, and reloads itself every few seconds.
//! It has no script.

use std::cmp::Reverse;
use std::fmt::Write;

use super::standings::{Standing, Standings, Student};

/// The page's style, a separate file, as the policy of the page demands.
pub(super) const STYLE: &str = include_str!("board.css");

/// How often the page is loaded again, in seconds.
const AGAIN: u32 = 3;

/// The page. `host` is the host of the request.
pub(super) fn page(board: &Standings, host: &str) -> String {
    let host = escaped(host);
    let last = escaped(board.exercises.last().copied().unwrap_or_default());
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta http-equiv=\"refresh\" content=\"{AGAIN}\">\
         <title>Cairn: who passes which exercise</title><link rel=\"stylesheet\" href=\"board.css\">\
         <link rel=\"icon\" href=\"data:,\"></head>\n\
         <body><h1>Who passes what</h1>\n{}<p class=\"how\">To be on this board, type<br>\
         <code>cairn check {last} --report http://{host} --name NAME -- PROGRAM {{port}}</code></p>\n\
         <p class=\"note\">Each line is what the checker on that machine reported. The best \
         result stays.</p></body></html>\n",
        table(board)
    )
}

fn table(board: &Standings) -> String {
    if board.students.is_empty() {
        return "<p class=\"empty\">Nobody has reported yet.</p>\n".to_owned();
    }
    let mut table = "<table><thead><tr><th scope=\"col\">Name</th>".to_owned();
    for exercise in board.exercises {
        let passed = |student: &&Student| student.standings.get(exercise).is_some_and(|s| s.passed);
        let passed = board.students.values().filter(passed).count();
        let count = board.students.len();
        let exercise = escaped(exercise);
        write!(table, "<th scope=\"col\">{exercise} <small>{passed} of {count}</small></th>")
            .expect("room");
    }
    table.push_str("</tr></thead><tbody>\n");
    let mut students: Vec<_> = board.students.iter().collect();
    students.sort_by_key(|(name, student)| (Reverse(score(student)), name.as_str()));
    for (name, student) in students {
        write!(table, "<tr><th scope=\"row\">{}</th>", escaped(name)).expect("room");
        for exercise in board.exercises {
            table.push_str(&cell(student.standings.get(exercise)));
        }
        table.push_str("</tr>\n");
    }
    table + "</tbody></table>\n"
}

/// Exercises passed, then tasks passed.
fn score(student: &Student) -> (usize, u32) {
    let passed = student.standings.values().filter(|standing| standing.passed).count();
    (passed, student.standings.values().map(|standing| standing.tasks_passed).sum())
}

fn cell(standing: Option<&Standing>) -> String {
    match standing {
        None => "<td></td>".to_owned(),
        Some(Standing { passed: true, .. }) => {
            "<td class=\"passed\">✓<span> passed</span></td>".to_owned()
        }
        Some(Standing { tasks_passed, tasks, .. }) => {
            format!("<td class=\"under-way\">{tasks_passed} of {tasks}</td>")
        }
    }
}

/// A text with its markup escaped, also for use between quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::standings::tests::{ALICE, report};
    use super::*;

    #[test]
    fn who_has_passed_most_stands_first_and_each_column_is_counted() {
        let mut board = Standings::new(&["1.1", "1.3"]);
        assert!(page(&board, "127.0.0.1:1").contains("Nobody has reported yet."));
        for (name, passed) in [("Bob", 6), ("Carol", 11), ("Alice", 6)] {
            board.take(&report(name, passed), ALICE).expect("it makes sense");
        }
        let page = page(&board, "127.0.0.1:1");
        assert!(page.contains("1.1 <small>0 of 3</small>"), "{page}");
        assert!(page.contains("1.3 <small>1 of 3</small>"), "{page}");
        let place = |name| page.find(name).expect("it is there");
        assert!(place("Carol") < place("Alice") && place("Alice") < place("Bob"));
        assert!(
            page.contains(
                "<th scope=\"row\">Bob</th><td></td><td class=\"under-way\">6 of 11</td>"
            )
        );
    }

    #[test]
    fn nothing_that_was_reported_is_markup() {
        let mut board = Standings::new(&["1.3"]);
        board.take(&report("O'Neil", 1), ALICE).expect("it makes sense");
        assert!(page(&board, "\"><script>").contains("http://&quot;&gt;&lt;script&gt; "));
        assert!(page(&board, "x").contains("O&#39;Neil"));
    }
}
