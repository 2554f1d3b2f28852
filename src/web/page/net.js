// A live network: the nodes' API as a source of changes (source.js).

import { keep, recall } from './kept.js';
import { Link, Refused, ask, toBlock } from './link.js';

/** How long to wait before the page asks its own node again for the list of nodes. */
const BEGIN_MS = 1000;

/** How often an audience asks for the list of nodes. */
const LIST_MS = 3000;

/** How many hashes of reported blocks are remembered. */
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

/** The abilities of every node. */
const BASIC = ['blocks', 'older', 'pause', 'resume', 'mine', 'share', 'connect', 'disconnect'];

/** Further abilities, for each capability that a node lists. */
const CAPABLE = {
  messages: ['watch'],
  hear: ['hear'],
  network: ['network', 'links', 'pace'],
};

/** The posts that change a setting of the whole network. */
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

  /** Connects to all nodes, and learns their abilities. */
  async begin({ network, capabilities }) {
    for (const name of BASIC) this.can.add(name);
    for (const capability of capabilities) for (const name of CAPABLE[capability] ?? []) this.can.add(name);
    this.meet(network);
    if (this.can.has('network') && (await read('/network/audience'))?.url) this.can.add('audience');
  }

  /** Follows all nodes through one address for an audience, which takes no commands; nodes may come later. */
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

  /** Starts or stops reporting messages. */
  watch(isOn) {
    this.isWatched = isOn;
    for (const link of this.links.values()) link.watch();
  }

  /** The address for an audience, if there is one. */
  async audience() {
    const { url, code } = await this.askAny('/network/audience');
    return url && { url, code };
  }

  stop() {
    this.isStopped = true;
    this.tell = () => {};
    for (const link of this.links.values()) link.stop();
  }

  /** Connects to the nodes at these addresses, unless they are known. */
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
    // An audience cannot reach these addresses.
    if (!this.paths) this.meet(addresses);
  }

  /** A node names another one: that one gets a name even if it does not answer. */
  introduce(id, address) {
    this.list([id]);
    const link = this.links.get(id);
    if (!link || link.name) return;
    link.name = address.split(':').at(-1);
    link.change({ type: 'node', at: 0, name: link.name, address });
  }

  /** Remembers that this block was reported. */
  knows(hash) {
    this.told.add(hash);
    if (this.told.size > TOLD_KEPT) this.told.delete(this.told.values().next().value);
  }

  /** Sends a command to a node, and then looks at the node's status. */
  async command(id, name, detail) {
    if (name in ORDERS) return this.order(id, name);
    if (name in SETTINGS) return this.set(...SETTINGS[name](detail));
    const body = typeof detail === 'string' ? { address: detail } : detail;
    const link = this.links.get(id);
    const answer = await link.lane.run(() => this.post(id + PATHS[name], body));
    // One look after many commands is enough; events report the rest.
    if (link.lane.isIdle) await link.look().catch(() => {});
    return answer;
  }

  /** The link to the page's own node, which reports the settings of the whole network. */
  first() {
    return this.links.values().next().value;
  }

  /** The links that are up. */
  up() {
    return [...this.links.values()].filter((link) => link.isUp);
  }

  /** Changes a setting of the whole network. */
  async set(path, body) {
    const [asked] = this.up();
    if (!asked) throw new Refused('no node is there');
    return this.post(asked.id + path, body);
  }

  /** Stops, starts or adds a node. The request goes to another node, as one that stops may not answer. */
  async order(id, name) {
    const up = this.up();
    const asked = up.find((link) => link.id !== id) ?? up[0];
    if (!asked) throw new Refused('no node is there');
    const { nodes } = await this.post(asked.id + ORDERS[name](this.links.get(id)?.name));
    this.meet(nodes.map(({ http }) => http).filter((address) => address));
  }

  /** Posts to a path, and returns the answer. */
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

  /** Sets the token that commands need if a node is open to others. */
  setToken(token) {
    this.token = token;
    keep('sessionStorage', 'token', token);
  }

  /** A block with its bytes as digits, from any node. */
  async block(hash) {
    const answer = await this.askAny(`/blocks/${hash}`);
    return { ...toBlock(answer), bytes: answer.bytes };
  }

  /** Reports the chain's blocks of these heights, from any node. */
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

/** The answer of the page's own server, in JSON, or null. */
async function read(path) {
  const answer = await fetch(path).catch(() => null);
  return answer?.ok ? answer.json().catch(() => null) : null;
}
