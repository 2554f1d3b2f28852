//! Where the settings come from: a flag, else the environment, else the file
//! `.env`, else a default. Nothing here changes the process's environment.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

// ANCHOR: names
/// The ports of the tutorial's network.
pub const NODE_PORTS: [u16; 3] = [7000, 8000, 9000];

/// The variable that holds this machine's address in the network.
pub const NODE_IP: &str = "NODE_IP";

/// The file of settings, in the folder that the program is started in.
pub const ENV_FILE: &str = ".env";
// ANCHOR_END: names

/// The longest file of settings that is read, in bytes: a page of text has about 4,000.
const MAX_ENV_FILE_LEN: u64 = 64 * 1024;

/// How many characters of an unusable setting its error shows.
const MAX_SHOWN: usize = 60;

/// The longest duration that can be set: a day.
pub const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);

/// A setting's value and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub source: Source,
}

// ANCHOR: source
/// Where a setting was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line.
    Flag,
    /// The process's environment.
    Environment,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
    },
    /// Nowhere: the program's own choice.
    Default,
}
// ANCHOR_END: source

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Source::Flag => write!(f, "--ip"),
            Source::Environment => write!(f, "{NODE_IP} in the environment"),
            Source::File { path, line } => {
                write!(f, "{NODE_IP} in {} line {line}", path.display())
            }
            Source::Default => write!(f, "the default address"),
        }
    }
}

/// A setting that cannot be used, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Finds this machine's address in the network.
///
/// `flag` is the command line's, `environment` the value of [`NODE_IP`] there,
/// `file` the path of the settings file, which need not exist. An empty value
/// counts as none.
///
/// # Errors
/// Where the first value found is no address, or the file cannot be read.
pub fn node_ip(
    flag: Option<&str>,
    environment: Option<&str>,
    file: &Path,
) -> Result<Found<IpAddr>, Unusable> {
    let given = |value: Option<&str>, source| {
        let value = value.map(str::trim).filter(|value| !value.is_empty())?.to_owned();
        Some(Found { value, source })
    };
    let found = match given(flag, Source::Flag).or(given(environment, Source::Environment)) {
        Some(found) => Some(found),
        None => read_file(file)?,
    };
    match found {
        Some(Found { value, source }) => match value.parse() {
            Ok(value) => Ok(Found { value, source }),
            Err(_) => Err(Unusable(format!(
                "{source} is {}, which is not an IP address; write one such as 127.0.0.1",
                shown(&value)
            ))),
        },
        None => Ok(Found { value: Ipv4Addr::LOCALHOST.into(), source: Source::Default }),
    }
}

/// What a file sets a variable to, if it can be read so far; the last line that sets it counts.
pub fn setting(name: &str, path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    // As below.
    if !metadata.is_file() || metadata.len() > MAX_ENV_FILE_LEN {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let settings = dotenvy::from_read_iter(text.as_bytes()).filter_map(Result::ok);
    settings.filter(|(found, _)| found == name).last().map(|(_, value)| value)
}

/// Looks [`NODE_IP`] up in a file; the last line that sets it counts.
fn read_file(path: &Path) -> Result<Option<Found<String>>, Unusable> {
    let unusable = |line: Option<usize>, why: &dyn fmt::Display| {
        let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
        let path = path.display();
        Unusable(format!("{path}{line}: {why}; a line reads NODE_IP=127.0.0.1"))
    };
    // Before it is opened: a pipe may have no writer, and a device no end.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(unusable(None, &"this is a folder, a device or a pipe, and not a file"));
        }
        Ok(metadata) if metadata.len() > MAX_ENV_FILE_LEN => {
            let len = metadata.len();
            let why = format!("it has {len} bytes, and at most {MAX_ENV_FILE_LEN} are read");
            return Err(unusable(None, &why));
        }
        _ => {}
    }
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(None, &error)),
    };
    let line_of = |is_it: &dyn Fn(&str) -> bool| last_line(&text, is_it);
    let mut found = None;
    for setting in dotenvy::from_read_iter(text.as_bytes()) {
        match setting {
            Ok((name, value)) if name == NODE_IP && value.trim().is_empty() => found = None,
            Ok((name, value)) if name == NODE_IP => found = Some(value),
            Ok(_) => {}
            Err(dotenvy::Error::LineParse(line, _)) => {
                // Of a line that begins well, it is the rest.
                let line = line.trim();
                let number = line_of(&|candidate| candidate.trim().ends_with(line));
                return Err(unusable(
                    number,
                    &format!("cannot read {} as NAME=value", shown(line)),
                ));
            }
            Err(error) => return Err(unusable(None, &error)),
        }
    }
    let sets_it = |line: &str| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        line.strip_prefix(NODE_IP).is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let line = line_of(&sets_it).unwrap_or(1);
    let source = Source::File { path: path.to_owned(), line };
    Ok(found.map(|value| Found { value, source }))
}

/// A text in quotes, of which an error shows no more than its beginning.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// The number, from 1 on, of the last line for which `is_it` holds.
fn last_line(text: &str, is_it: &dyn Fn(&str) -> bool) -> Option<usize> {
    let lines = text.lines().enumerate().filter(|(_, line)| is_it(line));
    lines.last().map(|(index, _)| index + 1)
}

