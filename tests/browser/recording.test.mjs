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
  const texts = Object.fromEntries([3, 12].map((nodes) => [`/${nodes}.jsonl`, lesson(nodes).text()]));
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
