// The site, as site/build.sh builds it: the page with a network inside the tab.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { serveSite } from './site.mjs';
import { Visitor, launch, watchMemory } from './visitor.mjs';

const PROGRAM = process.env.CAIRN ?? '../../target/debug/cairn';
const PICTURES = process.env.PICTURES ?? '../../target/browser';
const SITE = path.resolve(process.env.SITE ?? '../../target/site');

const limits = { timeout: 45_000 };

let server, browser;

before(async () => {
  server = await serveSite(SITE, {
    '/chapter.html': '<!doctype html><html lang="en"><title>A chapter</title><h1>Forks</h1><iframe title="A network" loading="lazy" width="700" height="600" src="/cairn/?embed#seed=7&speed=10"></iframe></html>',
  });
  browser = await launch();
}, limits);

after(async () => {
  await browser?.close();
  server?.close();
});

const open = (fragment = '', options = {}) => Visitor.open(browser, server.url + fragment, PICTURES, options);

/** The program's own output for a simulation. */
const simulate = (...flags) => execFileSync(PROGRAM, ['sim', ...flags, '--trace'], { maxBuffer: 1 << 28 }).toString();

/** Each node's last tip in a trace. */
function tipsIn(trace) {
  const tips = {};
  for (const [, name, height, hash] of trace.matchAll(/^ *[\d.]+ (\w+): (?:CREATE|COPY) block (\d+): ([0-9a-f]{64})!/gm)) tips[name] = `${height} ${hash}`;
  return tips;
}

/** The same, as the tab's cards and pills show it. */
function tipsOn(page) {
  return page.evaluate(() => Object.fromEntries([...document.querySelectorAll('.pill[data-node]')].map((pill) => {
    const block = document.querySelector(`.block[data-hash="${pill.dataset.on}"]`);
    return [pill.dataset.node, `${block.dataset.height} ${pill.dataset.on}`];
  })));
}

test('it opens with three nodes that mine, and sends no request to another server', limits, async () => {
  const visitor = await Visitor.open(browser, 'about:blank', PICTURES);
  const asked = [];
  visitor.page.on('request', (request) => asked.push(request.url()));
  await visitor.page.goto(server.url);
  await visitor.says(/^alice, bob and carol agree on block 0\.|^All begin/);
  for (const name of ['alice', 'bob', 'carol']) await visitor.isState(name, /^searching$/);
  await visitor.page.locator('#clock-speed').selectOption('100');
  await visitor.says(/found block \d+; .* took it over/);
  assert.ok(asked.length > 10 && asked.every((url) => url.startsWith(server.url)), asked.join('\n'));
  const policy = await visitor.page.locator('meta[http-equiv]').getAttribute('content');
  assert.match(policy, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; /);
  assert.ok(!/'unsafe-(eval|inline)'|https?:|\*/.test(policy), policy);
  await visitor.picture('tab');
  await visitor.close();
});

test('the demo tells its whole story in the tab', limits, async () => {
  // The clock is stopped until the demo needs it.
  const visitor = await open('#seed=7&stopped');
  await visitor.isState('alice', /searching/);
  await visitor.listen();
  await visitor.press('Demo: fork');
  await visitor.reads('#demo', /^Stop the demo$/);
  await visitor.reads('#demo', /^Demo: fork$/, 30_000);
  const heard = await visitor.heard();
  const patterns = [/^Split \|/, /^Split \|.* \w+ found block \d+, and .* not hear of it/, /^Fork \| .*the next block decides/, /\| The race is over: \w+ found block/];
  let from = 0;
  for (const pattern of patterns) {
    const index = heard.findIndex(({ words }, place) => place >= from && pattern.test(words));
    assert.ok(index >= 0, `${pattern} was not said, or too early: ${JSON.stringify(heard, null, 1)}`);
    from = index;
  }
  await visitor.close();
});

