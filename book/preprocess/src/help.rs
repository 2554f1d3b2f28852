//! The program's own help.

use std::env;
use std::process::Command;

/// The help of one command, as a block of text.
pub(crate) fn of(command: &str) -> Result<String, String> {
    let help = asked(command)?;
    Ok(format!("```text\n{}\n```", help.trim_end()))
}

/// The help of all commands, each below a heading.
pub(crate) fn of_all() -> Result<String, String> {
    let overview = asked("")?;
    let names = overview.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = names.take_while(|line| !line.is_empty()).filter_map(|line| {
        let is_name = line.starts_with("  ") && !line.starts_with("   ");
        line.split_whitespace().next().filter(|name| is_name && *name != "help")
    });
    let mut all = String::new();
    for name in names {
        all += &format!("## cairn {name}\n\n{}\n\n", of(name)?);
    }
    match all.is_empty() {
        true => Err("the program lists no commands".to_owned()),
        false => Ok(all),
    }
}

fn asked(command: &str) -> Result<String, String> {
    let program = env::var("CAIRN").unwrap_or_else(|_| "cairn".to_owned());
    let mut cairn = Command::new(&program);
    let output = cairn.arg("help").args(command.split_whitespace()).env("COLUMNS", "76").output();
    let output = output.map_err(|error| format!("{program} help {command}: {error}"))?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|error| error.to_string()),
        false => Err(format!("{program} knows no command {command}")),
    }
}
