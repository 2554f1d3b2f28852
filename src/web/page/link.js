// One node over HTTP and WebSocket: connects to it, listens to it, and connects again
// after a loss.

import { Lane } from './lane.js';
import { toEvent } from './recording.js';

/** How long to wait before each further try to reach a node. */
const RETRY_MS = [300, 500, 1000, 2000, 3000];

/** How often the page asks a node for its status. */
const POLL_MS = 2000;

/** The most commands in flight to a node at once. */
const MOST_COMMANDS = 4;

/** A request fails after this time. */
const TIMEOUT_MS = 4000;

/** A node's refusal, or its silence, in words. */
export class Refused extends Error {}

/** Sends a request to a server; returns its answer, and throws if that is a refusal. */
export async function ask(address, options) {
  const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null);
  if (answer?.ok) return answer;
  if (!answer) throw new Refused('the node does not answer');
  const { detail } = await answer.json().catch(() => ({}));
  throw Object.assign(new Refused(detail ?? `the node said ${answer.status}`), { status: answer.status });
}

/** A node's clock may differ from ours by this much before we correct for it. */
const SKEW_MS = 1500;

/**
 * A status may be a little older than its time, and an event may overtake it. It is
 * dated back by this much, so that it never undoes an event.
 */
const STATUS_AGE_MS = 250;

/** The events that tell whether a node is paused. */
const PAUSING = new Set(['started', 'paused', 'resumed']);

/** How many heights of the block tree are read at first. */
const TREE_HEIGHTS = 100;

/** One node of a live network: an endless loop of connecting, listening, and losing the connection. */
export class Link {
  constructor(id, network) {
    this.id = id;
    this.network = network;
    this.stream = null;
    this.sequence = 0;
    this.skew = 0;
    /** Its last known state, so that only news becomes a change. */
    this.told = {};
    this.isUp = false;
    this.queue = Promise.resolve();
    /** The queue of commands to this node. */
    this.lane = new Lane(MOST_COMMANDS);
  }

  async run() {
    for (let tries = 0; !this.isStopped; tries += 1) {
      try {
        await this.reach();
        if (this.isStopped) return;
        tries = 0;
        await this.listen();
      } catch {
        // No answer and a wrong answer are treated alike.
      }
      this.lose();
      await sleep(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
    }
  }

  stop() {
    this.isStopped = true;
    this.socket?.close();
    this.messages?.close();
  }

  /** Follows the messages sent to this node, as long as somebody watches. */
  watch() {
    if (this.isUp && this.network.isWatched === Boolean(this.messages)) return;
    this.messages?.close();
    this.messages = null;
    if (!this.isUp || !this.network.isWatched) return;
    const socket = (this.messages = new WebSocket(`${this.id.replace(/^http/, 'ws')}/messages`));
    // The node cuts off a client that falls behind, such as a hidden page: `look` connects again.
    socket.onclose = () => {
      if (this.messages === socket) this.messages = null;
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      this.network.tell(toEvent(this.id, message.time_ms + this.skew, message));
    };
  }

  lose() {
    this.socket?.close();
    this.isUp = false;
    this.watch();
    // A node that never answered cannot go down.
    if (this.told.down || !this.name) return;
    this.told = { down: true };
    this.change({ type: 'down', at: Date.now() });
  }

  /** Learns the node's name and the nodes that it knows. */
  async reach() {
    const info = await this.get('/node/info');
    this.name = String(info.port);
    if (info.needs_token) this.network.needsToken = true;
    this.change({ type: 'node', at: 0, name: this.name, address: info.name, zeroBits: info.zero_bits });
    this.network.list(info.network);
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
    this.isUp = true;
    this.change({ type: 'up', at: Date.now() });
    this.watch();
    // Events first, then the state that they lead to: so nothing is missed in between.
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

  /** A node that twice gives no status is gone, even if the connection is still open. */
  miss() {
    this.missed = (this.missed ?? 0) + 1;
    if (this.missed < 2) return;
    this.missed = 0;
    this.socket.close();
  }

  /** Asks for the node's status, and reports what the events have not reported. */
  async look() {
    const [status, { peers }] = await Promise.all([this.get('/node/status'), this.get('/node/peers')]);
    const skew = Date.now() - status.time_ms;
    this.skew = Math.abs(skew) > SKEW_MS ? skew : 0;
    const at = status.time_ms + this.skew - STATUS_AGE_MS;
    const { tip, height, paused, nonce: counter } = status;
    const isFirst = this.told.tip === undefined;
    if (this.told.tip !== tip || this.told.paused !== paused) this.change({ type: 'status', at, tip, height, paused, isFirst, counter });
    // A peer that is known by its key has no known page.
    for (const peer of peers) if (peer.http) this.network.introduce(peer.http, peer.address);
    const refused = new Set(peers.filter((peer) => peer.state === 'refused').map((peer) => peer.address));
    if (!isSame(this.told.refused, refused)) this.change({ type: 'refused', at, refused: [...refused] });
    this.told = { tip, paused, refused };
    this.watch();
    if (isFirst && this.network.can.has('links') && this === this.network.first()) await this.readConditions(at);
  }

  /** Reports the links and the pace of the whole network. */
  async readConditions(at) {
    const [links, pace] = await Promise.all([this.get('/network/links'), this.get('/network/pace')]);
    const { nonces, listen_ms: listen } = pace;
    this.change({ type: 'network', at, links: { delay: links.delay_ms, loss: links.loss }, pace: { nonces, listen } });
  }

  async readTree(from) {
    const query = from === undefined ? `?limit=${TREE_HEIGHTS}` : `?from=${from}&limit=${TREE_HEIGHTS}`;
    const tree = await this.get(`/tree${query}`);
    this.lowest = Math.min(this.lowest ?? Infinity, tree.from);
    for (const block of tree.blocks) {
      this.network.knows(block.hash);
      this.network.tell({ type: 'block', at: block.first_seen_ms ? block.first_seen_ms + this.skew : 0, block: toBlock(block) });
    }
  }

  /** Takes one message of the event stream, in order. */
  async take(message) {
    if (message.event === 'hello') return this.greet(message);
    this.sequence = message.seq;
    const { hash, height, time_ms: time } = message;
    if (hash) {
      // Older than anything that the page shows.
      if (height < this.lowest) return;
      if (!this.network.told.has(hash)) await this.readTree(Math.max(0, height - 20)).catch(() => {});
      this.told.tip = hash;
    }
    this.note(message);
    this.change(toEvent(this.id, time + this.skew, message));
  }

  /** Keeps the state that an event reveals. */
  note({ event, peer }) {
    if (event === 'started') this.told.refused = new Set();
    if (PAUSING.has(event)) this.told.paused = event === 'paused';
    if (event === 'disconnected') this.told.refused?.add(peer);
    if (event === 'connected') this.told.refused?.delete(peer);
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
    this.network.tell({ id: this.id, ...change });
  }

  /** The node's answer to a request, in JSON. */
  async get(path) {
    const answer = await ask(this.id + path);
    return answer.json();
  }
}

/** Whether two Sets have the same items. */
const isSame = (one, other) => one?.size === other.size && [...one].every((item) => other.has(item));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('no connection')));
  });
}

/** A block from the API as the page keeps it: the receiver of its reward is its miner. */
export function toBlock({ hash, height, previous, timestamp, receiver }) {
  return { hash, height, previous, timestamp, miner: String(receiver) };
}
