// A live network: the nodes' API as a source of changes (source.js).

import { keep, recall } from './kept.js';
import { Link, Refused, ask, toBlock } from './link.js';

/** How long to wait before the page's own node is asked again who is there. */
const BEGIN_MS = 1000;

/** How often an audience asks who is there. */
const LIST_MS = 3000;

/** The number of hashes remembered, of blocks that were told. */
const TOLD_KEPT = 10000;

/** The posts that carry out commands of one node. */
const PATHS = {
  pause: '/pause',
  resume: '/resume',
  mine: '/mine',
  share: '/sync/request',
  connect: '/peers/announce',
  disconnect: '/peers/disconnect',
  hear: '/hear',
};

/** What any node can do. */
const BASIC = ['blocks', 'older', 'pause', 'resume', 'mine', 'share', 'connect', 'disconnect'];

/** What more a node can do that says so in its capabilities. */
const CAPABLE = {
  messages: ['watch'],
  hear: ['hear'],
  network: ['network', 'links', 'pace'],
};

/** The posts that set something for the whole network. */
const SETTINGS = {
  links: ({ delay, loss }) => ['/network/links', { delay_ms: delay, loss }],
  pace: (pace) => ['/network/pace', { pace }],
};

/** The posts that change the network, by the name of a node. */
const ORDERS = {
  stop: (name) => `/network/nodes/${name}/stop`,
  start: (name) => `/network/nodes/${name}/start`,
  add: () => '/network/nodes',
};

/** All nodes, beginning with the one that the page came from. */
export class Network {
  constructor() {
    this.title = 'live';
    this.can = new Set(['live']);
    this.isWatched = false;
    this.links = new Map();
    this.told = new Set();
    this.token = recall('sessionStorage', 'token') ?? '';
    this.needsToken = false;
  }

  /** Begins with the node that the page came from, which names the others. */
  async start(tell) {
    this.tell = tell;
    while (!this.isStopped) {
      const info = await read('/node/info');
      if (info?.network) return this.begin(info);
      const audience = info === null ? await read('/audience') : null;
      if (audience?.nodes) return this.attend(audience);
      await new Promise((resolve) => setTimeout(resolve, BEGIN_MS));
    }
  }

  /** Meets all nodes, and learns what they can do. */
  async begin({ network, capabilities }) {
    for (const name of BASIC) this.can.add(name);
    for (const capability of capabilities) for (const name of CAPABLE[capability] ?? []) this.can.add(name);
    this.meet(network);
    if (this.can.has('network') && (await read('/network/audience'))?.url) this.can.add('audience');
  }

  /** Looks on where all nodes are at one address, which takes no commands; nodes may come later. */
  async attend({ nodes }) {
    for (const name of ['blocks', 'older', 'watch']) this.can.add(name);
    this.paths = new Map();
    while (!this.isStopped) {
      for (const { port, path } of nodes) this.paths.set(String(port), location.origin + path);
      this.meet(this.paths.values());
      await new Promise((resolve) => setTimeout(resolve, LIST_MS));
      nodes = (await read('/audience'))?.nodes ?? [];
    }
  }

  /** Begins to tell of messages, or ends it. */
  watch(isOn) {
    this.isWatched = isOn;
    for (const link of this.links.values()) link.watch();
  }

  /** Where others may look, if they may. */
  async audience() {
    const { url, code } = await this.askAny('/network/audience');
    return url && { url, code };
  }

  stop() {
    this.isStopped = true;
    this.tell = () => {};
    for (const link of this.links.values()) link.stop();
  }

  /** Meets a node and those that it lists, unless they are known. */
  meet(addresses) {
    if (this.isStopped) return;
    for (const address of addresses) {
      if (this.links.has(address)) continue;
      const link = new Link(address, this);
      this.links.set(address, link);
      link.run();
    }
  }

  /** A node lists others, by their addresses for HTTP. */
  list(addresses) {
    // An audience reaches none of these.
    if (!this.paths) this.meet(addresses);
  }

  /** A node tells of another: even if that one is not there, it has a name. */
  introduce(id, address) {
    this.list([id]);
    const link = this.links.get(id);
    if (!link || link.name) return;
    link.name = address.split(':').at(-1);
    link.change({ type: 'node', at: 0, name: link.name, address });
  }

  /** Remembers that this block was told. */
  knows(hash) {
    this.told.add(hash);
    if (this.told.size > TOLD_KEPT) this.told.delete(this.told.values().next().value);
  }

  /** Tells a node to do something, and looks at what became of it. */
  async command(id, name, detail) {
    if (name in ORDERS) return this.order(id, name);
    if (name in SETTINGS) return this.set(...SETTINGS[name](detail));
    const body = typeof detail === 'string' ? { address: detail } : detail;
    const link = this.links.get(id);
    const answer = await link.lane.run(() => this.post(id + PATHS[name], body));
    // Once for all of many; events tell the rest.
    if (link.lane.isIdle) await link.look().catch(() => {});
    return answer;
  }

  /** The link to the page's own node, which tells what is the same for all. */
  first() {
    return this.links.values().next().value;
  }

  /** The links that are up. */
  up() {
    return [...this.links.values()].filter((link) => link.isUp);
  }

  /** Sets something for the whole network. */
  async set(path, body) {
    const [asked] = this.up();
    if (!asked) throw new Refused('no node is there');
    return this.post(asked.id + path, body);
  }

  /** Has a node stopped, started or added. Another one is asked, as one that stops may not answer. */
  async order(id, name) {
    const up = this.up();
    const asked = up.find((link) => link.id !== id) ?? up[0];
    if (!asked) throw new Refused('no node is there');
    const { nodes } = await this.post(asked.id + ORDERS[name](this.links.get(id)?.name));
    this.meet(nodes.map(({ http }) => http).filter((address) => address));
  }

  /** Posts to a path, and returns what is answered. */
  async post(path, body) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const asked = ask(path, { method: 'POST', headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const answer = await asked.catch((refusal) => {
      if (refusal.status === 401) this.needsToken = true;
      throw refusal;
    });
    return answer.json().catch(() => ({}));
  }

  /** The token that commands need where a node is open to others. */
  setToken(token) {
    this.token = token;
    keep('sessionStorage', 'token', token);
  }

  /** A block with its bytes as digits, as some node tells it. */
  async block(hash) {
    const answer = await this.askAny(`/blocks/${hash}`);
    return { ...toBlock(answer), bytes: answer.bytes };
  }

  /** Tells the chain's blocks of these heights, as some node has them. */
  async older(from, count) {
    const { blocks } = await this.askAny(`/chain?from=${from}&limit=${count}`);
    for (const block of blocks) {
      this.tell({ type: 'block', at: 0, block: { ...toBlock(block), bytes: block.bytes, settled: true } });
    }
  }

  /** Asks one node after the other until one answers. */
  async askAny(path) {
    let refusal = new Refused('no node is there');
    for (const link of this.up()) {
      try {
        return await link.get(path);
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }
}

/** What the page's own server answers, in JSON; null where it does not. */
async function read(path) {
  const answer = await fetch(path).catch(() => null);
  return answer?.ok ? answer.json().catch(() => null) : null;
}
