// The page on recordings, without any node.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { readRecording } from '../../src/web/page/recording.js';
import { serveFiles } from './files.mjs';
import { lesson } from './synthetic.mjs';
import { Visitor, launch } from './visitor.mjs';

const PICTURES = process.env.PICTURES ?? '../../target/browser';

const limits = { timeout: 30_000 };

let server, browser;

before(async () => {
  const texts = Object.fromEntries([2, 3, 12, 30, 59].map((nodes) => [`/${nodes}.jsonl`, lesson(nodes).text()]));
  server = await serveFiles({ ...texts, '/bad.jsonl': '{"cairn-recording":1}\n{"time_ms":true}\n' });
  browser = await launch();
}, limits);

after(async () => {
  await browser?.close();
  server?.close();
});

const open = (name, options) => Visitor.open(browser, `${server.url}/#recording=/${name}.jsonl`, PICTURES, options);

/** Drops a file on the page, as from the desktop. */
function drop(visitor, name, text) {
  return visitor.page.evaluate(([file, words]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([words], file));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, [name, text]);
}

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

test('a recording that is dropped on the page is shown, and saved again as it was told', limits, async () => {
  const visitor = await open(3);
  await visitor.reads('#legend-miners', /found by.*7000.*9000/);
  const text = lesson(12).text();
  await drop(visitor, 'homework.jsonl', text);
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

test('a recording that lies is refused with the line and what is wrong with it', limits, async () => {
  const visitor = await open('bad');
  await visitor.reads('#notice', /^The recording bad\.jsonl cannot be shown: line 2: time_ms is not a time in milliseconds\.$/);
  await drop(visitor, 'poem.txt', 'roses are red');
  await visitor.reads('#notice', /^The recording poem\.txt cannot be shown: line 1: .*this is no recording\.$/);
  await visitor.close();
});

/** The last moment of a lesson, with so many nodes and this window. */
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

test('many nodes at one tip are one pill, which opens a list of their names', limits, async () => {
  const visitor = await openEnd(30);
  const { page } = visitor;
  const pill = page.getByRole('button', { name: '28 nodes stand on block 10: show their names' });
  await pill.focus();
  await page.keyboard.press('Enter');
  await visitor.reads('#crowd-title', /^28 nodes on block 10$/);
  assert.equal(await page.locator('#crowd-list li').count(), 28);
  await visitor.reads('#crowd-list', /7000.*34000/);
  await visitor.press('Close the list');
  await page.locator('#crowd').waitFor({ state: 'hidden' });
  await visitor.close();
});

test('no barrier is found in either theme, with few nodes or many, with a block open or not', limits, async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const nodes of [3, 30]) {
      const visitor = await openEnd(nodes, { colorScheme, viewport: { width: 360, height: 740 } });
      const { page } = visitor;
      await visitor.findsNoBarrier(`${colorScheme}, ${nodes} nodes`);
      await page.locator('.block').last().click();
      await visitor.reads('#verdict', /^✓/);
      await visitor.findsNoBarrier(`${colorScheme}, a block is open`);
      assert.deepEqual(await visitor.sticksOut(), [], 'the open block fits');
      await visitor.picture(`block-360-${colorScheme}`);
      await visitor.close();
    }
  }
});

test('where the system chooses all colours, the bars of the searches are still seen', limits, async () => {
  const visitor = await openEnd(3, { forcedColors: 'active' });
  const colours = await visitor.page.evaluate(() => {
    const bar = document.querySelector('.bar');
    return [getComputedStyle(bar.querySelector('.bar-fill')).backgroundColor, getComputedStyle(document.body).backgroundColor, getComputedStyle(bar).borderTopWidth];
  });
  assert.notEqual(colours[0], colours[1]);
  assert.equal(colours[2], '1px');
  await visitor.close();
});
