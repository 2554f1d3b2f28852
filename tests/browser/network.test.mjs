// The page of a network that runs in one process: nodes come and go, links and pace
// change, the page shows messages in flight, and a class looks on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { freePort } from './network.mjs';
import { Visitor, launch } from './visitor.mjs';

const PROGRAM = process.env.CAIRN ?? '../../target/debug/cairn';
const PICTURES = process.env.PICTURES ?? '../../target/browser';
const limits = { timeout: 45_000 };

let up, browser, visitor, ports, url, audience;

before(async () => {
  ports = [await freePort(), await freePort()].sort((one, other) => one - other);
  const command = ['up', '--ports', ports.join(), '--delay', '0', '--for', '10m', '--quiet', '--audience', '127.0.0.1:0'];
  up = spawn(PROGRAM, command, { stdio: ['ignore', 'pipe', 'ignore'] });
  process.once('exit', () => up.kill('SIGKILL'));
  audience = await new Promise((resolve, reject) => {
    let text = '';
    up.stdout.setEncoding('utf8').on('data', (part) => {
      text += part;
      const found = /AUDIENCE (http\S+)\n/.exec(text);
      if (found) resolve(found[1]);
    });
    up.once('exit', () => reject(new Error(`the network has ended: ${text}`)));
  });
  url = `http://127.0.0.1:${ports[0] + 1}`;
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

/** Moves a slider to a value and lets go of it. */
const turn = (name, value) => visitor.page.locator(`#${name}`).fill(String(value));

/** The lines of the log that match, oldest first, without their times. */
const log = (page, pattern) => page.locator('#feed li').evaluateAll(
  (lines, source) => lines.map((line) => line.textContent).filter((line) => new RegExp(source).test(line)).reverse(),
  pattern.source,
);

test('a node is added and joins the others', limits, async () => {
  await visitor.page.locator('#add-node').click();
  await visitor.page.waitForFunction(() => document.querySelectorAll('.card').length === 3);
  const names = await visitor.page.locator('.card').evaluateAll((cards) => cards.map((it) => it.dataset.node));
  const added = names.find((name) => !ports.includes(Number(name)));
  ports.push(Number(added));
  ports.sort((one, other) => one - other);
  await visitor.reads(`.card[data-node="${added}"] .state`, /^(searching|resting)$/);
});

test('a node is stopped, as if it had been killed, and starts again', limits, async () => {
  await card(ports[1]).getByRole('button', { name: `Stop ${ports[1]}` }).click();
  await visitor.reads(`.card[data-node="${ports[1]}"] .state`, /^gone/);
  await card(ports[1]).getByRole('button', { name: `Start ${ports[1]}` }).click();
  await visitor.reads(`.card[data-node="${ports[1]}"] .state`, /^(searching|resting)$/);
  await visitor.picture('network-nodes');
});

test('delay, loss and pace are set for all, and a second viewer and a reload see the same story', limits, async () => {
  await turn('delay', 1500);
  await turn('loss', 10);
  await visitor.page.getByLabel('Pace of all nodes').selectOption('slow');
  await visitor.reads('#pace-words', /^1,000 tries, then 1 s of listening$/);
  await visitor.press('Pause all');
  for (const port of ports) await visitor.isState(port, /^paused$/);
  await visitor.press('Split');
  await visitor.reads('#badge', /^Split$/);
  await visitor.press('Heal');
  await visitor.reads('#sides-title', /./);
  await visitor.page.waitForFunction(() => document.querySelector('#feed').textContent.includes('healed'));
  const told = await fetch(`${url}/network/links`).then((answer) => answer.json());
  assert.deepEqual(told, { delay_ms: 1500, loss: 10 });
  assert.equal((await fetch(`${url}/network/pace`).then((answer) => answer.json())).pace, 'slow');

  const story = /is paused|has (a )?new|split:|healed|searches again/;
  const first = await log(visitor.page, story);
  for (const words of ['each message is delayed by 1.5 s, and 10 of 100 are lost', '1,000 tries, then 1 s of listening', 'is paused', 'split:', 'healed']) {
    assert.ok(first.some((line) => line.includes(words)), `${words} in ${first.join('\n')}`);
  }
  const other = await Visitor.open(browser, `http://127.0.0.1:${ports[1] + 1}`, PICTURES);
  for (const viewer of [other, visitor]) {
    if (viewer === visitor) await viewer.page.reload();
    await viewer.reads('#conditions-words', /^Each message is delayed by 1\.5 s, and 10 of 100 are lost\.$/);
    assert.deepEqual(await viewer.page.locator('#delay, #loss, #pace').evaluateAll((all) => all.map(({ value }) => value)), ['1500', '10', 'slow']);
    await viewer.page.waitForFunction((count) => [...document.querySelectorAll('#feed li')]
      .filter((line) => /is paused|has (a )?new|split:|healed|searches again/.test(line.textContent)).length >= count, first.length);
    assert.deepEqual(await log(viewer.page, story), first);
  }
  await other.close();
});

test('messages are seen on their way between the nodes, and lost ones are marked', limits, async () => {
  const { page } = visitor;
  await visitor.press('Show messages');
  await page.locator('#ring .at').nth(2).waitFor();
  await turn('loss', 0);
  await turn('delay', 5000);
  await visitor.reads('#conditions-words', /^Each message is delayed by 5 s, and none is lost\.$/);
  await visitor.mineOne(ports[0]);
  await page.locator('#ring .dot').first().waitFor();
  await visitor.reads('#ring-said', /^[1-9]\d* messages? on the way.*: 0 lost, 0 refused\.$/);
  const place = () => page.locator('#ring .dot').first().getAttribute('transform');
  const before = await place();
  await page.waitForFunction((from) => document.querySelector('#ring .dot')?.getAttribute('transform') !== from, before);
  await visitor.picture('messages');
  await turn('delay', 0);
  await turn('loss', 100);
  await visitor.mineOne(ports[0]);
  await page.locator('#ring .dot.lost').first().waitFor();
  await turn('loss', 0);
  await visitor.reads('#conditions-words', /none is lost/);
  // The next block brings lost blocks again.
  await visitor.mineOne(ports[0]);
  await visitor.reads('#badge', /^All agree$/);
  await visitor.press('Hide messages');
  assert.equal(await page.locator('#ring-box').isVisible(), false);
});

test('a changed block is sent to a node, which refuses it by name', limits, async () => {
  const { page } = visitor;
  await page.locator('.block[data-height="1"]').first().click();
  await visitor.reads('#verdict', /^✓/);
  await page.locator('#send-to').selectOption(String(`http://127.0.0.1:${ports[1] + 1}`));
  await visitor.press('Send it');
  await visitor.reads('#send-verdict', new RegExp(`^✗ ${ports[1]} refuses it: not longer`));
  await page.getByLabel('sender', { exact: true }).fill('7');
  await visitor.press('Send it');
  await visitor.reads('#send-verdict', new RegExp(`^✗ ${ports[1]} refuses it: block 1 breaks sender: sender of the reward is 7, not 0`));
  await visitor.findsNoBarrier('a block was sent');
  await visitor.picture('sent-block');
  await page.keyboard.press('Escape');
  await visitor.reads('#feed', new RegExp(`${ports[1]} ignored what ${ports[0]} sent – block 1 breaks sender`));
});

/** Runs a demo by itself to its end. */
async function play(name) {
  await visitor.page.getByLabel('Choose a demo').selectOption({ label: name });
  await visitor.press(`Demo: ${name}`);
  await visitor.reads('#demo', /^Stop the demo$/);
  await visitor.reads('#demo', new RegExp(`^Demo: ${name}$`), 40_000);
  const story = async () => `${await visitor.text('#notice')} ${await visitor.text('#feed')}`;
  assert.ok(await visitor.page.locator('#notice').isHidden(), await story());
}

test('demo: a liar is refused by name', limits, async () => {
  await play('liar refused by name');
  for (const rule of ['proof-of-work', 'sender', 'previous-hash']) {
    await visitor.reads('#feed', new RegExp(`${ports[0]} ignored what ${ports[2]} sent – block \\d+ breaks ${rule}`));
  }
});

test('demo: a node starts late, really, and catches up', limits, async () => {
  await play('node that starts late');
  await visitor.reads('#feed', new RegExp(`${ports[2]} is gone`));
  await visitor.reads('#feed', new RegExp(`${ports[2]} took over block \\d+ from`));
});

test('a class looks on at one address, which its QR code holds, and changes nothing', limits, async () => {
  await visitor.press('For phones');
  await visitor.reads('#phones-url', new RegExp(`^${audience}$`));
  const modules = await visitor.page.locator('#phones-code path').getAttribute('d');
  assert.ok(modules.split('M').length > 100, 'a code has many modules');
  await visitor.findsNoBarrier('the address for phones');
  await visitor.picture('phones');
  await visitor.press('Close');
  const options = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' };
  const phone = await Visitor.open(browser, audience, PICTURES, options);
  for (const port of ports) await phone.reads(`.card[data-node="${port}"] .state`, /^(searching|resting|paused)$/);
  await phone.reads('#badge', /^(All agree|On its way|Fork)$/);
  for (const name of ['#demo', '#pause-all', '#split', '#heal', '.card button', '#conditions', '#add-node', '#phones-open']) {
    assert.ok(await phone.page.locator(name).first().isHidden(), `${name} is not for an audience`);
  }
  await phone.reads('#conditions-words', /^No message is delayed, and none is lost\.$/);
  assert.deepEqual(await phone.sticksOut(), []);
  await phone.press('Show messages');
  await phone.page.locator('#ring .at').nth(2).waitFor();
  await visitor.mineOne(ports[0]);
  await phone.page.locator('#ring .dot').first().waitFor();
  await phone.findsNoBarrier('a phone');
  await phone.picture('phone', { fullPage: true });
  await phone.page.locator('.block').last().click();
  await phone.reads('#verdict', /^✓/);
  await phone.close();
});
