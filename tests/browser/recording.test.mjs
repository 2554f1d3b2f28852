// The page on recordings, without any node.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readRecording } from '../../src/web/page/recording.js';
import { serveFiles } from './files.mjs';
import { Synthetic, lesson } from './synthetic.mjs';
import { Visitor, launch } from './visitor.mjs';

const PICTURES = process.env.PICTURES ?? '../../target/browser';

const limits = { timeout: 30_000 };

let server, browser;

before(async () => {
  const texts = Object.fromEntries([2, 3, 12, 30, 59].map((nodes) => [`/${nodes}.jsonl`, lesson(nodes).text()]));
  server = await serveFiles({ ...texts, '/hard.jsonl': lesson(2).text().replaceAll('"zero_bits":8', '"zero_bits":60'), '/bad.jsonl': '{"cairn-recording":1}\n{"time_ms":true}\n' });
  browser = await launch();
}, limits);

after(async () => {
  await browser?.close();
  server?.close();
});

const open = (name, options) => Visitor.open(browser, `${server.url}/#recording=/${name}.jsonl`, PICTURES, options);

test('a recording is opened by its address and scrubbed through from its first moment to its last', limits, async () => {
  const visitor = await open(3);
  const { page } = visitor;
  await visitor.says(/^7000, 8000 and 9000 agree on block 0\.|^All begin/);
  await visitor.reads('#source', /^recording 3\.jsonl$/);
  for (const name of ['#demo', '#pause-all', '#split', '#heal', '#replay-live', '.card button']) {
    assert.ok(await page.locator(name).first().isHidden(), `${name} is for a live network`);
  }
  await page.locator('#replay-at').focus();
  await page.keyboard.press('End');
  await visitor.says(/^7000 and 9000 found block 10 at the same moment; the next block decides\.$/);
  await page.keyboard.press('Home');
  await visitor.says(/agree on block 0|^All begin/);
  await page.locator('#replay-speed').selectOption('20');
  await visitor.press('Play');
  await visitor.says(/at the same moment/);
  await visitor.reads('#replay-run', /^Play$/);
  await visitor.close();
});

test('a recording that is dropped on the page is shown, and saved again unchanged', limits, async () => {
  const visitor = await open(3);
  await visitor.reads('#legend-miners', /found by.*7000.*9000/);
  const text = lesson(12).text();
  await visitor.drop('homework.jsonl', text);
  await visitor.reads('#legend-miners', /18000/);
  await visitor.reads('#source', /^recording homework\.jsonl$/);
  assert.equal(new URL(visitor.page.url()).hash, '');
  const [download] = await Promise.all([visitor.page.waitForEvent('download'), visitor.press('Save')]);
  assert.match(download.suggestedFilename(), /^cairn-[\dT-]+\.jsonl$/);
  const again = readRecording(await readFile(await download.path(), 'utf8'));
  const events = (changes) => changes.filter(({ type }) => type === 'event').map(({ at, id, event }) => [at, id, event.event, event.hash]);
  assert.deepEqual(events(again), events(readRecording(text)));
  await visitor.close();
});

test('a recording that ended when its file was full says so', limits, async () => {
  const visitor = await open(3);
  await visitor.drop('long.jsonl', `${lesson(2).text()}{"time_ms":1763644099000,"change":"end","why":"full"}\n`);
  await visitor.reads('#source', /^recording long\.jsonl, which ends when its file was full$/);
  await visitor.close();
});

test('a recording that lies is refused with the line and what is wrong with it', limits, async () => {
  const visitor = await open('bad');
  await visitor.says(/^The recording bad\.jsonl cannot be shown: line 2: time_ms is not a time in milliseconds\.$/);
  await visitor.drop('poem.txt', 'roses are red');
  await visitor.says(/^The recording poem\.txt cannot be shown: line 1: .*this is not a recording\.$/);
  await visitor.close();
});

test('the reason why a recording cannot be shown stays at the top until another one is shown', limits, async () => {
  const visitor = await open('bad');
  await visitor.says(/^The recording bad\.jsonl cannot be shown: line 2: time_ms is not a time in milliseconds\.$/);
  await visitor.reads('#badge', /^Not shown$/);
  assert.equal(await visitor.text('#source'), '');
  await visitor.drop('empty.jsonl', '{"cairn-recording":1}\n');
  await visitor.says(/^The recording empty\.jsonl cannot be shown: it has no nodes\.$/);
  await visitor.drop('good.jsonl', lesson(3).text());
  await visitor.says(/agree on block 0|^All begin/);
  await visitor.close();
});

