// The nodes over HTTP and WebSocket: finds them, listens to them, comes back to
// them when they were gone, and passes orders on.

/** How long to wait before the next try to reach a node, from try to try. */
const RETRY_MS = [300, 500, 1000, 2000, 3000];

/** How often a node is asked how it is. */
const POLL_MS = 2000;

/** No answer within this time is no answer. */
const TIMEOUT_MS = 4000;

/** A node's clock may differ from ours by this much before we correct for it. */
const SKEW_MS = 1500;

/**
 * A status may be a little older than the time in it, and an event overtake it.
 * Dated back by this much, it never undoes what an event told.
 */
const STATUS_AGE_MS = 250;

/** How many heights of the block tree are read at first. */
const TREE_HEIGHTS = 100;

/** An order that a node refused, with its reason. */
export class Refused extends Error {}

/** All nodes, beginning with the one that the page came from. */
export class Network {
  /** `sink` takes what is learnt: `change(change)` and `fact(block, seenMs)`. */
  constructor(sink) {
    this.sink = sink;
    this.links = new Map();
    this.token = sessionStorage.getItem('token') ?? '';
    this.needsToken = false;
  }

  /** Meets a node and those that it lists, unless they are known. */
  meet(addresses) {
    for (const address of addresses) {
      if (this.links.has(address)) continue;
      const link = new Link(address, this);
      this.links.set(address, link);
      link.run();
    }
  }

  /** A node tells of another: even if that one is not there, it has a name. */
  introduce(id, address) {
    this.meet([id]);
    const link = this.links.get(id);
    if (link.port) return;
    link.port = Number(address.split(':').at(-1));
    link.change({ type: 'node', at: 0, port: link.port, address });
  }

  /** Tells a node to do something, and looks at what became of it. */
  async post(id, path, body) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const answer = await fetch(id + path, {
      method: 'POST',
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      if (answer.status === 401) this.needsToken = true;
      throw new Refused(problem.detail ?? `the node said ${answer.status}`);
    }
    await this.links.get(id)?.look().catch(() => {});
  }

  /** The token that orders need where a node is open to others. */
  setToken(token) {
    this.token = token;
    sessionStorage.setItem('token', token);
  }
}

/** One node: an endless loop of reaching it, listening, and losing it. */
class Link {
  constructor(id, network) {
    this.id = id;
    this.network = network;
    this.stream = null;
    this.sequence = 0;
    this.skew = 0;
    this.told = {};
    this.queue = Promise.resolve();
  }

  async run() {
    for (let tries = 0; ; tries += 1) {
      try {
        await this.reach();
        tries = 0;
        await this.listen();
      } catch {
        // Not there, or not as it should be: the same to us.
      }
      this.lose();
      await sleep(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
    }
  }

  lose() {
    this.socket?.close();
    // What comes before the first word of a node is not worth a word.
    if (this.told.down || !this.port) return;
    this.told = { down: true };
    this.change({ type: 'down', at: Date.now() });
  }

  /** Learns who it is, and whom it knows. */
  async reach() {
    const info = await this.get('/node/info');
    this.port = info.port;
    if (info.needs_token) this.network.needsToken = true;
    this.change({ type: 'node', at: 0, port: info.port, address: info.name, zeroBits: info.zero_bits });
    this.network.meet(info.network);
  }

  /** Listens until the connection ends. */
  async listen() {
    const stream = this.stream ? `&stream=${encodeURIComponent(this.stream)}` : '';
    const address = `${this.id.replace(/^http/, 'ws')}/events?after=${this.sequence}${stream}`;
    const socket = (this.socket = new WebSocket(address));
    const waiting = [];
    let take = (message) => waiting.push(message);
    socket.onmessage = ({ data }) => take(JSON.parse(data));
    const ended = new Promise((resolve) => socket.addEventListener('close', resolve));
    await Promise.race([opened(socket), ended]);
    this.told.down = false;
    this.change({ type: 'up', at: Date.now() });
    // Events first, then the state they lead to: so nothing is missed in between.
    await this.look();
    await this.readTree();
    take = (message) => {
      this.queue = this.queue.then(() => this.take(message)).catch(() => {});
    };
    waiting.splice(0).forEach(take);
    const poll = setInterval(() => this.look().then(() => (this.missed = 0), () => this.miss()), POLL_MS);
    await ended;
    clearInterval(poll);
  }

  /** A node that twice does not say how it is, is gone, even if nobody hung up. */
  miss() {
    this.missed = (this.missed ?? 0) + 1;
    if (this.missed < 2) return;
    this.missed = 0;
    this.socket.close();
  }

  /** Asks how it is, and tells what is new in that. */
  async look() {
    const [status, { peers }] = await Promise.all([this.get('/node/status'), this.get('/node/peers')]);
    const skew = Date.now() - status.time_ms;
    this.skew = Math.abs(skew) > SKEW_MS ? skew : 0;
    const at = status.time_ms + this.skew - STATUS_AGE_MS;
    this.status = status;
    const { tip, height, paused } = status;
    const isFirst = this.told.status === undefined;
    this.tell('status', `${tip} ${paused}`, { at, tip, height, paused, isFirst, counter: status.nonce });
    for (const peer of peers) this.network.introduce(peer.http, peer.address);
    const refused = peers.filter((peer) => peer.state === 'refused').map((peer) => peer.address);
    this.tell('refused', refused.join(), { at, refused });
  }

  tell(type, words, change) {
    if (this.told[type] === words) return;
    this.told[type] = words;
    this.change({ type, ...change });
  }

  async readTree(from) {
    const query = from === undefined ? `?limit=${TREE_HEIGHTS}` : `?from=${from}&limit=${TREE_HEIGHTS}`;
    const tree = await this.get(`/tree${query}`);
    this.lowest = Math.min(this.lowest ?? Infinity, tree.from);
    for (const block of tree.blocks) {
      const { hash, height, previous, timestamp, receiver } = block;
      const seenMs = block.first_seen_ms && block.first_seen_ms + this.skew;
      this.network.sink.fact({ hash, height, previous, timestamp, miner: receiver }, seenMs);
    }
  }

  /** Takes one message of the event stream, in order. */
  async take(message) {
    if (message.event === 'hello') return this.greet(message);
    this.sequence = message.seq;
    const { hash, height, time_ms: time } = message;
    if (hash) {
      // Older than what the page shows at all.
      if (height < this.lowest) return;
      if (!this.network.sink.knows(hash)) await this.readTree(Math.max(0, height - 20)).catch(() => {});
      this.told.status = `${hash} ${this.status.paused}`;
    }
    this.change({ type: 'event', at: time + this.skew, event: message });
  }

  async greet({ stream, missed }) {
    const isNew = this.stream !== null && this.stream !== stream;
    this.stream = stream;
    if (!isNew && missed === 0) return;
    if (isNew) this.sequence = 0;
    this.told = {};
    await this.look();
  }

  change(change) {
    this.network.sink.change({ id: this.id, ...change });
  }

  async get(path) {
    const answer = await fetch(this.id + path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('no connection')));
  });
}
