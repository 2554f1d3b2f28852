// The page against three real nodes; each step is checked by the words on the page.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Nodes } from './network.mjs';
import { Synthetic } from './synthetic.mjs';
import { Visitor, launch } from './visitor.mjs';

const PROGRAM = process.env.CAIRN ?? '../../target/debug/cairn';
const PICTURES = process.env.PICTURES ?? '../../target/browser';

/** The longest that a scenario may take. */
const limits = { timeout: 45_000 };

let nodes, browser, visitor, a, b, c;

before(async () => {
  nodes = await Nodes.start(PROGRAM);
  [a, b, c] = nodes.ports;
  browser = await launch();
  visitor = await Visitor.open(browser, nodes.url(a), PICTURES);
}, limits);

after(async () => {
  await visitor?.close().finally(() => browser.close());
  await nodes?.stop();
  await browser?.close();
});

/** Pauses all nodes and lets them agree, so that only the test causes what follows. */
async function settle() {
  const button = visitor.page.locator('#pause-all');
  // Before the page knows the nodes it shows none of them.
  await visitor.page.locator('#pause-all:enabled').waitFor();
  if ((await button.innerText()) === 'Pause all') await button.click();
  for (const port of nodes.ports) await visitor.isState(port, /^paused$/);
  if ((await visitor.reads('#badge', /^(All agree|Fork)$/)) === 'Fork') await visitor.mineOne(a);
  await visitor.reads('#badge', /^All agree$/);
  return visitor.restsBesideOneBlock(nodes.ports);
}

test('agreement: all nodes are found, search, and get the same tip', limits, async () => {
  await visitor.says(/found block \d+; .* took it over\.|agree on block \d+\./);
  for (const port of nodes.ports) {
    await visitor.reads(`.card[data-node="${port}"] .rate`, /[\d,k]+ tries a second/);
    await visitor.reads(`.card[data-node="${port}"] .tries`, /[\d,]+ tries so far/);
  }
  await visitor.reads('#badge', /^All agree$/);
  await visitor.restsBesideOneBlock(nodes.ports);
  await visitor.picture('1-agreement');
});

test('adoption: one node mines one block, and the others take it over', limits, async () => {
  const height = await settle();
  await visitor.mineOne(b);
  await visitor.says(new RegExp(`^${b} found block ${height + 1}; ${a} and ${c} took it over\\.$`));
  assert.equal(await visitor.restsBesideOneBlock(nodes.ports), height + 1);
  await visitor.reads('#feed', new RegExp(`${c} took over block ${height + 1} from ${b} – it is valid and longer`));
  const block = visitor.page.locator(`.block[data-hash="${await visitor.standsOn(a)}"]`);
  assert.match(await block.getAttribute('aria-label'), new RegExp(`^#${height + 1} ${b}, who mined it; 3 of 3 nodes`));
  await visitor.picture('2-adoption');
});

test('bytes: the keyboard opens a block, its hash is verified, and one bit breaks it', limits, async () => {
  const { page } = visitor;
  const newest = page.locator(`.block[data-hash="${await visitor.standsOn(a)}"]`);
  await newest.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await visitor.reads('#verdict', /^✓ Your browser hashed these bytes and finds the same hash: \d+ zero bits/);
  assert.equal((await visitor.text('#hex')).replace(/\s/g, '').length, 150);
  assert.equal((await visitor.text('#twice')).trim(), (await visitor.text('#inspect-hash')).trim());
  assert.equal(await page.getByLabel('receiver', { exact: true }).inputValue(), String(b));
  await visitor.picture('3-bytes');
  await visitor.press('Change one bit of the nonce');
  await visitor.reads('#verdict', /^✗ Block \d+ breaks proof-of-work: hash [0-9a-f]{64} has \d+ of 16 zero bits\. No node takes it/);
  await page.keyboard.press('Escape');
  await page.locator('#inspect').waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => document.activeElement.dataset.hash), await visitor.standsOn(a));
});