test('changes of a recording that come too late do not appear in the next one', limits, async () => {
  const visitor = await Visitor.open(browser, `${server.url}/#recording=/3.jsonl`, PICTURES);
  const { page } = visitor;
  await visitor.reads('#source', /^recording 3\.jsonl$/);
  let answer;
  await page.route('**/late.jsonl', (route) => (answer = () => route.fulfill({ status: 200, body: 'no recording' })));
  await page.evaluate(() => (location.hash = '#recording=/late.jsonl'));
  await visitor.reads('#source', /^opening recording late\.jsonl/);
  await visitor.drop('other.jsonl', lesson(12).text());
  await visitor.reads('#source', /^recording other\.jsonl$/);
  await Promise.all([page.waitForResponse('**/late.jsonl'), answer()]);
  await visitor.reads('#badge', /^All agree$/);
  assert.ok(await page.locator('#notice').isHidden(), await visitor.text('#notice'));
  await visitor.close();
});

test('another recording with the same names is another recording', limits, async () => {
  const visitor = await openEnd(3);
  await visitor.page.locator('.block').last().click();
  await visitor.reads('#verdict', /^✓/);
  await visitor.drop('other.jsonl', lesson(3).text().replaceAll('127.0.0.1:', '10.0.0.1:'));
  await visitor.reads('#source', /^recording other\.jsonl$/);
  await visitor.page.locator('#inspect').waitFor({ state: 'hidden' });
  await visitor.isState(9000, /^searching$/);
  await visitor.close();
});

test('names of any length and blocks of any bytes are shown, and nothing sticks out', limits, async () => {
  const names = ['W'.repeat(1000), `crowd ${'a'.repeat(64)}`, '<img src=x onerror=alert(1)>', 'a b '.repeat(200)];
  const line = (fields) => `${JSON.stringify(fields)}\n`;
  const text = line({ 'cairn-recording': 1 })
    + names.map((name) => line({ time_ms: 0, change: 'node', node: name, name, zero_bits: 256 })).join('')
    + line({ time_ms: 1, change: 'block', hash: 'a'.repeat(64), height: 1, miner: names[0], bytes: '4b00' })
    + names.map((node, index) => line({ time_ms: 2, change: 'status', node, tip: 'a'.repeat(64), height: 1, paused: index > 2 })).join('')
    + line({ time_ms: 3, change: 'refused', node: names[0], refused: names.slice(1) });
  const visitor = await open(3, { viewport: { width: 360, height: 740 } });
  await visitor.reads('#source', /^recording 3/);
  await visitor.drop('names.jsonl', text);
  await visitor.reads('#source', /^recording names/);
  await visitor.page.locator('#replay-at').press('End');
  await visitor.reads('#badge', /^Split$/);
  assert.deepEqual(await visitor.sticksOut(), []);
  await visitor.page.locator('.block.fixed').waitFor();
  assert.equal(await visitor.page.locator('img').count(), 1, 'the mark of the page alone');
  await visitor.close();
});

test('a recording is opened by keyboard as well', limits, async () => {
  const visitor = await open(3);
  // Wait for it early, as the browser needs a moment before it leaves the choice to a test.
  const chooser = visitor.page.waitForEvent('filechooser');
  await visitor.reads('#source', /^recording 3/);
  await visitor.page.locator('#open').press('Enter');
  await (await chooser).setFiles({ name: 'homework.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(lesson(12).text()) });
  await visitor.reads('#source', /^recording homework\.jsonl$/);
  await visitor.close();
});

test('a browser that stores nothing for the page still shows it', limits, async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    const refuse = { get: () => { throw new DOMException('not here', 'SecurityError'); } };
    Object.defineProperties(window, { localStorage: refuse, sessionStorage: refuse });
  });
  const visitor = new Visitor(await context.newPage(), PICTURES);
  await visitor.page.goto(`${server.url}/#recording=/3.jsonl`);
  await visitor.reads('#source', /^recording 3\.jsonl$/);
  await visitor.press('Large type');
  assert.equal(await visitor.page.locator('#large').getAttribute('aria-pressed'), 'true');
  await visitor.close();
});

/** The last moment of a lesson with this number of nodes. */
async function openEnd(nodes, options) {
  const visitor = await open(nodes, options);
  await visitor.reads('#source', /^recording/);
  await visitor.page.locator('#replay-at').focus();
  await visitor.page.keyboard.press('End');
  await visitor.reads('#badge', /^Fork$/);
  return visitor;
}