test('a demo ends silently when its network is left', limits, async () => {
  const visitor = await open('#seed=7&at=20000&stopped');
  await visitor.isState('alice', /searching|resting/);
  await visitor.press('Demo: fork');
  await visitor.reads('#demo-step', /^Step 2/);
  await visitor.press('Back 10 s');
  await visitor.reads('#demo', /^Demo: fork$/);
  await visitor.reads('#clock-run', /^Run$/);
  assert.ok(await visitor.page.locator('#notice').isHidden(), await visitor.text('#notice'));
  assert.ok(await visitor.page.locator('#heal').isDisabled(), 'nobody is told anything');
  await visitor.close();
});

test('the same seed gives the same tips as the program', limits, async () => {
  for (const [seed, nodes] of [[7, 3], [2026, 5]]) {
    const tips = tipsIn(simulate('--seed', seed, '--nodes', nodes, '--calm'));
    const visitor = await open(`#seed=${seed}&nodes=${nodes}&at=3600000`);
    await visitor.reads('#clock-time', /^1 h 0 min [01] s$/);
    await visitor.press('Stop the clock');
    await visitor.press('Back 1 min');
    await visitor.reads('#clock-time', /^59 min/);
    await visitor.page.goto('about:blank');
    await visitor.page.goto(`${server.url}#seed=${seed}&nodes=${nodes}&at=3600000&stopped`);
    await visitor.reads('#clock-time', /^1 h 0 min 0 s$/);
    await visitor.isStill();
    assert.deepEqual(await tipsOn(visitor.page), tips);
    const miners = await visitor.page.locator('.block:not([data-height="0"]) .miner').allTextContents();
    assert.ok(miners.length > 3 && miners.every((name) => Object.hasOwn(tips, name)), `${miners}: who found them is named`);
    await visitor.close();
  }
});

test('twenty seeds of the fault campaign have the trace of the program, byte for byte', limits, async () => {
  const cairn = await import(pathToFileURL(path.join(SITE, 'tab/cairn.js')));
  cairn.initSync({ module: readFileSync(path.join(SITE, 'tab/cairn_bg.wasm')) });
  for (let seed = 1; seed <= 20; seed += 1) {
    const native = createHash('sha256').update(simulate('--seed', seed)).digest('hex');
    assert.equal(cairn.traceHash(BigInt(seed)), native, `seed ${seed}`);
  }
});

test('a campaign is played as a story to its end, and its trace has the hash of the program', limits, async () => {
  const visitor = await open('#campaign=3&speed=1000');
  await visitor.listen();
  await visitor.reads('#clock-time', /^1 h 0 min 0 s, its end$/, 20_000);
  assert.equal(await visitor.text('#clock-words'), '', 'what is over has no speed');
  await visitor.hasHeard(/is gone/);
  assert.ok(await visitor.page.locator('#pause-all').isHidden(), 'what follows from a seed takes no orders');
  await visitor.press('Hash of its trace');
  const native = createHash('sha256').update(simulate('--seed', '3')).digest('hex');
  await visitor.reads('#trace-words', new RegExp(native));
  await visitor.picture('tab-campaign');
  await visitor.close();
});

test('a failed check ends the story, which says what failed and when', limits, async () => {
  const visitor = await open('#campaign=3&speed=1000&do=0:lie+alice');
  await visitor.says(/^Something happened that never should: alice announced \d+ blocks and starts with \d+\.$/);
  await visitor.reads('#badge', /^Check failed$/);
  await visitor.reads('#clock-time', / s, its end$/);
  await visitor.reads('#feed', /The network fails a check/);
  assert.ok(await visitor.page.locator('#clock-run').isDisabled());
  await visitor.press('Back 10 s');
  await visitor.reads('#badge', /^(?!Check failed)/);
  await visitor.reads('#clock-run', /^Run$/);
  await visitor.close();
});

test('thirty nodes: all are shown, and no more can be added', limits, async () => {
  const visitor = await open('#seed=2&nodes=29&speed=10');
  await visitor.press('Add a node');
  await visitor.page.waitForFunction(() => document.querySelectorAll('.card').length === 30);
  await visitor.press('Add a node');
  await visitor.reads('#notice', /a tab shows at most 30 nodes/);
  await visitor.reads('#sentence', /30 nodes|29 nodes|found block/);
  assert.deepEqual(await visitor.sticksOut(), []);
  await visitor.press('Split');
  await visitor.reads('#badge', /^Split$/);
  await visitor.press('Heal');
  await visitor.reads('#badge', /^(All agree|Fork|On its way)$/);
  await visitor.picture('tab-30');
  // To split and heal them took 900 orders, which go into the address.
  await visitor.press('Back 10 s');
  await visitor.reads('#clock-run', /^Run$/);
  await visitor.isState('alice', /searching|resting/);
  await visitor.close();
});

