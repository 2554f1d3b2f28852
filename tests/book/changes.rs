//! The changes to the source that a page asks its reader to make.

use std::fs;
use std::process::Command;

use crate::pages::root;

#[test]
fn every_change_that_a_page_asks_for_can_be_made_to_the_source() {
    let folder = root().join("book/changes");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let mut git = Command::new("git");
        let status = git.args(["apply", "--check"]).arg(&path).current_dir(root()).status();
        assert!(status.expect("git can be started").success(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "there are no changes");
}