const HEIGHTS = { 360: 740, 768: 1024, 1280: 800, 1920: 1080 };

for (const nodes of [2, 3, 12, 30, 59]) {
  test(`${nodes} nodes: at 360, 768, 1280 and 1920 px nothing sticks out and the blocks have room`, limits, async () => {
    const visitor = await openEnd(nodes);
    for (const [width, height] of Object.entries(HEIGHTS)) {
      await visitor.page.setViewportSize({ width: Number(width), height });
      await visitor.isStill();
      assert.deepEqual(await visitor.sticksOut(), [], `${width} px`);
      const { box, blocks, tall } = await visitor.page.evaluate(() => {
        const rect = (element) => element.getBoundingClientRect();
        const tree = rect(document.querySelector('#tree-box'));
        const inSight = [...document.querySelectorAll('.block')].filter((block) => rect(block).left >= tree.left && rect(block).right <= tree.right);
        return { box: tree.toJSON(), blocks: inSight.length, tall: document.documentElement.scrollHeight };
      });
      assert.ok(blocks >= (width > 1000 ? 6 : 2), `${width} px: ${blocks} blocks in sight, in ${box.width} px`);
      assert.ok(tall <= 2400, `${width} px: the page is ${tall} px long`);
      if (width > 1000) assert.ok(box.height > HEIGHTS[width] * 0.23, `${width} px: the tree uses ${box.height} px`);
      await visitor.picture(`nodes-${nodes}-${width}`, { fullPage: true });
    }
    await visitor.close();
  });
}

