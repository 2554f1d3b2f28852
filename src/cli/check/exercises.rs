//! The exercises that there are.

use std::fmt::Write;

use anyhow::Result;

use super::report::{Report, Task};
use super::terms::Terms;
use super::{blocks, chains, nodes, tasks};

/// An exercise: what it is called, and how a program is tried.
pub(super) struct Exercise {
    pub(super) name: &'static str,
    title: &'static str,
    /// What the program must do, in sentences.
    demand: &'static str,
    example: &'static str,
    /// What must stand in the command.
    pub(super) placeholder: &'static str,
    tasks: &'static [Task],
    pub(super) check: fn(&Terms) -> Result<Report>,
}

impl Exercise {
    /// The report of a program that was not tried yet.
    pub(super) fn untried(&self) -> Report {
        Report::new(self.name, self.tasks)
    }
}

/// All exercises, in the order of the chapters.
pub(super) const ALL: [Exercise; 3] = [
    Exercise {
        name: "1.1",
        title: "Blocks",
        demand: "The program is run with genesis in the place of {block}: it prints the genesis\n\
                 block as 150 hexadecimal digits and its hash as 64. Then it is run with other\n\
                 blocks, each as 150 digits: it prints the hash of the block, and says whether the\n\
                 hash meets or misses the target.",
        example: "cairn check 1.1 -- python3 blocks.py {block}",
        placeholder: blocks::PLACEHOLDER,
        tasks: &blocks::TASKS,
        check: blocks::check,
    },
    Exercise {
        name: "1.2",
        title: "Chains",
        demand: "The program is run with mine in the place of {chain}: it mines block 1 upon the\n\
                 genesis block, dated 1634700600, with nonces from 0 on. It prints the nonce, and\n\
                 both blocks as 300 hexadecimal digits. Then it is run with chains, each as\n\
                 hexadecimal digits: it says whether the chain is valid or invalid.",
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
                 and 9000 at the same address. It takes some twenty seconds if the program takes\n\
                 the clock for the timestamp and counts nonces from 0, and minutes if it searches\n\
                 otherwise.",
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

/// What `cairn check` alone prints.
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
