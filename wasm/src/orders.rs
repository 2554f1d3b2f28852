//! Orders as words: `links 500 10`, `pause alice`. An address contains them in this form, too.

use std::time::Duration;

use cairn::node::Command;
use cairn::peer::PeerName;
use cairn::sim::Order;

/// Reads an order from words.
///
/// # Errors
/// The fault in the words.
pub(crate) fn parse(words: &str) -> Result<Order, String> {
    let parts: Vec<&str> = words.split(' ').collect();
    let name = |name: &str| PeerName::new(name);
    let command = |node: &str, command| Ok(Order::Command(name(node), command));
    match parts[..] {
        ["add"] => Ok(Order::Add),
        ["stop", node] => Ok(Order::Stop(name(node))),
        ["start", node] => Ok(Order::Start(name(node))),
        ["crash", node] => Ok(Order::Crash(name(node))),
        ["lie", node] => Ok(Order::LieAboutSync(name(node))),
        ["speed", node, times] => Ok(Order::Speed(name(node), number(times)?)),
        ["links", millis, percent] => {
            let delay = Duration::from_millis(number(millis)?);
            Ok(Order::Links(delay, number::<u32>(percent)?.saturating_mul(10)))
        }
        ["liar", "on"] => Ok(Order::Liar(true)),
        ["liar", "off"] => Ok(Order::Liar(false)),
        ["pause", node] => command(node, Command::Pause),
        ["resume", node] => command(node, Command::Resume),
        ["mine", node] => command(node, Command::MineOne),
        ["share", node] => command(node, Command::Sync),
        ["connect", node, peer] => command(node, Command::Connect(name(peer))),
        ["disconnect", node, peer] => command(node, Command::Disconnect(name(peer))),
        ["hear", node, from, bytes] => {
            let bytes = hex::decode(bytes).map_err(|error| format!("bytes: {error}"))?;
            Ok(Order::Hear(name(node), name(from), bytes))
        }
        _ => Err(format!("there is no order \"{words}\"")),
    }
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is not a number that fits here"))
}