test('partition: a node is dragged to the other side and goes on alone', limits, async () => {
  const { page } = visitor;
  const height = await settle();
  const token = page.locator(`.token[data-node="${c}"]`);
  await token.scrollIntoViewIfNeeded();
  const [from, to] = [await token.boundingBox(), await page.locator('#side-b').boundingBox()];
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 8 });
  await page.mouse.up();
  await visitor.says(new RegExp(`^The network is split: ${a} and ${b} on one side, ${c} on the other\\.$`));
  await visitor.reads('#badge', /^Split$/);
  await visitor.mineOne(c);
  await visitor.says(new RegExp(`^${c} found block ${height + 1}, and ${a} and ${b} do not hear of it`));
  await visitor.mineOne(a);
  await visitor.reads('#detail', new RegExp(`${a} and ${b} are at block ${height + 1}, ${c} is at block ${height + 1}`));
  await visitor.restsBesideOneBlock([a, b]);
  await visitor.picture('4-partition');
});

test('race: after the heal both chains have the same length, and the next block decides', limits, async () => {
  await visitor.press('Heal');
  await visitor.reads('#badge', /^Fork$/);
  await visitor.says(new RegExp(`^${a} and ${c} each found block \\d+ during the split; the next block decides\\.$`));
  await visitor.reads('#detail', new RegExp(`${a} and ${b} on the one by ${a}, ${c} on the one by ${c}`));
  await visitor.picture('5-race');
});

test('reorganisation: the longer chain wins, the other is left as a ghost', limits, async () => {
  const loser = await visitor.standsOn(a);
  await visitor.mineOne(c);
  await visitor.says(new RegExp(`^The race is over: ${c} found block \\d+, and ${a} and ${b} gave up 1 block for the longer chain\\.$`));
  await visitor.restsBesideOneBlock(nodes.ports);
  await visitor.page.locator(`.block.ghost[data-hash="${loser}"]`).waitFor();
  await visitor.reads('#feed', /gave way: a reorganisation/);
  await visitor.picture('6-reorganisation');
});

test('race: two find a block at the same moment, without any split', limits, async () => {
  const { page } = visitor;
  await visitor.listen();
  const isRace = ({ words }) => /^Fork \|.* \d+ and \d+ found block \d+ at the same moment; the next block decides\./.test(words);
  // Mostly both find a block before they hear of the other's; if not, they try again.
  for (let tries = 0; tries < 16 && !(await visitor.heard()).some(isRace); tries += 1) {
    const height = await settle();
    await page.evaluate((ports) => {
      for (const port of ports) document.querySelector(`[aria-label="Mine one block with ${port}"]`).click();
    }, [a, b]);
    for (const port of nodes.ports) await visitor.reads(`.card[data-node="${port}"] .tip`, new RegExp(`on block (${height + 1}|${height + 2}) `));
  }
  assert.ok((await visitor.heard()).some(isRace), JSON.stringify(await visitor.heard(), null, 1));
  await visitor.reads('#badge', /^(Fork|All agree)$/);
  await visitor.picture('7-same-moment');
});

test('the button splits as well, and the keyboard moves a node', limits, async () => {
  const { page } = visitor;
  await settle();
  await visitor.press('Split');
  await visitor.says(new RegExp(`^The network is split: ${a} on one side, ${b} and ${c} on the other\\.$`));
  await visitor.press('Heal');
  await visitor.reads('#badge', /^All agree$/);
  await page.locator(`.token[data-node="${b}"]`).focus();
  await page.keyboard.press('Enter');
  await visitor.reads('#badge', /^Split$/);
  await page.locator(`#side-b .token[data-node="${b}"]`).waitFor();
  await visitor.press('Heal');
  await visitor.says(/^The split is healed/);
  // The first node too stays where it was put, and the others stay where they are.
  await page.locator(`.token[data-node="${a}"]`).focus();
  await page.keyboard.press('Enter');
  await visitor.says(new RegExp(`^The network is split: ${a} on one side, ${b} and ${c} on the other\\.$`));
  await page.locator(`#side-b .token[data-node="${a}"]`).waitFor();
  assert.equal(await page.locator('#side-a .token').count(), 2);
  await visitor.press('Heal');
  await visitor.says(/^The split is healed/);
});

