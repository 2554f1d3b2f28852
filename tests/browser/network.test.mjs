// The page of a network that runs in one process: nodes come and go.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { freePort } from './network.mjs';
import { Visitor, launch } from './visitor.mjs';

const PROGRAM = process.env.CAIRN ?? '../../target/debug/cairn';
const PICTURES = process.env.PICTURES ?? '../../target/browser';
const limits = { timeout: 45_000 };

let up, browser, visitor, ports;

before(async () => {
  ports = [await freePort(), await freePort()].sort((one, other) => one - other);
  const command = ['up', '--ports', ports.join(), '--delay', '0', '--for', '10m', '--quiet'];
  up = spawn(PROGRAM, command, { stdio: 'ignore' });
  process.once('exit', () => up.kill('SIGKILL'));
  const url = `http://127.0.0.1:${ports[0] + 1}`;
  for (let tries = 0; !(await fetch(`${url}/node/info`).catch(() => null))?.ok; tries += 1) {
    assert.ok(tries < 200 && up.exitCode === null, 'the network does not answer');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  browser = await launch();
  visitor = await Visitor.open(browser, url, PICTURES);
}, limits);

after(async () => {
  await visitor?.close().finally(() => browser.close());
  up?.kill('SIGKILL');
});

/** The card of a node. */
const card = (port) => visitor.page.locator(`.card[data-node="${port}"]`);

test('a node is added and joins the others', limits, async () => {
  await visitor.page.locator('#add-node').click();
  await visitor.page.waitForFunction(() => document.querySelectorAll('.card').length === 3);
  const names = await visitor.page.locator('.card').evaluateAll((cards) => cards.map((it) => it.dataset.node));
  const added = names.find((name) => !ports.includes(Number(name)));
  await visitor.reads(`.card[data-node="${added}"] .state`, /^(searching|resting)$/);
});

test('a node is stopped, as if it had been killed, and starts again', limits, async () => {
  await card(ports[1]).getByRole('button', { name: `Stop ${ports[1]}` }).click();
  await visitor.reads(`.card[data-node="${ports[1]}"] .state`, /^gone/);
  await card(ports[1]).getByRole('button', { name: `Start ${ports[1]}` }).click();
  await visitor.reads(`.card[data-node="${ports[1]}"] .state`, /^(searching|resting)$/);
  await visitor.picture('network-nodes');
});
