// Three real nodes, as processes of the built program, on free ports.

import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import net from 'node:net';

/** A block every few seconds: slow enough to follow, fast enough to wait for. */
const PACE = ['--nonces', '1000', '--listen', '200ms'];

/** How often ports are tried: another program may take a free port first. */
const TRIES = 5;

/** How long a node may take to answer. */
const START_MS = 10_000;

/** A port that is free for UDP, with the one above it free for HTTP. */
export async function freePort(wanted = 0) {
  for (;;) {
    const udp = dgram.createSocket('udp4');
    await new Promise((resolve, reject) => udp.once('error', reject).bind(wanted, '127.0.0.1', resolve));
    const { port } = udp.address();
    const isFree = await new Promise((resolve) => {
      const tcp = net.createServer();
      tcp.once('error', () => resolve(false));
      tcp.listen(port + 1, '127.0.0.1', () => tcp.close(() => resolve(true)));
    });
    await new Promise((resolve) => udp.close(resolve));
    if (isFree) return port;
    if (wanted !== 0) throw new Error(`port ${wanted + 1} is taken`);
  }
}

/** A network of nodes that all list each other. */
export class Nodes {
  constructor(program, ports, flags) {
    this.program = program;
    this.ports = ports;
    this.flags = flags;
    this.children = new Map();
  }

  /** Starts three nodes, or `count`, on `ports` or on free ones; `flags(port)` are more flags for each. */
  static async start(program, { ports, count = 3, flags = () => [] } = {}) {
    for (let tries = 1; ; tries += 1) {
      const chosen = [];
      for (const wanted of ports ?? Array(count).fill(0)) chosen.push(await freePort(wanted));
      const nodes = new Nodes(program, chosen.sort((a, b) => a - b), flags);
      try {
        await Promise.all(nodes.ports.map((port) => nodes.run(port)));
        return nodes;
      } catch (error) {
        await nodes.stop();
        if (tries === TRIES || ports) throw error;
      }
    }
  }

  /** Where a node serves its page. */
  url(port) {
    return `http://127.0.0.1:${port + 1}`;
  }

  /** Starts one node and waits until it answers. */
  async run(port) {
    const peers = this.ports.filter((peer) => peer !== port).flatMap((peer) => ['--peer', `127.0.0.1:${peer}`]);
    // No test takes ten minutes: so no node is left running, however the test ends.
    const command = ['node', String(port), '--http', '--for', '10m', ...peers, ...PACE, ...this.flags(port)];
    const child = spawn(this.program, command, { stdio: 'ignore' });
    process.once('exit', () => child.kill('SIGKILL'));
    this.children.set(port, child);
    const deadline = Date.now() + START_MS;
    while (!(await this.answers(port))) {
      if (child.exitCode !== null) throw new Error(`node ${port} ended with ${child.exitCode}`);
      if (Date.now() > deadline) throw new Error(`node ${port} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async answers(port) {
    const answer = await fetch(`${this.url(port)}/node/info`, { signal: AbortSignal.timeout(1000) }).catch(() => null);
    return answer?.ok && (await answer.json()).port === port;
  }

  /** Kills one node, as a power cut would. */
  async kill(port) {
    const child = this.children.get(port);
    this.children.delete(port);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Ends all nodes that were started. */
  async stop() {
    await Promise.all([...this.children.keys()].map((port) => this.kill(port)));
  }
}
