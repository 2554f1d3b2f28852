// A network inside the tab as a source of changes (page/source.js): the simulator, under
// a clock that the page owns. It writes the lines of a recording.

import { Refused } from '../page/link.js';
import { readChange } from '../page/recording.js';
import init, { Network, checkOrder, traceHash } from './cairn.js';
import { Clock } from './clock.js';
import { WORDS, isWorthALook } from './orders.js';
import { Pool } from './pool.js';
import { MAX_NODES, readSettings, writeSettings } from './settings.js';

/** Frequent events are reported once per kind and node in this time, at normal speed. */
const TOLD_MS = 250;

/** How much of the time before is reported, if a network does not begin at its start. */
const TOLD_BEFORE_MS = 60_000;

/** The past is simulated again in pieces of this virtual time. */
const PIECE_MS = 600_000;

/** After this long the page draws before the next piece. */
const DRAW_MS = 50;

/** A step that finds no news ends after this many events. */
const MAX_STEPS = 10_000;

/** How long a datagram takes in the simulator without faults, in milliseconds. */
export const WAY = { least: 1, most: 60 };

/** The account that receives the reward of the liar's blocks, and the liar's name in the simulator. */
const LIAR = { account: '6666', name: 'mallory' };

/** WebAssembly, once it is loaded. */
let loading = null;
const load = () => (loading ??= init({ module_or_path: new URL('cairn_bg.wasm', import.meta.url) }));

function networkOf({ seed, nodes, isCampaign, mining }) {
  if (isCampaign) return Network.campaign(seed);
  return mining > 0 ? Network.mining(seed, nodes, mining) : Network.endless(seed, nodes);
}

/** The network that the page's address describes. */
export class Tab {
  constructor(fragment = location.hash) {
    this.fragment = fragment;
    this.title = 'network in this tab';
    this.can = new Set(['live', 'clock', 'blocks', 'older', 'watch']);
    this.orders = [];
    this.names = new Map([[LIAR.account, LIAR.name]]);
    this.links = { delay: 0, loss: 0 };
    this.hasLiar = false;
    this.clock = new Clock({ speed: 1, goTo: (time) => this.goTo(time), onTick: () => this.flush() });
    this.way = WAY;
    this.mining = new URL('miner.js', import.meta.url);
  }

  /** The current moment, in the network's time. */
  now() {
    return (this.network?.epoch ?? 0) + this.clock.time;
  }

  async start(tell) {
    const settings = readSettings(this.fragment);
    this.settings = settings;
    this.clock.setSpeed(settings.speed);
    await load();
    if (this.isStopped) return;
    for (const { words } of settings.orders) checkOrder(words);
    this.tell = tell;
    this.network = networkOf(settings);
    this.allow(settings);
    this.network.showMessages(Boolean(this.showsMessages));
    this.network.mute();
    if (settings.at <= TOLD_BEFORE_MS) this.network.unmute();
    this.network.start();
    await this.catchUp(settings);
    if (this.isStopped) return;
    this.clock.isReady = true;
    if (!settings.isStopped) this.clock.run();
  }

  /** Adds the abilities of such a network. */
  allow({ isCampaign, mining }) {
    if (!isCampaign) for (const name of [...Object.keys(WORDS), 'network', 'hear']) this.can.add(name);
    if (mining === 0) return this.can.add('rewind');
    // The liar would have to mine for real, and the machine's speed is fixed.
    for (const name of ['liar', 'speed']) this.can.delete(name);
    this.clock.setSpeed(1);
    this.pool = new Pool({
      zeroBits: mining,
      next: () => this.network?.nextSearch(),
      answer: (asked, counter) => this.network?.answer(asked, counter),
    });
    return this.can;
  }

  /** The hashes a second if nodes mine for real, once known. */
  rate() {
    return this.pool?.rate() ?? null;
  }

  /** Runs the network with its orders until the time to begin with. */
  async catchUp({ orders, at }) {
    let drawn = performance.now();
    const todo = orders.filter((order) => order.at <= at);
    const unmuteAt = Math.max(0, at - TOLD_BEFORE_MS);
    for (const { at: time, words } of [...todo, { at: unmuteAt }, { at }].sort((a, b) => a.at - b.at)) {
      while (this.clock.time < time && !this.isStopped) {
        this.clock.time = Math.min(time, this.clock.time + PIECE_MS);
        this.goTo(this.clock.time);
        if (performance.now() - drawn < DRAW_MS) continue;
        await new Promise((resolve) => setTimeout(resolve));
        drawn = performance.now();
      }
      if (this.isStopped) return;
      if (words) this.order(words);
      if (time >= unmuteAt) this.network.unmute();
    }
    this.flush();
    this.tellNetwork();
    /** Orders that will be carried out later. */
    this.planned = orders.filter((order) => order.at > at);
  }

  stop() {
    this.isStopped = true;
    this.tell = () => {};
    this.clock.stop();
    this.pool?.stop();
    this.network?.free();
    this.network = null;
  }

