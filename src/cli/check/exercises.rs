//! The exercises.

use std::fmt::Write;

use anyhow::Result;

use super::report::{Report, Task};
use super::terms::Terms;
use super::{blocks, chains, nodes, tasks};

/// An exercise, and how to test a program against it.
pub(super) struct Exercise {
    pub(super) name: &'static str,
    title: &'static str,
    /// What the program must do, in sentences.
    demand: &'static str,
    example: &'static str,
    /// The placeholder that the command must contain.
    pub(super) placeholder: &'static str,
    tasks: &'static [Task],
    pub(super) check: fn(&Terms) -> Result<Report>,
}

impl Exercise {
    /// The report of a program that was not tested yet.
    pub(super) fn untried(&self) -> Report {
        Report::new(self.name, self.tasks)
    }
}

/// All exercises, in the order of the chapters.
pub(super) const ALL: [Exercise; 3] = [
    Exercise {
        name: "1.1",
        title: "Blocks",
        demand: "The checker runs the program with genesis in place of {block}: the program\n\
                 prints the genesis block as 150 hexadecimal digits and its hash as 64. Then the\n\
                 checker runs it with other blocks, each as 150 digits: the program prints the\n\
                 hash of the block, and says whether the hash meets or misses the target.",
        example: "cairn check 1.1 -- python3 blocks.py {block}",
        placeholder: blocks::PLACEHOLDER,
        tasks: &blocks::TASKS,
        check: blocks::check,
    },
    Exercise {
        name: "1.2",
        title: "Chains",
        demand: "The checker runs the program with mine in place of {chain}: the program mines\n\
                 block 1 on the genesis block, with the timestamp 1634700600 and nonces from 0\n\
                 on. It prints the nonce, and both blocks as 300 hexadecimal digits. Then the\n\
                 checker runs it with chains, each as hexadecimal digits: the program says\n\
                 whether the chain is valid or invalid.",
        example: "cairn check 1.2 -- python3 chains.py {chain}",
        placeholder: chains::PLACEHOLDER,
        tasks: &chains::TASKS,
        check: chains::check,
    },
    Exercise {
        name: "1.3",
        title: "Nodes",
        demand: "The program is a node: it listens on UDP port {port}, which is 7000, at the\n\
                 address in the environment variable NODE_IP. The checker plays the nodes 8000\n\
                 and 9000 at the same address. The check takes about twenty seconds if the\n\
                 program takes timestamps from the clock and counts nonces from 0, and minutes if\n\
                 it searches in another way.",
        example: "cairn check 1.3 -- python3 node.py {port}",
        placeholder: nodes::PLACEHOLDER,
        tasks: &tasks::TASKS,
        check: nodes::check,
    },
];

/// Their names.
#[cfg_attr(not(feature = "web"), expect(dead_code, reason = "there is no board"))]
pub(super) const NAMES: [&str; 3] = [ALL[0].name, ALL[1].name, ALL[2].name];

/// The exercise of this name.
pub(super) fn find(name: &str) -> Option<&'static Exercise> {
    const EXERCISES: &[Exercise] = &ALL;
    EXERCISES.iter().find(|exercise| exercise.name == name)
}

/// What `cairn check` prints without arguments.
pub(super) fn list() -> String {
    let mut text = "Exercises, for programs in any language:\n".to_owned();
    for Exercise { name, title, demand, example, tasks, .. } in &ALL {
        let demand = demand.replace('\n', "\n  ");
        write!(text, "\n{name} {title}\n  {demand}\n\n    {example}\n\n").expect("room");
        for task in *tasks {
            writeln!(text, "    {:<16}{}", task.name, task.title).expect("room");
        }
    }
    text
}