/// Reads a duration such as `200ms`, `1s` or `2m`, of at most a day.
///
/// # Errors
/// A sentence that says how to write one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let milliseconds_each = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    milliseconds_each
        .and_then(|each| number.parse::<u64>().ok()?.checked_mul(each))
        .map(Duration::from_millis)
        .filter(|duration| (Duration::from_millis(1)..=MAX_DURATION).contains(duration))
        .ok_or_else(|| "write a duration from 1ms to 24h, such as 200ms, 1s or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::as_flag;

    fn with_file(name: &str, text: &str) -> Result<Found<IpAddr>, Unusable> {
        let path = std::env::temp_dir().join(format!("cairn-{}-{name}.env", std::process::id()));
        fs::write(&path, text).expect("the folder for temporary files can be written");
        let found = node_ip(None, None, &path);
        fs::remove_file(&path).expect("we just wrote it");
        found
    }

    fn line(found: &Found<IpAddr>) -> usize {
        match found.source {
            Source::File { line, .. } => line,
            _ => panic!("from the file, not from {}", found.source),
        }
    }

    #[test]
    fn flag_goes_before_environment_before_default() {
        let nowhere = Path::new("there is no such file");
        let ip = |flag, environment| {
            let found = node_ip(flag, environment, nowhere).expect("an address");
            (found.value.to_string(), found.source)
        };
        let (first, second) = (Some("127.0.0.1"), Some("127.0.0.2"));
        assert_eq!(ip(first, second), ("127.0.0.1".into(), Source::Flag));
        assert_eq!(ip(None, second), ("127.0.0.2".into(), Source::Environment));
        assert_eq!(ip(Some(""), Some(" ")), ("127.0.0.1".into(), Source::Default));
    }

    #[test]
    fn the_file_counts_last_line_wins_and_its_line_is_known() {
        let found = with_file("last", "# mine\nNODE_IP=127.0.0.7\nexport NODE_IP = 127.0.0.8\n");
        let found = found.expect("an address");
        assert_eq!(found.value.to_string(), "127.0.0.8");
        assert_eq!(line(&found), 3);
    }

    #[test]
    fn the_environment_goes_before_the_file_which_is_then_not_even_read() {
        let folder = std::env::temp_dir();
        let found = node_ip(None, Some("127.0.0.2"), &folder).expect("the folder is not read");
        assert_eq!(found.source, Source::Environment);
        assert!(node_ip(None, None, &folder).is_err(), "a folder cannot be read");
    }

    #[test]
    fn an_empty_value_in_the_file_counts_as_unset() {
        let found = with_file("empty", "NODE_IP=\n").expect("the default");
        assert_eq!(found.source, Source::Default);
    }

    #[test]
    fn a_bad_value_names_file_and_line() {
        let error = with_file("bad", "A=1\nNODE_IP=here\n").expect_err("not an address");
        let text = error.to_string();
        assert!(text.contains(".env line 2") && text.contains("\"here\""), "{text}");
        let error = with_file("unreadable", "A=1\n\nthis is prose\n").expect_err("no setting");
        assert!(error.to_string().contains(".env line 3"), "{error}");
    }

    #[test]
    fn a_line_that_cannot_be_read_is_shown_with_its_number() {
        let error = with_file("quote", "A=1\nNODE_IP=\"127.0.0.1\n").expect_err("an open quote");
        let text = error.to_string();
        assert!(text.contains(".env line 2: cannot read \"NODE_IP=\\\"127.0.0.1\" as"), "{text}");
        let error = with_file("words", "A=1\nB=two words\n").expect_err("no quotes");
        assert!(error.to_string().contains(".env line 2"), "{error}");
    }

    #[test]
    fn an_error_shows_the_beginning_of_a_long_line_and_a_long_file_is_not_read() {
        let shown = format!("{:?}...", "é".repeat(MAX_SHOWN));
        for text in ["é".repeat(10_000), format!("NODE_IP={}", "é".repeat(10_000))] {
            let error = with_file("long-line", &text).expect_err("no address").to_string();
            assert!(error.contains(&shown) && error.len() < 400, "{error}");
        }
        let len = usize::try_from(MAX_ENV_FILE_LEN).expect("it is small");
        let comments = |len| format!("#{}\n", "-".repeat(len - 2));
        assert!(with_file("longest", &comments(len)).is_ok());
        let error = with_file("too-long", &comments(len + 1)).expect_err("it is too long");
        assert!(error.to_string().contains("65537 bytes"), "{error}");
    }

    #[test]
    fn durations_have_a_unit_and_an_end() {
        let millis = |text| parse_duration(text).map(|duration| duration.as_millis());
        assert_eq!(millis("200ms"), Ok(200));
        assert_eq!(millis("1s"), Ok(1_000));
        assert_eq!(millis("2m"), Ok(120_000));
        assert_eq!(millis("24h"), Ok(86_400_000));
        for wrong in ["", "1", "s", "-1s", "1.5s", "0s", "25h", "99999999999999999999s", "1 s"] {
            assert!(millis(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_it_is_read() {
        let all = (1..5_000).chain([60_000, 5_400_000, 86_399_999, 86_400_000]);
        for duration in all.map(Duration::from_millis) {
            assert_eq!(parse_duration(&as_flag(duration)), Ok(duration), "{duration:?}");
        }
    }
}