test('demo: a fork, a race and a reorganisation are seen within 20 seconds', limits, async () => {
  await visitor.press('Resume all');
  await visitor.isState(a, /searching|resting/);
  await visitor.listen();
  await visitor.press('Demo: fork');
  await visitor.reads('#demo', /^Stop the demo$/);
  await visitor.reads('#demo', /^Demo: fork$/, 30_000);
  const heard = await visitor.heard();
  const patterns = [/^Split \|/, /^Split \|.* \d+ found block \d+, and .* not hear of it/, /^Fork \| .*the next block decides/, /\| The race is over: \d+ found block/];
  let from = 0;
  for (const pattern of patterns) {
    const index = heard.findIndex(({ words }, place) => place >= from && pattern.test(words));
    assert.ok(index >= 0, `${pattern} was not said, or too early: ${JSON.stringify(heard, null, 1)}`);
    from = index;
  }
  const seconds = (heard[from].at - heard[0].at) / 1000;
  assert.ok(seconds < 20, `it took ${seconds} s`);
  await visitor.isState(c, /searching|resting/);
});

test('a demo that is stopped leaves the network as it was', limits, async () => {
  await visitor.press('Demo: fork');
  await visitor.reads('#badge', /^Split$/);
  await visitor.press('Stop the demo');
  await visitor.reads('#demo', /^Demo: fork$/);
  await visitor.reads('#badge', /^(All agree|Fork|On its way)$/);
  for (const port of nodes.ports) await visitor.isState(port, /searching|resting/);
});

/** Goes through a demo by hand; `look(step, words)` is called at the end of each step. */
async function stepThrough(name, look = async () => {}) {
  const { page } = visitor;
  await page.getByLabel('Choose a demo').selectOption({ label: name });
  await visitor.reads('#demo', new RegExp(`^Demo: ${name}$`));
  await visitor.press('Step by step');
  for (let step = 1; ; step += 1) {
    const words = await visitor.reads('#demo-step', new RegExp(`^(Step ${step} of|All search again)`));
    if (words.startsWith('All')) break;
    await page.locator('#demo-next:enabled').waitFor();
    await look(step, words);
    await page.locator('#demo-next').click();
  }
  await visitor.reads('#demo', new RegExp(`^Demo: ${name}$`));
}

test('demo by hand: Next goes on when it is pressed, and Back shows how it was', limits, async () => {
  const { page } = visitor;
  const badges = {};
  await stepThrough('partition healed', async (step) => {
    badges[step] = await visitor.text('#badge');
    // An earlier move by hand does not count any more.
    if (step === 2) await page.locator(`#side-a .token[data-node="${a}"]`).waitFor();
    if (step !== 4) return;
    await visitor.press('Back');
    await visitor.reads('#demo-step', /^Step 3 of 5\. One half finds a block\. As it was then\.$/);
    await visitor.reads('#story', new RegExp(`${a} found block \\d+, and ${b} and ${c} do not hear of it`));
    await visitor.press('Back');
    await visitor.press('Back');
    await visitor.reads('#badge', /^All agree$/);
    assert.ok(await page.locator('#demo-back').isDisabled());
    for (let presses = 0; presses < 3; presses += 1) await visitor.press('Next');
    await visitor.reads('#demo-step', /^Step 4 of 5/);
    await visitor.reads('#replay-when', /^live$/);
    await visitor.reads('#story', new RegExp(`${c} found block \\d+, and ${a} does not hear of it`));
    await visitor.picture('13-demo-by-hand');
  });
  assert.deepEqual(badges, { 1: 'All agree', 2: 'Split', 3: 'Split', 4: 'Split', 5: 'All agree' });
  await visitor.isState(a, /searching|resting/);
});

test('demo: a race is decided', limits, async () => {
  await visitor.listen();
  await stepThrough('race decided', async (step) => {
    if (step === 2) await visitor.reads('#badge', /^Fork$/);
  });
  await visitor.hasHeard(/\| The race is over: \d+ found block/);
});

test('demo: three blocks are rewritten', limits, async () => {
  await stepThrough('three blocks rewritten');
  await visitor.reads('#feed', /so 3 blocks of its own gave way: a reorganisation/);
});

test('demo: a node starts late', limits, async () => {
  await stepThrough('node that starts late', async (step, words) => {
    if (step === 3) assert.match(words, /others find five blocks/);
  });
  await visitor.reads('#feed', new RegExp(`${c} took over block \\d+ from \\d+ – it is valid and longer`));
});

