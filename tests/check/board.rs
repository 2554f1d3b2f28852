//! The board of a class, and the reports to it.
#![cfg(all(feature = "web", feature = "client"))]

use super::common::Running;
use super::common::http::Api;
use super::{cairn, said};

/// A board on a port that the system chooses.
fn board() -> (Running, Api) {
    let mut running = Running::start(cairn().args(["check", "--board", "127.0.0.1:0"]));
    let line = running.find(|line| line.starts_with("BOARD ")).expect("it starts");
    let http = line.rsplit('/').nth(1).expect("the line names the URL").to_owned();
    (running, Api { http })
}

fn report(board: &Api, name: &str, passed: u32) -> u16 {
    let body = format!(
        r#"{{"version":1,"name":"{name}","exercise":"1.3","tasks_passed":{passed},"tasks":11,"passed":{}}}"#,
        passed == 11
    );
    board.ask("POST", "/report", &["content-type: application/json"], &body).status
}

#[test]
fn a_check_is_on_the_board_and_a_wrong_name_is_refused_before_it_begins() {
    let (_running, board) = board();
    let url = format!("http://{}", board.http);
    let check = |name: &str| {
        let mut check = cairn();
        check.args(["check", "1.1", "--report", &url, "--name", name]);
        said(check.args(["--", "sh", "-c", "echo nothing", "{block}"]))
    };
    assert_eq!(check("Ada").code, Some(1));
    assert!(board.get("/").body.contains("Ada</th><td class=\"under-way\">0 of 4</td>"));
    let mut typed = cairn();
    typed.args(["check", "1.1", "--report", &board.http, "--name", "Bob", "--", "true", "{block}"]);
    said(&mut typed);
    assert!(board.get("/").body.contains("Bob"), "an address is as good as a URL");
    let refused = check("<b>");
    assert_eq!(refused.code, Some(1));
    refused.has("does not take this report: a name has 1 to 24 letters");
    assert!(!refused.text.contains("FAIL"), "nothing was tried");
}

#[test]
fn a_board_that_is_not_there_is_told_before_the_check_begins() {
    let mut check = cairn();
    check.args(["check", "1.1", "--report", "http://127.0.0.1:9", "--name", "Ada", "--"]);
    let said = said(check.args(["true", "{block}"]));
    assert_eq!(said.code, Some(1));
    said.has("no board answers at http://127.0.0.1:9");
}

#[test]
fn the_board_shows_the_best_result_and_is_a_page_without_script() {
    let (_running, board) = board();
    for passed in [3, 11, 5] {
        assert_eq!(report(&board, "Ada", passed), 204);
    }
    let page = board.get("/");
    assert!(page.body.contains("passed</span></td>") && page.body.contains("1 of 1"), "{page:?}");
    let policy = page.header("content-security-policy").expect("it has one");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    assert_eq!(board.get("/board.css").header("content-type"), Some("text/css"));
    assert_eq!(board.get("/other").problem(), "not-found");
}

#[test]
fn lies_and_floods_are_refused_and_the_board_goes_on() {
    let (_running, board) = board();
    let json = "content-type: application/json";
    let post = |lines: &[&str], body: &str| board.ask("POST", "/report", lines, body).status;
    assert_eq!(report(&board, "<script>", 1), 400);
    assert_eq!(report(&board, "\u{3164}", 1), 400);
    assert_eq!(report(&board, "Ada", 12), 400);
    assert_eq!(post(&[json], "{"), 400);
    assert_eq!(post(&[json], &format!("\"{}\"", "x".repeat(5_000))), 413);
    assert_eq!(post(&[json, "origin: http://evil.example"], "{}"), 403);
    assert_eq!(post(&[json, "host: evil.example"], "{}"), 421);
    assert_eq!(post(&["content-type: text/plain"], "{}"), 415);
    let is_too_fast = (0..200).any(|_| report(&board, "Ada", 1) == 429);
    assert!(is_too_fast, "two hundred reports at once");
    assert!(board.get("/").body.contains("Ada"));
}
