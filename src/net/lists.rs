//! The peers to let in or to refuse, as the person who runs the node says.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::contacts::Subject;
use crate::peer::PeerName;

/// The allow list and the block list. A block takes precedence over an allowance. If there
/// is an allow list, nobody else is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// How long each entry holds; `None` is for good.
    allowed: BTreeMap<Subject, Option<Duration>>,
    blocked: BTreeMap<Subject, Option<Duration>>,
    /// Whether there is an allow list, even if all its entries have expired.
    is_closed: bool,
}

impl Lists {
    /// Adds a subject to the allow list, which keeps all others out, and removes it from
    /// the block list.
    pub fn allow(&mut self, subject: Subject, until: Option<Duration>) {
        self.blocked.remove(&subject);
        self.allowed.insert(subject, until);
        self.is_closed = true;
    }

    /// Removes a subject from the block list; adds it to the allow list only if there is
    /// one.
    pub fn admit(&mut self, subject: Subject, until: Option<Duration>) {
        if self.is_closed {
            return self.allow(subject, until);
        }
        self.blocked.remove(&subject);
    }

    /// Adds a subject to the block list.
    pub fn block(&mut self, subject: Subject, until: Option<Duration>) {
        self.allowed.remove(&subject);
        self.blocked.insert(subject, until);
    }

    /// Whether an address is let in before the peer's identity is known.
    pub fn lets_in_address(&self, now: Duration, address: IpAddr) -> bool {
        !holds(&self.blocked, now, &Subject::Address(address.to_canonical()))
    }

    /// Whether this peer is let in.
    pub fn lets_in(&self, now: Duration, id: &PeerName, address: Option<IpAddr>) -> bool {
        let address = address.map(|address| Subject::Address(address.to_canonical()));
        let subjects = || [Subject::Id(id.clone())].into_iter().chain(address.clone());
        let is_in = |list: &BTreeMap<_, _>| subjects().any(|subject| holds(list, now, &subject));
        !is_in(&self.blocked) && (!self.is_closed || is_in(&self.allowed))
    }

    /// Reads a file of lines such as `block 192.0.2.7 until 1800000000` or
    /// `allow ID`; `#` begins a comment. The times are Unix seconds.
    ///
    /// # Errors
    /// The number of the first line that is not valid, and its error.
    pub fn read(&mut self, text: &str) -> Result<(), (usize, String)> {
        for (index, line) in text.lines().enumerate() {
            self.read_line(line).map_err(|why| (index + 1, why))?;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &str) -> Result<(), String> {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<_> = line.split_whitespace().collect();
        let until = match words[..] {
            [] => return Ok(()),
            [_, _] => None,
            [_, _, "until", seconds] => match seconds.parse() {
                Ok(seconds) => Some(Duration::from_secs(seconds)),
                Err(_) => return Err(format!("{seconds:.40?} is not a time in Unix seconds")),
            },
            _ => return Err("write allow or block, ID or IP, and optionally until SECONDS".into()),
        };
        let subject = words[1].parse()?;
        match words[0] {
            "allow" => self.allow(subject, until),
            "block" => self.block(subject, until),
            other => return Err(format!("{other:.40?} is neither allow nor block")),
        }
        Ok(())
    }
}

/// Whether a subject is on a list and its entry has not expired.
fn holds(list: &BTreeMap<Subject, Option<Duration>>, now: Duration, subject: &Subject) -> bool {
    list.get(subject).is_some_and(|until| until.is_none_or(|until| until > now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn id(digit: &str) -> PeerName {
        PeerName::new(digit.repeat(64))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_block_holds_for_an_identity_or_an_address_until_it_ends() {
        let mut lists = Lists::default();
        let text = format!("# mine\nblock {} until 1001\n\nblock 192.0.2.7 # loud\n", id("a"));
        lists.read(&text).expect("it is well written");
        assert!(!lists.lets_in(NOW, &id("a"), None));
        assert!(lists.lets_in(NOW + Duration::from_secs(1), &id("a"), None));
        assert!(!lists.lets_in(NOW, &id("b"), Some(address("192.0.2.7"))));
        assert!(!lists.lets_in_address(NOW, address("::ffff:192.0.2.7")));
        assert!(lists.lets_in(NOW, &id("b"), Some(address("192.0.2.8"))));
    }

    #[test]
    fn an_allow_list_keeps_all_others_out_and_a_block_goes_before_it() {
        let mut lists = Lists::default();
        lists.allow(Subject::Id(id("a")), None);
        assert!(lists.lets_in(NOW, &id("a"), None));
        assert!(!lists.lets_in(NOW, &id("b"), None));
        lists.block(Subject::Address(address("192.0.2.7")), None);
        assert!(!lists.lets_in(NOW, &id("a"), Some(address("192.0.2.7"))));
        lists.block(Subject::Id(id("a")), None);
        assert!(!lists.lets_in(NOW, &id("a"), None));
        lists.admit(Subject::Id(id("a")), None);
        assert!(lists.lets_in(NOW, &id("a"), None));
    }

    #[test]
    fn a_line_that_is_wrong_is_named() {
        let wrong = |text: &str| Lists::default().read(text).expect_err("it is wrong");
        assert_eq!(wrong("\nblok 192.0.2.7").0, 2);
        assert!(wrong("block here").1.contains("neither an identity"));
        assert!(wrong("block 192.0.2.7 until noon").1.contains("Unix seconds"));
        assert!(wrong("block").1.contains("ID or IP"));
    }
}