test('large type: letters and drawing grow, nothing sticks out, and it is remembered', limits, async () => {
  const { page } = visitor;
  const size = () => page.evaluate(() => [parseFloat(getComputedStyle(document.querySelector('#sentence')).fontSize), document.querySelector('.block').getBoundingClientRect().height]);
  const [letters, block] = await size();
  await visitor.press('Large type');
  await page.waitForFunction((before) => document.querySelector('.block').getBoundingClientRect().height > before * 1.3, block);
  assert.ok((await size())[0] > letters * 1.4);
  assert.deepEqual(await visitor.sticksOut(), []);
  await visitor.findsNoBarrier('large type');
  await visitor.picture('14-large-type');
  await page.reload();
  await page.locator('#large[aria-pressed="true"]').waitFor();
  await visitor.press('Large type');
  await page.locator('#large[aria-pressed="false"]').waitFor();
  await visitor.reads('#badge', /^(All agree|On its way|Fork)$/);
});

test('replay: an earlier moment is shown, and the way back to live', limits, async () => {
  const { page } = visitor;
  const slider = page.locator('#replay-at');
  await slider.focus();
  await page.keyboard.press('PageDown');
  await visitor.reads('#replay-when', /ago$/);
  assert.ok(await page.locator('#pause-all').isDisabled());
  await visitor.picture('8-replay');
  await page.locator('#replay-speed').selectOption('20');
  await visitor.press('Run');
  await visitor.reads('#replay-when', /^live$/);
  assert.ok(await page.locator('#pause-all').isEnabled());
});

test('what happened live is saved, shown again from the file, and left for the live network', limits, async () => {
  await settle();
  const { page } = visitor;
  const [sentence, tip] = [await visitor.text('#sentence'), await visitor.standsOn(a)];
  const [download] = await Promise.all([page.waitForEvent('download'), visitor.press('Save')]);
  await visitor.drop('lesson.jsonl', await readFile(await download.path(), 'utf8'));
  await visitor.reads('#source', /^recording lesson\.jsonl$/);
  await page.locator('#replay-at').focus();
  await page.keyboard.press('End');
  await page.waitForFunction((words) => document.querySelector('#sentence').textContent === words, sentence);
  assert.equal(await visitor.standsOn(a), tip);
  // A saved block has its bytes, so it can be opened without the network.
  await page.locator(`.block[data-hash="${tip}"]`).click();
  await visitor.reads('#verdict', /^✓/);
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Leave the recording' }).click();
  await visitor.reads('#badge', /^All agree$/);
  await page.locator('#pause-all').waitFor();
});

test('a node is killed, and comes back by itself', limits, async () => {
  await settle();
  const block = await visitor.standsOn(a);
  await nodes.kill(b);
  await visitor.says(new RegExp(`^${b} is gone\\. ${a} and ${c} go on without it\\.$`));
  await visitor.isState(b, /^gone$/);
  await visitor.picture('9-gone');
  await visitor.listen();
  await nodes.run(b);
  await visitor.hasHeard(new RegExp(`\\| ${b} is back`));
  await visitor.reads('#badge', /^All agree$/);
  await visitor.restsBesideOneBlock(nodes.ports);
  await visitor.reads('#feed', new RegExp(`${b} is back`));
  await visitor.page.locator(`.block[data-hash="${block}"][data-standing="3"]`).waitFor();
  await visitor.picture('10-back');
});

test('the page outlives the node that it came from', limits, async () => {
  await settle();
  await nodes.kill(a);
  await visitor.says(new RegExp(`^${a} is gone`));
  await visitor.mineOne(c);
  await visitor.says(new RegExp(`^${c} found block \\d+; ${b} took it over\\.$`));
  await nodes.run(a);
  await visitor.reads('#badge', /^All agree$/);
  await visitor.restsBesideOneBlock(nodes.ports);
});

test('narrow, dark, without motion, and from another node', limits, async () => {
  const options = { viewport: { width: 360, height: 740 }, colorScheme: 'dark', reducedMotion: 'reduce' };
  const other = await Visitor.open(browser, nodes.url(c), PICTURES, options);
  await other.reads('#badge', /^All agree$/);
  await other.restsBesideOneBlock(nodes.ports);
  assert.deepEqual(await other.sticksOut(), [], 'what sticks out at the side');
  const motion = await other.page.evaluate(() => getComputedStyle(document.querySelector('.bar-fill')).transitionDuration);
  assert.equal(motion, '0s');
  await other.findsNoBarrier('narrow and dark');
  await other.picture('11-narrow-dark', { fullPage: true });
  await other.close();
});