test('a chain of a million blocks is shown at its tip, far back, and at its tip again', limits, async () => {
  const visitor = await open(3);
  const { page } = visitor;
  await visitor.reads('#source', /^recording 3/);
  const hash = (height) => height.toString(16).padStart(64, '0');
  const heights = [0, ...Array.from({ length: 30 }, (_, index) => 1_000_000 + index)];
  const block = (height) => ({ time_ms: 1, change: 'block', hash: hash(height), height, previous: height > 0 ? hash(height - 1) : null, miner: 'a' });
  const lines = [{ 'cairn-recording': 1 }, { time_ms: 0, change: 'node', node: 'a', name: 'a' }, ...heights.map(block),
    { time_ms: 2, change: 'status', node: 'a', tip: hash(1_000_029), height: 1_000_029, paused: false }];
  await visitor.drop('long.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await page.locator('#replay-at').press('End');
  await visitor.says(/block 1000029/);
  const isInSight = (height) => page.waitForFunction((wanted) => {
    const box = document.querySelector('#tree-box').getBoundingClientRect();
    const found = document.querySelector(`.block[data-height="${wanted}"]`)?.getBoundingClientRect();
    return found && found.left >= box.left && found.right <= box.right;
  }, height);
  await isInSight(1_000_029);
  await page.locator('#go-to').fill('0');
  await page.keyboard.press('Enter');
  await isInSight(0);
  await page.locator('#tree-box').evaluate((box) => (box.scrollLeft = box.scrollWidth));
  await page.waitForFunction(() => document.querySelector('#tree-box').scrollLeft < document.querySelector('#tree-box').scrollWidth * 0.6);
  await visitor.press('To the tip');
  await isInSight(1_000_029);
  await page.locator('#go-to').fill('1000005');
  await page.keyboard.press('Enter');
  await isInSight(1_000_005);
  await visitor.close();
});

test('a race between fifty nodes: the box shows a part, and the keyboard reaches the rest', limits, async () => {
  const visitor = await open(3, { viewport: { width: 1280, height: 800 } });
  await visitor.reads('#source', /^recording 3/);
  const { page } = visitor;
  const tale = new Synthetic(50);
  for (const name of tale.names) tale.find(name).wait(-1450);
  await visitor.drop('race.jsonl', tale.find(tale.names[30], tale.names.slice(20)).text());
  await visitor.reads('#source', /^recording race/);
  await page.locator('#replay-at').press('End');
  await visitor.reads('#feed', /37000 found block 2/);
  await visitor.isStill();
  const isInSight = (hash) => page.waitForFunction((wanted) => {
    const box = document.querySelector('#tree-box').getBoundingClientRect();
    const found = document.querySelector(`.block[data-hash="${wanted}"]`)?.getBoundingClientRect();
    return found && found.top >= box.top && found.bottom <= box.bottom && box.bottom <= innerHeight;
  }, hash);
  await isInSight(tale.hashAt('37000', 2));
  await page.locator(`.block[data-hash="${tale.hashAt('37000', 1)}"]`).focus();
  for (let steps = 0; steps < 50; steps += 1) await page.keyboard.press('ArrowUp');
  await isInSight(await page.evaluate(() => document.activeElement.dataset.hash));
  assert.equal(await page.locator('#tree-box').evaluate((box) => box.scrollTop < 100), true);
  await visitor.close();
});

test('many nodes at one tip are one pill, which opens a list of their names', limits, async () => {
  const visitor = await openEnd(30);
  const { page } = visitor;
  const pill = page.getByRole('button', { name: '28 nodes on block 10: show their names' });
  await pill.focus();
  await page.keyboard.press('Enter');
  await visitor.reads('#crowd-title', /^28 nodes on block 10$/);
  assert.equal(await page.locator('#crowd-list li').count(), 28);
  await visitor.reads('#crowd-list', /7000.*34000/);
  await visitor.press('Close the list');
  await page.locator('#crowd').waitFor({ state: 'hidden' });
  assert.ok(await pill.evaluate((element) => element === document.activeElement), 'the keyboard is where it was');
  await visitor.close();
});

test('the list of a pill names the current block of its nodes', limits, async () => {
  const visitor = await open(30);
  const { page } = visitor;
  await visitor.reads('#source', /^recording/);
  for (const height of [0, 1]) {
    const pill = page.getByRole('button', { name: `30 nodes on block ${height}: show their names` });
    for (let steps = 0; steps < 10 && (await pill.count()) === 0; steps += 1) {
      await page.locator('#replay-at').press('ArrowRight');
      await visitor.isStill();
    }
    await pill.press('Enter');
    await visitor.reads('#crowd-title', new RegExp(`^30 nodes on block ${height}$`));
    await visitor.press('Close the list');
  }
  await visitor.close();
});

test('a recording shows the messages in flight at each moment', limits, async () => {
  for (const nodes of [3, 12, 30, 59]) {
    const visitor = await openEnd(nodes, { colorScheme: nodes === 12 ? 'dark' : 'light' });
    const { page } = visitor;
    await visitor.press('Show messages');
    assert.equal(await page.locator('#ring .at').count(), nodes);
    assert.equal(await page.locator('#ring text').count(), nodes > 16 ? 0 : nodes);
    // The last block that all took over was announced seconds before the end.
    await page.locator('#replay-at').focus();
    const seen = () => page.locator('#ring .dot').count();
    for (let steps = 0; steps < 40 && (await seen()) < Math.ceil(nodes / 2); steps += 1) await page.keyboard.press('ArrowLeft');
    assert.ok((await seen()) >= Math.ceil(nodes / 2), `${await seen()} messages`);
    assert.match(await visitor.text('#ring-said'), /^\d+ messages? on the way/);
    await visitor.findsNoBarrier(`messages between ${nodes} nodes`);
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: HEIGHTS[width] });
      await visitor.isStill();
      assert.deepEqual(await visitor.sticksOut(), [], `${width} px`);
      await page.locator('#ring-panel').screenshot({ path: `${PICTURES}/messages-${nodes}-${width}.png` });
    }
    await visitor.close();
  }
});

/** The verdicts on a block and those after it in the open dialog. */
const links = (visitor) => visitor.page.locator('#links li span').allInnerTexts();