test('an address shows others the same story, orders included', limits, async () => {
  const visitor = await open('#seed=11&nodes=4&speed=50');
  const { page } = visitor;
  await visitor.says(/found block/);
  await visitor.press('Pause bob');
  await page.locator('#machine-node').selectOption('carol');
  await page.locator('#machine-speed').fill('20');
  await visitor.press('Set');
  await page.getByLabel('a liar is among them').check();
  await visitor.press('Add a node');
  await visitor.card('erin').waitFor();
  await visitor.press('Cut its power');
  await page.waitForFunction(() => document.querySelector('#feed').textContent.includes('mallory'));
  await visitor.press('Share');
  const { hash } = new URL(page.url());
  assert.match(hash, /^#seed=11&nodes=4&do=\d+:pause\+bob,\d+:speed\+carol\+20,\d+:liar\+on,\d+:add,\d+:crash\+carol&speed=50$/);
  const story = async (fragment) => {
    const other = await open(`${fragment}&at=600000&stopped`);
    await other.reads('#clock-time', /^10 min 0\.0 s$/);
    await other.isStill();
    const found = { tips: await tipsOn(other.page), states: await other.page.locator('.card').evaluateAll((cards) => cards.map((card) => `${card.dataset.node} ${card.dataset.state}`)) };
    await other.close();
    return found;
  };
  const [first, second] = [await story(hash), await story(hash)];
  assert.deepEqual(first, second);
  assert.equal(Object.keys(first.tips).length, 5);
  assert.ok(first.states.includes('bob paused'));
  assert.notDeepEqual(await story('#seed=12&nodes=4'), first);
  await visitor.close();
});

test('time: it stops, goes on to the next event, and goes back', limits, async () => {
  const visitor = await open('#seed=7&speed=50');
  const { page } = visitor;
  await visitor.says(/found block/);
  await visitor.press('Stop the clock');
  const stopped = await visitor.text('#clock-time');
  await visitor.press('Next event');
  await page.waitForFunction((before) => document.querySelector('#clock-time').textContent !== before, stopped);
  const height = Math.max(...Object.values(await tipsOn(page)).map((tip) => Number.parseInt(tip, 10)));
  for (let steps = 0; steps < 12; steps += 1) await visitor.press('Next event');
  await visitor.isStill();
  assert.ok(Math.max(...Object.values(await tipsOn(page)).map((tip) => Number.parseInt(tip, 10))) > height, 'a step goes on to what is worth a look');
  const before = await visitor.text('#clock-time');
  for (let times = 0; times < 20 && !(await visitor.text('#clock-time')).startsWith('0.0'); times += 1) await visitor.press('Back 1 min');
  await visitor.reads('#clock-time', /^0\.0 s$/);
  await visitor.says(/block 0|^All begin/);
  assert.notEqual(before, '0.0 s');
  await visitor.press('Run');
  await visitor.says(/found block 1/);
  await visitor.close();
});

test('an address with impossible settings is refused in words', limits, async () => {
  const visitor = await open('#seed=many');
  await visitor.says(/a seed is a whole number up to 18446744073709551615, not many/);
  await visitor.page.goto(`${server.url}#seed=1&nodes=31`);
  await visitor.says(/nodes is a whole number from 1 to 30, not 31/);
  await visitor.page.goto(`${server.url}#seed=1&do=5:explode`);
  await visitor.says(/there is no order "explode"/);
  await visitor.page.goto(`${server.url}#seed=1&at=36000000001`);
  await visitor.says(/at is a whole number from 0 to 36000000000, not 36000000001/);
  await visitor.page.goto(`${server.url}#seed=1&nodes=29&do=0:add,0:add`);
  await visitor.says(/^The network in this tab cannot be shown: a tab shows at most 30 nodes\.$/);
  for (const button of ['#clock-run', '#clock-step', '#share-world', '[data-back="10000"]']) {
    assert.ok(await visitor.page.locator(button).isDisabled(), `${button} has no network`);
  }
  await visitor.page.goto(`${server.url}#seed=1&do=500:stop+nobody`);
  await visitor.reads('#clock-words', /^It stands still: there is no node nobody\.$/);
  await visitor.press('Run');
  await visitor.page.waitForFunction(() => document.querySelector('#clock-words').textContent === '');
  await visitor.page.goto(`${server.url}#seed=-1&nodes=9999`);
  await visitor.says(/cannot be shown: a seed is a whole number up to 18446744073709551615, not -1\.$/);
  await visitor.page.goto(`${server.url}#seed=1&speed=3`);
  await visitor.isState('alice', /searching/);
  assert.equal(await visitor.page.locator('#clock-speed').inputValue(), '3');
  await visitor.close();
});

test('inside another page it is compact, loads when it is in sight, and works by keyboard and without accessibility faults', limits, async () => {
  for (const [width, colorScheme] of [[1280, 'light'], [360, 'dark']]) {
    const visitor = await open('?embed#seed=7&speed=50', { viewport: { width, height: 600 }, colorScheme });
    await visitor.says(/found block/);
    assert.ok(await visitor.page.locator('.cards-panel').isHidden());
    assert.deepEqual(await visitor.sticksOut(), []);
    await visitor.findsNoBarrier(`embedded, ${width} pixels`);
    await visitor.page.locator('#clock-run').focus();
    await visitor.page.keyboard.press('Enter');
    await visitor.reads('#clock-run', /^Run$/);
    await visitor.picture(`tab-embedded-${width}`);
    await visitor.close();
  }
  const visitor = await Visitor.open(browser, `${server.origin}/chapter.html`, PICTURES);
  await visitor.page.frameLocator('iframe').getByText(/found block/).first().waitFor();
  await visitor.close();
});

test('in a small frame the newest block is seen, and in a window of 1280 by 800 the nodes as well', limits, async () => {
  const isSeen = (visitor, selector) => visitor.page.waitForFunction((wanted) => {
    const found = [...document.querySelectorAll(wanted)].at(-1)?.getBoundingClientRect();
    return found && found.top >= 0 && found.bottom <= innerHeight && found.right <= innerWidth;
  }, selector);
  const frame = await open('?embed#seed=7&at=60000&stopped', { viewport: { width: 400, height: 300 } });
  await isSeen(frame, '.block');
  await frame.close();
  const visitor = await open('#seed=7&at=60000&stopped', { viewport: { width: 1280, height: 800 } });
  await isSeen(visitor, '.block');
  await isSeen(visitor, '.card');
  await visitor.press('Large type');
  const panels = visitor.page.locator('.panel');
  assert.deepEqual(await panels.evaluateAll((all) => all.filter((panel) => panel.scrollWidth > panel.clientWidth + 1).map(({ className }) => className)), []);
  await visitor.close();
});

test('there is no accessibility fault, and nothing sticks out, at 360 and 1280 pixels', limits, async () => {
  for (const [width, colorScheme] of [[360, 'light'], [1280, 'dark']]) {
    const visitor = await open('#seed=7&nodes=5&speed=50', { viewport: { width, height: 900 }, colorScheme });
    await visitor.says(/found block/);
    assert.deepEqual(await visitor.sticksOut(), []);
    await visitor.findsNoBarrier(`${width} pixels`);
    await visitor.picture(`tab-${width}`, { fullPage: true });
    await visitor.close();
  }
});

test('after two hundred virtual hours a network takes 75 bytes a block and a constant', limits, async () => {
  const visitor = await Visitor.open(browser, 'about:blank', PICTURES);
  const { page } = visitor;
  await watchMemory(page);
  await page.goto(`${server.url}#seed=7&nodes=3&at=720000000&speed=1000`);
  await visitor.reads('#clock-time', /^20[1-9] h/, 40_000);
  const [, height] = /block (\d+)/.exec(await visitor.text('#story'));
  const bytes = await page.evaluate(() => window.wasmBytes());
  assert.ok(height > 25_000 && bytes < 75 * height + 8_000_000, `${bytes} bytes at block ${height}`);
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  assert.ok(usedSize < 60_000_000, `the page itself holds ${usedSize} bytes`);
  // The page holds only the blocks that it shows, and asks the network for others.
  await page.locator('#go-to').fill('1');
  await page.keyboard.press('Enter');
  await page.locator('.block[data-height="1"]').waitFor();
  await visitor.close();
});

test('nodes mine for real: workers find blocks, and the page shows the rate', limits, async () => {
  const visitor = await open('#mining=18&nodes=3');
  await visitor.says(/found block \d+/, 30_000);
  await visitor.reads('#clock-words', /^The nodes mine for real: [\d.,]+( million)? hashes a second on this machine\.$/);
  assert.ok(await visitor.page.getByRole('button', { name: 'Back 10 s' }).isHidden(), 'luck cannot be had again');
  await visitor.press('Pause all');
  await visitor.reads('#pause-all', /^Resume all$/);
  const tip = await visitor.standsOn('bob');
  await visitor.page.locator(`.block[data-hash="${tip}"]`).focus();
  await visitor.page.keyboard.press('Enter');
  await visitor.reads('#verdict', /./);
  assert.match(await visitor.text('#inspect-hash'), /^0000/);
  await visitor.press('Change one bit of the nonce');
  await visitor.press('Mine it again');
  await visitor.reads('#tries', /^Found after [\d,]+ tries$/);
  await visitor.close();
});

test('messages in flight are shown, and the links can be changed', limits, async () => {
  const visitor = await open('#seed=7&speed=2');
  const { page } = visitor;
  await visitor.press('Show messages');
  await page.locator('#delay').evaluate((slider) => {
    slider.value = '3000';
    slider.dispatchEvent(new Event('change'));
  });
  await visitor.reads('#conditions-words', /^Each message is delayed by 3 s, and none is lost\. The links themselves take 1 to 60 ms\.$/);
  await visitor.mineOne('alice');
  await page.locator('#ring .dot').first().waitFor();
  await visitor.picture('tab-messages');
  await visitor.close();
});

test('a message takes as long in the simulator as the panel says', limits, async () => {
  const { Network, initSync } = await import(pathToFileURL(path.join(SITE, 'tab/cairn.js')));
  const { WAY } = await import(pathToFileURL(path.join(SITE, 'tab/tab.js')));
  initSync({ module: readFileSync(path.join(SITE, 'tab/cairn_bg.wasm')) });
  const network = Network.endless(7n, 12);
  network.showMessages(true);
  network.start();
  network.runTo(3_600_000);
  const messages = network.lines().split('\n').filter((line) => line.includes('"event":"message"'));
  const delays = messages.map((line) => JSON.parse(line).delay_ms);
  assert.ok(delays.length > 1000, `${delays.length} messages`);
  assert.deepEqual({ least: Math.min(...delays), most: Math.max(...delays) }, WAY);
});

test('one slider is moved, and the other setting keeps a value that its slider cannot show', limits, async () => {
  const visitor = await open('#seed=7&delay=12345');
  await visitor.reads('#conditions-words', /^Each message is delayed by 12\.345 s, and none is lost\./);
  await visitor.page.locator('#loss').focus();
  await visitor.page.keyboard.press('ArrowRight');
  await visitor.reads('#feed', /has new links: each message is delayed by 12\.345 s, and 1 of 100 is lost/);
  await visitor.close();
});

test('a changed block is handed to a node of the tab, which refuses it by the name of the rule', limits, async () => {
  const visitor = await open('#seed=7&speed=50');
  await visitor.says(/found block/);
  await visitor.press('Stop the clock');
  await visitor.page.locator(`.block[data-hash="${await visitor.standsOn('alice')}"]`).focus();
  await visitor.page.keyboard.press('Enter');
  await visitor.reads('#verdict', /./);
  await visitor.page.getByLabel('sender', { exact: true }).fill('7');
  await visitor.page.locator('#send-to').selectOption('bob');
  await visitor.press('Send it');
  await visitor.reads('#send-verdict', /^✗ bob refuses it: block \d+ breaks sender: sender of the reward is 7, not 0/);
  await visitor.close();
});
