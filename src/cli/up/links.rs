//! The flags for the delay and the loss on the nodes' links.

use std::fmt;
use std::time::Duration;

use cairn::config::parse_duration;
use cairn::event::as_flag;
use cairn::faulty_link::{LinkFaults, MAX_DELAY, MAX_LOSS};

/// The delay and the loss of datagrams between the nodes.
#[derive(clap::Args)]
pub(super) struct Links {
    /// Delay of each datagram, from 0 to 5s: the longer, the more forks
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = parse_delay)]
    delay: Duration,
    /// Lose this percentage of the datagrams
    #[arg(long, value_name = "PERCENT", default_value_t = 0,
          value_parser = clap::value_parser!(u8).range(..=i64::from(MAX_LOSS)))]
    loss: u8,
}

impl Links {
    pub(super) fn faults(&self) -> LinkFaults {
        LinkFaults { delay: self.delay, loss: self.loss }
    }
}

/// The flags that set these links.
impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "--delay {} --loss {}", as_flag(self.delay), self.loss)
    }
}

fn parse_delay(text: &str) -> Result<Duration, String> {
    let wrong = || "write 0, or a duration up to 5s, such as 500ms".to_owned();
    if ["0", "0s", "0ms"].contains(&text) {
        return Ok(Duration::ZERO);
    }
    parse_duration(text).ok().filter(|delay| *delay <= MAX_DELAY).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_nothing_or_at_most_five_seconds() {
        let millis = |text| parse_delay(text).map(|delay| delay.as_millis()).ok();
        assert_eq!([millis("0"), millis("0s"), millis("500ms")], [Some(0), Some(0), Some(500)]);
        assert_eq!([millis("5s"), millis("5001ms"), millis("1")], [Some(5_000), None, None]);
    }
}
