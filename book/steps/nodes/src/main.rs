//! Chapter 1.3: three nodes that mine, tell each other, and keep the longest chain.
//!
//! ```text
//! cargo run 7000
//! cargo run 8000      in a second terminal
//! cargo run 9000      in a third
//! ```
//!
//! The nodes meet at the address in `NODE_IP`, or at 127.0.0.1 if it is not set.

// ANCHOR: use
use std::env;
use std::io;
use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use sha2::{Digest, Sha256};
// ANCHOR_END: use

// ANCHOR: types
/// Bytes in a block.
const BLOCK_LEN: usize = 75;

/// How many bits must be zero at the front of a hash.
const ZERO_BITS: u32 = 16;

type Block = [u8; BLOCK_LEN];
type Hash = [u8; 32];
// ANCHOR_END: types

// ANCHOR: block
/// Puts a block together. Every number begins with its most significant byte.
fn block(previous: Hash, timestamp: u32, nonce: u64, receiver: u16) -> Block {
    let mut block = [0; BLOCK_LEN];
    block[0] = 75; // the size of the block
    block[1] = 0; // the version of the format
    block[2..34].copy_from_slice(&previous); // the hash of the block before
    block[34..38].copy_from_slice(&timestamp.to_be_bytes()); // seconds since 1970
    block[62..70].copy_from_slice(&nonce.to_be_bytes()); // the last 8 of 32 bytes
    block[70] = 1; // one transaction follows: the reward
    block[71..73].copy_from_slice(&[0, 0]); // it comes from nobody
    block[73..75].copy_from_slice(&receiver.to_be_bytes()); // and goes to this node
    block
}
// ANCHOR_END: block

// ANCHOR: genesis
/// The first block. Every chain of the network begins with these 75 bytes.
fn genesis() -> Block {
    block([0; 32], 1_634_700_000, 70_822, 7000)
}
// ANCHOR_END: genesis

// ANCHOR: hash
/// The hash of a block: SHA-256 of the SHA-256 of its header, which is bytes 1 to 69.
fn hash(block: &Block) -> Hash {
    Sha256::digest(Sha256::digest(&block[1..70])).into()
}
// ANCHOR_END: hash

// ANCHOR: target
/// Counts the bits that are zero before the first that is one.
fn leading_zero_bits(hash: &Hash) -> u32 {
    let zero_bytes = hash.iter().take_while(|byte| **byte == 0).count();
    let next_byte = hash.get(zero_bytes).map_or(0, |byte| byte.leading_zeros());
    8 * zero_bytes as u32 + next_byte
}

/// Whether a hash is low enough to be proof of work.
fn meets_target(hash: &Hash) -> bool {
    leading_zero_bits(hash) >= ZERO_BITS
}
// ANCHOR_END: target

// ANCHOR: mine
/// Tries `count` nonces from `first` on. Returns the first that gives a low hash.
fn mine(previous: Hash, timestamp: u32, first: u64, count: u64) -> Option<u64> {
    let is_low = |nonce: &u64| meets_target(&hash(&block(previous, timestamp, *nonce, 0)));
    (first..first + count).find(is_low)
}
// ANCHOR_END: mine

// ANCHOR: validate
/// Checks a chain from its first block to its last.
///
/// Returns the hash of the last block, or the rule that the chain breaks.
fn validate(chain: &[u8]) -> Result<Hash, String> {
    let (blocks, rest) = chain.as_chunks::<BLOCK_LEN>();
    if blocks.is_empty() || !rest.is_empty() {
        return Err(format!("whole-blocks: {} bytes are not whole blocks of 75", chain.len()));
    }
    if blocks[0] != genesis() {
        return Err("genesis: the first block is not the genesis block".to_string());
    }
    let mut previous = hash(&blocks[0]);
    for (height, block) in blocks.iter().enumerate().skip(1) {
        validate_block(block, previous).map_err(|rule| format!("block {height} breaks {rule}"))?;
        previous = hash(block);
    }
    Ok(previous)
}

/// Checks one block that comes after a block with the hash `previous`.
fn validate_block(block: &Block, previous: Hash) -> Result<(), &'static str> {
    if block[0] != 75 {
        return Err("size: its first byte is not 75");
    }
    if block[1] != 0 {
        return Err("version: its second byte is not 0");
    }
    if block[70] != 1 {
        return Err("one-transaction: it does not have one transaction");
    }
    if block[71..73] != [0, 0] {
        return Err("sender: its reward comes from somebody");
    }
    if block[2..34] != previous {
        return Err("previous-hash: it names another block than the one before it");
    }
    if !meets_target(&hash(block)) {
        return Err("proof-of-work: its hash is too high");
    }
    Ok(())
}
// ANCHOR_END: validate

// ANCHOR: node
/// The ports of the network's three nodes.
const NODE_PORTS: [u16; 3] = [7000, 8000, 9000];

/// How many nonces a node tries before it listens again.
const NONCES: u64 = 1000;

/// How long it listens before it mines again.
const LISTEN: Duration = Duration::from_secs(1);

struct Node {
    ip: String,
    port: u16,
    socket: UdpSocket,
    /// The blocks from the genesis block on, one after the other.
    chain: Vec<u8>,
    /// The hash of the last block.
    tip: Hash,
    /// When the search for the next block began.
    timestamp: u32,
    /// The next nonce to try.
    nonce: u64,
}
// ANCHOR_END: node

impl Node {
    // ANCHOR: start
    fn start(ip: String, port: u16) -> io::Result<Node> {
        let socket = UdpSocket::bind((ip.as_str(), port))?;
        let (chain, tip) = (genesis().to_vec(), hash(&genesis()));
        Ok(Node { ip, port, socket, chain, tip, timestamp: now(), nonce: 0 })
    }
    // ANCHOR_END: start