test('the whole chain: back to the genesis block, to a height, to a hash, and to the tip again', limits, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'cairn-page-'));
  const long = new Synthetic(1);
  for (let height = 1; height <= 300; height += 1) long.find('7000');
  const flags = (port) => {
    const file = path.join(folder, `${port}.chain`);
    writeFileSync(file, long.chain('7000'));
    return ['--zero-bits', '8', '--data', file];
  };
  const pair = await Nodes.start(PROGRAM, { count: 2, flags });
  const [first] = pair.ports;
  const reader = await Visitor.open(browser, pair.url(first), PICTURES);
  const { page } = reader;
  try {
    await page.locator('.block[data-height="300"]').waitFor();
    await reader.press('Pause all');
    for (const port of pair.ports) await reader.isState(port, /^paused$/);
    await page.locator('.block').last().focus();
    await page.keyboard.press('Home');
    const genesis = page.locator('.block[data-height="0"]');
    await genesis.waitFor();
    assert.match(await genesis.getAttribute('aria-label'), /^#0 genesis block.*2 of 2 nodes have it in their chain/);
    // A longer headline may push the whole drawing down; inside the drawing the block stays.
    const place = async () => {
      const [block, box] = await Promise.all([genesis.boundingBox(), page.locator('#tree-box').boundingBox()]);
      return { x: block.x - box.x, y: block.y - box.y };
    };
    const before = await place();
    const [, height] = /block (\d+)/.exec(await reader.text(`.card[data-node="${first}"] .tip`));
    await reader.mineOne(first);
    await reader.reads(`.card[data-node="${first}"] .tip`, new RegExp(`on block (${+height + 1}|${+height + 2}) `));
    assert.deepEqual(await place(), before, 'a growing chain leaves the view where it is');
    await page.locator('#go-to').fill('150');
    await page.keyboard.press('Enter');
    await page.locator('.block[data-height="150"]').waitFor();
    await page.locator('#go-to').fill(long.hashAt('7000', 42));
    await page.keyboard.press('Enter');
    await page.locator(`.block[data-hash="${long.hashAt('7000', 42)}"]`).waitFor();
    assert.ok((await page.locator('.block').count()) < 60, 'only what is in sight is drawn');
    await page.locator('#go-to').fill('99999');
    await page.keyboard.press('Enter');
    await reader.reads('#notice', /^Block 99999 is not found: the highest has height \d+\.$/);
    await reader.press('To the tip');
    await reader.restsBesideOneBlock(pair.ports);
    await page.goto(`${pair.url(first)}/#block=${long.hashAt('7000', 7)}`);
    await reader.reads('#inspect-title', /^Block 7$/);
    await reader.reads('#verdict', /^✓/);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => location.hash === '');
  } finally {
    await reader.close();
    await pair.stop();
    await rm(folder, { recursive: true });
  }
});

test('when all nodes are gone nothing looks abandoned or as if it could be pressed', limits, async () => {
  await settle();
  const { page } = visitor;
  const ghosts = await page.locator('.block.ghost').count();
  for (const port of nodes.ports) await nodes.kill(port);
  await visitor.reads('#badge', /^Nobody there$/);
  assert.equal(await page.locator('.block.ghost').count(), ghosts);
  for (const name of ['#demo', '#pause-all', '#split', '#heal', '.card button', '.token']) {
    for (const button of await page.locator(name).all()) assert.ok(await button.isDisabled(), name);
  }
  // A block can be pressed only if the page has its bytes already: then it opens.
  const open = page.locator('.block:not([aria-disabled="true"])');
  assert.ok((await open.count()) < (await page.locator('.block').count()));
  if ((await open.count()) > 0) {
    await open.last().click();
    await visitor.reads('#verdict', /^✓/);
    await page.keyboard.press('Escape');
  }
  await visitor.findsNoBarrier('nobody there');
  await visitor.picture('12-nobody-there');
});
