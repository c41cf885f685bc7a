//! The memory that a function's processes use.

use std::fs;

/// Resident bytes of a process and its descendants; zero where there is no `/proc`.
pub(super) fn resident(process: i32) -> u64 {
    let mut total = 0;
    let mut left = vec![process];
    let mut seen = 0;
    while let Some(process) = left.pop() {
        total += own(process);
        seen += 1;
        if seen < 1000 {
            left.extend(children(process));
        }
    }
    total
}

fn own(process: i32) -> u64 {
    fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        })
        .map_or(0, |kilobytes| kilobytes * 1024)
}

fn children(process: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    tasks
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|children| {
            children
                .split_whitespace()
                .filter_map(|child| child.parse().ok())
                .collect::<Vec<i32>>()
        })
        .collect()
}
