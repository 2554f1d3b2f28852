//! The processes that a program started, directly or indirectly.
//!
//! On Linux the guardian finds all of them, also those that left the program's group,
//! because it adopts each process whose parent has ended. Elsewhere it knows only the group.

#[cfg(not(target_os = "linux"))]
pub(super) use self::group::{adopt_orphans, count, signal};
#[cfg(target_os = "linux")]
pub(super) use self::linux::{adopt_orphans, count, signal};

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::fs;
    use std::process;

    use rustix::process::{Pid, Signal, getpid, kill_process, set_child_subreaper};

    /// Makes this process the new parent of every descendant whose parent ends.
    pub(in super::super) fn adopt_orphans() {
        // If the system cannot do this, the group has to suffice.
        let _ = set_child_subreaper(Some(getpid()));
    }

    /// The number of descendants of this process that run.
    pub(in super::super) fn count(_group: u32) -> usize {
        descendants(process::id()).len()
    }

    /// Sends a signal to all descendants.
    pub(in super::super) fn signal(signal: Signal) {
        for pid in descendants(process::id()) {
            if let Some(pid) = Pid::from_raw(pid.cast_signed()) {
                let _ = kill_process(pid, signal);
            }
        }
    }

    /// The descendants of a process that have not ended.
    fn descendants(root: u32) -> Vec<u32> {
        let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (pid, parent) in
            fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
                let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
                Some((pid, parent(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
            })
        {
            children.entry(parent).or_default().push(pid);
        }
        let mut found = children.remove(&root).unwrap_or_default();
        let mut next = 0;
        while let Some(pid) = found.get(next) {
            found.extend(children.remove(pid).unwrap_or_default());
            next += 1;
        }
        found
    }

    /// The parent in the text of `/proc/PID/stat`; `None` for a zombie. The name before it
    /// may contain spaces and brackets.
    fn parent(stat: &str) -> Option<u32> {
        let (_, rest) = stat.rsplit_once(") ")?;
        let (state, rest) = rest.split_once(' ')?;
        let parent = rest.split(' ').next()?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(parent)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_parent_is_read_whatever_the_name_is() {
            assert_eq!(parent("12 (a) b) S 7 12 12 0"), Some(7));
            assert_eq!(parent("12 (cat) Z 7 12 12 0"), None);
            assert_eq!(parent("12"), None);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod group {
    use rustix::process::{Pid, Signal, test_kill_process_group};

    /// Does nothing: this system cannot do it.
    pub(in super::super) fn adopt_orphans() {}

    /// 1 if any process of the group runs, else 0.
    pub(in super::super) fn count(group: u32) -> usize {
        let group = Pid::from_raw(group.cast_signed());
        usize::from(group.is_some_and(|group| test_kill_process_group(group).is_ok()))
    }

    /// Does nothing: the guardian signals the whole group.
    pub(in super::super) fn signal(_signal: Signal) {}
}
