import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Link } from '../../../src/web/page/link.js';
import { Network } from '../../../src/web/page/net.js';

const { fetch, WebSocket } = globalThis;

afterEach(() => Object.assign(globalThis, { fetch, WebSocket }));

const answer = (body, status = 200) => ({ ok: status < 300, status, json: async () => body });

test('a link that is stopped while it reaches its node opens no connection to it', async () => {
  let arrive;
  globalThis.fetch = () => new Promise((resolve) => (arrive = resolve));
  globalThis.WebSocket = class {
    constructor() {
      assert.fail('it was opened');
    }
  };
  const link = new Link('http://127.0.0.1:7001', { tell() {}, list() {} });
  const run = link.run();
  link.stop();
  arrive(answer({ port: 7000, name: '127.0.0.1:7000', network: [] }));
  await run;
});

test('a peer that is known by its key is not looked for at an address', async () => {
  const met = [];
  const network = { tell() {}, can: new Set(), introduce: (id) => met.push(id) };
  globalThis.fetch = async (path) => answer(path.endsWith('/status')
    ? { time_ms: Date.now(), tip: '00', height: 0, paused: false, nonce: 0 }
    : { peers: [{ http: null, address: 'a key', state: 'refused' }, { http: 'http://127.0.0.1:8001', address: '127.0.0.1:8000' }] });
  await new Link('http://127.0.0.1:7001', network).look();
  assert.deepEqual(met, ['http://127.0.0.1:8001']);
});

test('a refusal, and a missing answer, are reported in words', async () => {
  const network = new Network();
  globalThis.fetch = async () => answer({ detail: 'a token is missing' }, 401);
  await assert.rejects(network.post('/pause'), /^Error: a token is missing$/);
  assert.ok(network.needsToken);
  globalThis.fetch = async () => {
    throw new TypeError('Failed to fetch');
  };
  await assert.rejects(network.post('/pause'), /^Error: the node does not answer$/);
});