  /** Runs the network until this time; returns whether more will happen. */
  goTo(time) {
    while (this.planned?.length > 0 && this.planned[0].at <= time) {
      const { at, words } = this.planned.shift();
      this.network.runTo(at);
      this.order(words);
    }
    this.network.tellEvery(TOLD_MS * this.clock.speed);
    this.network.runTo(time);
    if (this.network.next !== undefined) return true;
    this.finish();
    return false;
  }

  /** A campaign is over, or a check failed. */
  finish() {
    // Up to the very end, if no check failed.
    this.network.runTo(Number.MAX_SAFE_INTEGER);
    this.network.end();
    this.clock.time = this.network.time;
    this.flush();
  }

  /** Goes to the next interesting change, and stops there. */
  step() {
    this.clock.stop();
    this.network.tellEvery(0);
    for (let steps = 0; steps < MAX_STEPS && this.network.next !== undefined; steps += 1) {
      this.clock.time = this.network.next;
      this.network.runTo(this.clock.time);
      const changes = this.flush();
      if (changes.some(isWorthALook)) return;
    }
    if (this.network.next !== undefined) return;
    this.finish();
    this.clock.end();
  }

  /** The same network, `ms` milliseconds earlier and stopped, without the orders since then. */
  rewound(ms) {
    const at = Math.max(0, Math.floor(this.clock.time) - ms);
    const orders = this.orders.filter((order) => order.at <= at);
    return new Tab(writeSettings({ ...this.story(), orders, at, isStopped: true }));
  }

  /** The part after the # of an address that shows others the same story, from its start. */
  address() {
    return writeSettings({ ...this.story(), at: 0, isStopped: false });
  }

  story() {
    return { ...this.settings, orders: [...this.orders, ...(this.planned ?? [])], speed: this.clock.speed };
  }

  /** The SHA-256 of the whole campaign's trace, as the program prints it. */
  traceHash() {
    return traceHash(this.settings.seed);
  }

  async command(id, name, detail) {
    if (name === 'hear') return this.hear(id, detail);
    this.order(WORDS[name](id, detail));
    this.flush();
  }

  /** Carries an order out now, and remembers it. */
  order(words) {
    if (words === 'add' && this.count >= MAX_NODES) throw new Refused(`a tab shows at most ${MAX_NODES} nodes`);
    try {
      this.network.order(words);
    } catch (reason) {
      throw new Refused(reason);
    }
    const at = this.network.time;
    this.orders.push({ at, words });
    // The effects at the same moment.
    this.network.runTo(at);
    this.note(words.split(' '));
  }

  /** How many nodes there are. */
  get count() {
    return this.settings.nodes + this.orders.filter(({ words }) => words === 'add').length;
  }

  /** Reports those effects of an order that the network itself does not report. */
  note([name, first, second]) {
    if (name === 'liar') this.hasLiar = first === 'on';
    if (name !== 'links') return;
    this.links = { delay: Number(first), loss: Number(second) };
    this.tell({ type: 'event', at: this.now(), id: this.firstId, event: { event: 'links', delay_ms: this.links.delay, loss: this.links.loss } });
  }

  /** Reports the settings of all links; the links of a campaign have no common ones. */
  tellNetwork() {
    if (!this.settings.isCampaign) this.tell({ type: 'network', at: this.now(), id: this.firstId, links: this.links });
  }

  /** Gives a node a datagram; promises its verdict. */
  async hear(id, { from, bytes }) {
    this.flush();
    this.network.tellEvery(0);
    this.order(`hear ${id} ${from} ${bytes}`);
    const verdict = this.flush().find(({ type, id: who, event }) => type === 'event' && who === id && (event.event === 'ignored' || event.event === 'copied'));
    const { event: outcome = 'nothing', reason, detail } = verdict?.event ?? {};
    return { outcome, reason, detail };
  }

  watch(isOn) {
    this.showsMessages = isOn;
    this.network?.showMessages(isOn);
  }

  async block(hash) {
    const line = this.network.block(hash);
    if (line === undefined) throw new Error('no node has it on its chain');
    return this.named(readChange(line)).block;
  }

  async older(from, count) {
    for (const change of this.changes(this.network.older(from, count))) this.tell({ ...change, at: 0, block: { ...change.block, settled: true } });
  }

  /** Reports all changes since the last call, and returns them. */
  flush() {
    if (!this.network) return [];
    const changes = this.changes(this.network.lines());
    for (const change of changes) this.tell(change);
    this.pool?.wake();
    return changes;
  }

  changes(lines) {
    const changes = lines.split('\n').filter((line) => line !== '').map(readChange);
    // A node's chain may have blocks of nodes that are reported after it.
    for (const { type, id, miner, name } of changes) {
      if (type !== 'node') continue;
      this.names.set(miner, name);
      this.firstId ??= id;
    }
    return changes.map((change) => this.named(change));
  }

  /** Blocks name an account; this replaces it by the name of its owner. */
  named(change) {
    if (change.type === 'node') return { ...change, miner: change.name };
    if (change.type !== 'block') return change;
    const { block } = change;
    return { ...change, block: { ...block, miner: this.names.get(block.miner) ?? block.miner } };
  }
}