test('tampering: a changed field breaks the block and all after it, and mining it again does not mend the next link', limits, async () => {
  const visitor = await openEnd(3);
  const { page } = visitor;
  const block = page.locator('.block[data-height="5"]');
  const hash = await block.getAttribute('data-hash');
  await block.click();
  await visitor.reads('#verdict', /^✓ Your browser hashed these bytes and finds the same hash/);
  assert.equal(new URL(page.url()).hash, `#recording=/3.jsonl&block=${hash}`);
  assert.deepEqual(await links(visitor), Array(6).fill('✓ valid'));

  await page.getByLabel('timestamp').fill('1');
  await visitor.reads('#verdict', /^✗ Block 5 breaks (proof-of-work: hash|timestamp: timestamp 1 is before)/);
  assert.match((await links(visitor))[1], /^✗ previous-hash: previous hash is [0-9a-f]{64}, not [0-9a-f]{64}$/);
  assert.equal((await links(visitor)).at(-1), '✗ builds on block 5, which is invalid');
  await visitor.press('Mine it again');
  await visitor.reads('#tries', /^Found after [\d,]+ tries$/);
  await visitor.reads('#verdict', /^✗ Block 5 breaks timestamp: timestamp 1 is before \d+, the median before it\./);

  await visitor.press('Undo all changes');
  assert.deepEqual(await links(visitor), Array(6).fill('✓ valid'));
  await page.getByLabel('nonce').fill('0xffffffffffffffff0000000000');
  await visitor.press('Mine it again');
  await visitor.reads('#verdict', /^✓ Block 5 is valid again, with \d+ zero bits\. .* block 6 still names the old one: the next link is broken\.$/);
  assert.deepEqual((await links(visitor)).slice(2), Array(4).fill('✗ builds on block 6, which is invalid'));
  await visitor.picture('tamper', { fullPage: true });
  await visitor.press('Link block 6 and mine it again');
  await visitor.reads('#links li[data-height="6"] span', /^✓ valid$/);
  assert.match((await links(visitor))[2], /^✗ previous-hash/);
  await visitor.close();
});

test('tampering: single bits can be pressed, and a value that does not fit a field is refused in words', limits, async () => {
  const visitor = await openEnd(3);
  const { page } = visitor;
  await page.locator('.block[data-height="1"]').focus();
  await page.keyboard.press('Enter');
  await visitor.reads('#verdict', /^✓/);
  await page.getByLabel('Byte', { exact: true }).fill('74');
  await page.getByRole('button', { name: '0: bit 0 of byte 74' }).click();
  await visitor.reads('#verdict', /^✓ The bytes are different and the hash is the same: it does not cover what you changed/);
  await page.getByLabel('Byte', { exact: true }).fill('0');
  await page.getByRole('button', { name: '1: bit 0 of byte 0' }).click();
  await visitor.reads('#verdict', /^✗ Block 1 breaks size: size is 74, not 75\./);
  await page.getByLabel('sender').fill('70000');
  await visitor.reads('.swatch:nth-child(7) .wrong', /^the sender is a number from 0 to 65535/);
  await visitor.close();
});

test('tampering: a search that takes too long can be stopped, and shows its tries', limits, async () => {
  const visitor = await Visitor.open(browser, `${server.url}/#recording=/hard.jsonl`, PICTURES);
  await visitor.page.locator('#replay-at').focus();
  await visitor.page.keyboard.press('End');
  await visitor.page.locator('.block[data-height="3"]').click();
  await visitor.reads('#verdict', /^✗ Block 3 breaks proof-of-work: .* of 60 zero bits\.$/);
  await visitor.press('Mine it again');
  await visitor.reads('#tries', /^Searching: \d+,000 tries$/);
  await visitor.press('Stop the search');
  await visitor.reads('#tries', /^Stopped after \d+,000 tries$/);
  await visitor.page.locator('#mine-stop').waitFor({ state: 'hidden' });
  await visitor.close();
});

test('no accessibility fault in either theme, with few nodes or many, with a block open or not', limits, async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const nodes of [3, 30]) {
      const visitor = await openEnd(nodes, { colorScheme, viewport: { width: 360, height: 740 } });
      const { page } = visitor;
      await visitor.findsNoBarrier(`${colorScheme}, ${nodes} nodes`);
      await page.locator('.block').last().click();
      await visitor.reads('#verdict', /^✓/);
      await visitor.findsNoBarrier(`${colorScheme}, a block is open`);
      await visitor.press('Change one bit of the nonce');
      await visitor.reads('#verdict', /^✗/);
      assert.deepEqual(await visitor.sticksOut(), [], 'the open block fits');
      const beyond = await page.locator('#inspect').evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth);
      assert.equal(beyond, 0, 'and no word of it is cut off');
      await visitor.picture(`block-360-${colorScheme}`);
      await visitor.close();
    }
  }
});

test('if the system chooses all colours, the bars of the searches stay visible', limits, async () => {
  const visitor = await openEnd(3, { forcedColors: 'active' });
  const colours = await visitor.page.evaluate(() => {
    const bar = document.querySelector('.bar');
    return [getComputedStyle(bar.querySelector('.bar-fill')).backgroundColor, getComputedStyle(document.body).backgroundColor, getComputedStyle(bar).borderTopWidth];
  });
  assert.notEqual(colours[0], colours[1]);
  assert.equal(colours[2], '1px');
  await visitor.close();
});
