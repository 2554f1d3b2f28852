// A live network: the nodes' API as a source of changes (source.js).

import { Link, TIMEOUT_MS, toBlock } from './link.js';

/** How long to wait before the page's own node is asked again who is there. */
const BEGIN_MS = 1000;

/** The number of hashes remembered, of blocks that were told. */
const TOLD_KEPT = 10000;

/** The posts that carry out commands. */
const PATHS = {
  pause: '/pause',
  resume: '/resume',
  mine: '/mine',
  share: '/sync/request',
  connect: '/peers/announce',
  disconnect: '/peers/disconnect',
};

/** The posts that change the network, by the name of a node. */
const ORDERS = {
  stop: (name) => `/network/nodes/${name}/stop`,
  start: (name) => `/network/nodes/${name}/start`,
  add: () => '/network/nodes',
};

/** A command that a node refused, with its reason. */
export class Refused extends Error {}

/** All nodes, beginning with the one that the page came from. */
export class Network {
  constructor() {
    this.title = 'live';
    this.can = new Set(['live', 'blocks', 'older', ...Object.keys(PATHS)]);
    this.links = new Map();
    this.told = new Set();
    this.token = sessionStorage.getItem('token') ?? '';
    this.needsToken = false;
  }

  /** Begins with the node that the page came from, which names the others. */
  async start(tell) {
    this.tell = tell;
    while (!this.isStopped) {
      const info = await fetch('/node/info').then((answer) => answer.json()).catch(() => null);
      if (info?.capabilities?.includes('network')) this.can.add('network');
      if (info?.network) return this.meet(info.network);
      await new Promise((resolve) => setTimeout(resolve, BEGIN_MS));
    }
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

  /** A node tells of another: even if that one is not there, it has a name. */
  introduce(id, address) {
    this.meet([id]);
    const link = this.links.get(id);
    if (link.name) return;
    link.name = address.split(':').at(-1);
    link.change({ type: 'node', at: 0, name: link.name, address });
  }

  /** Remembers that this block was told. */
  knows(hash) {
    this.told.add(hash);
    if (this.told.size > TOLD_KEPT) this.told.delete(this.told.values().next().value);
  }

  /** Tells a node to do something, and looks at what became of it. */
  async command(id, name, address) {
    if (name in ORDERS) return this.order(id, name);
    await this.post(id + PATHS[name], address);
    await this.links.get(id)?.look().catch(() => {});
  }

  /** Has a node stopped, started or added. Another one is asked, as one that stops may not answer. */
  async order(id, name) {
    const up = [...this.links.values()].filter((link) => link.isUp);
    const asked = up.find((link) => link.id !== id) ?? up[0];
    if (!asked) throw new Refused('no node is there');
    const { nodes } = await this.post(asked.id + ORDERS[name](this.links.get(id)?.name));
    this.meet(nodes.map(({ http }) => http).filter((address) => address));
  }

  /** Posts to a path, and returns what is answered. */
  async post(path, address) {
    const headers = { 'Content-Type': 'application/json' };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const answer = await fetch(path, {
      method: 'POST',
      headers,
      body: address === undefined ? undefined : JSON.stringify({ address }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      if (answer.status === 401) this.needsToken = true;
      throw new Refused(problem.detail ?? `the node said ${answer.status}`);
    }
    return answer.json().catch(() => ({}));
  }

  /** The token that commands need where a node is open to others. */
  setToken(token) {
    this.token = token;
    sessionStorage.setItem('token', token);
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
    const up = [...this.links.values()].filter((link) => link.isUp);
    let refusal = new Error('no node is there');
    for (const link of up) {
      try {
        return await link.get(path);
      } catch (error) {
        refusal = error;
      }
    }
    throw refusal;
  }
}