    // ANCHOR: run
    fn run(&mut self) {
        loop {
            match self.listen() {
                Some(message) => self.hear(message),
                None => self.mine(),
            }
        }
    }
    // ANCHOR_END: run

    // ANCHOR: listen
    /// Waits for a message. `None` if none came for a second.
    fn listen(&self) -> Option<Vec<u8>> {
        let deadline = Instant::now() + LISTEN;
        let mut buffer = [0; 65_536];
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            self.socket.set_read_timeout(Some(left.max(Duration::from_millis(1)))).ok()?;
            // Ignore an error: some systems report here that another node did not run.
            if let Ok(len) = self.socket.recv(&mut buffer) {
                return Some(buffer[..len].to_vec());
            }
        }
        None
    }
    // ANCHOR_END: listen

    // ANCHOR: hear
    /// Adopts a chain that is valid and longer than ours, and ignores all others.
    fn hear(&mut self, chain: Vec<u8>) {
        let tip = match validate(&chain) {
            Ok(tip) if chain.len() > self.chain.len() => tip,
            Ok(_) => return println!("IGNORE blockchain: it is not longer than ours"),
            Err(rule) => return println!("IGNORE blockchain: {rule}"),
        };
        self.stand_on(chain, tip);
        println!("COPY block {}: {}!", self.height(), to_hex(&tip));

        // The nodes rest for different times, so that they do not all search for
        // the same block in the same second.
        let count = self.chain.len() / BLOCK_LEN;
        let seconds = (u64::from(self.port) + count as u64) % 3 + 1;
        println!("SLEEP for {seconds} seconds...");
        thread::sleep(Duration::from_secs(seconds));
        self.timestamp = now();
    }
    // ANCHOR_END: hear

    // ANCHOR: try
    /// Tries a thousand nonces. If one of them gives a block, tells the others.
    fn mine(&mut self) {
        println!("TRY up to {}...", self.nonce);
        let Some(nonce) = mine(self.tip, self.timestamp, self.nonce, NONCES) else {
            self.nonce += NONCES;
            return;
        };
        let block = block(self.tip, self.timestamp, nonce, self.port);
        let chain = [&self.chain[..], &block].concat();
        self.stand_on(chain, hash(&block));
        self.broadcast();
        println!("CREATE block {}: {}!", self.height(), to_hex(&self.tip));
    }
    // ANCHOR_END: try

    // ANCHOR: broadcast
    /// Sends the whole chain to the other nodes.
    fn broadcast(&self) {
        for port in NODE_PORTS.into_iter().filter(|port| *port != self.port) {
            if let Err(error) = self.socket.send_to(&self.chain, (self.ip.as_str(), port)) {
                println!("cannot send to port {port}: {error}");
            }
        }
    }
    // ANCHOR_END: broadcast

    // ANCHOR: stand
    /// Makes this our chain, and begins to search for the block after it.
    fn stand_on(&mut self, chain: Vec<u8>, tip: Hash) {
        (self.chain, self.tip) = (chain, tip);
        (self.timestamp, self.nonce) = (now(), 0);
    }

    /// The number of the last block. The genesis block has number 0.
    fn height(&self) -> usize {
        self.chain.len() / BLOCK_LEN - 1
    }
    // ANCHOR_END: stand
}

// ANCHOR: helpers
/// Seconds since 1970.
fn now() -> u32 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.expect("the clock is after 1970").as_secs() as u32
}

/// Writes bytes as hexadecimal digits, two for each byte.
fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
// ANCHOR_END: helpers

// ANCHOR: main
fn main() {
    let port = env::args().nth(1).and_then(|argument| argument.parse().ok());
    let Some(port) = port.filter(|port| NODE_PORTS.contains(port)) else {
        return eprintln!("which node? type cargo run 7000 (or 8000, or 9000)");
    };
    let ip = env::var("NODE_IP").unwrap_or("127.0.0.1".to_string());
    match Node::start(ip, port) {
        Ok(mut node) => node.run(),
        Err(error) => eprintln!("cannot listen on port {port}: {error}"),
    }
}
// ANCHOR_END: main

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;

    /// A node on a port that the system chooses, and its chain with one block more.
    fn node_and_longer_chain() -> (Node, Vec<u8>) {
        let mut node = Node::start("127.0.0.1".to_string(), 0).expect("a port is free");
        node.port = 7000; // so that it rests for one second only
        let block = block(node.tip, 1_634_700_600, 58_768, 7000);
        let longer = [genesis(), block].concat();
        (node, longer)
    }

    #[test]
    fn a_longer_chain_is_copied_and_the_search_begins_anew() {
        let (mut node, longer) = node_and_longer_chain();
        node.nonce = 5000;
        node.hear(longer.clone());
        assert_eq!((node.chain, node.nonce), (longer, 0));
    }

    #[test]
    fn what_is_not_longer_or_not_valid_is_ignored() {
        let (mut node, longer) = node_and_longer_chain();
        let mut wrong = longer.clone();
        wrong[144] ^= 1;
        for message in [genesis().to_vec(), wrong, Vec::new(), longer[..149].to_vec()] {
            node.hear(message);
            assert_eq!(node.chain, genesis());
        }
    }

    #[test]
    fn a_block_is_made_where_its_nonce_is_tried() {
        let (mut node, longer) = node_and_longer_chain();
        (node.timestamp, node.nonce) = (1_634_700_600, 57_000);
        node.mine();
        assert_eq!((node.chain.len(), node.nonce), (BLOCK_LEN, 58_000));
        node.mine();
        assert_eq!(node.chain, longer);
    }
}
// ANCHOR_END: tests
