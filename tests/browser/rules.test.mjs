// The page and the program name the same rule, in the same words.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fromHex } from '../../src/web/page/bytes.js';
import { Tampering } from '../../src/web/page/tampering.js';

const PROGRAM = process.env.CAIRN ?? '../../target/debug/cairn';

/** These rules are not about one block: they concern the length of a chain in bytes, and the clock. */
const NOT_OF_A_BLOCK = ['whole-blocks', 'future'];

const rules = execFileSync(PROGRAM, ['break', '--list'], { encoding: 'utf8' }).trim().split('\n').map((line) => line.split(/\s/)[0]);

for (const rule of rules.filter((name) => !NOT_OF_A_BLOCK.includes(name))) {
  test(`the page says of a chain that breaks ${rule} what the program says`, () => {
    const chain = execFileSync(PROGRAM, ['break', rule], { encoding: 'utf8' }).trim();
    const { stderr } = spawnSync(PROGRAM, ['chain', '-'], { input: chain, encoding: 'utf8' });
    const blocks = chain.match(/.{150}/g).map(fromHex);
    // The page knows the genesis block from the nodes; here it is the program's own.
    const genesis = fromHex(execFileSync(PROGRAM, ['break', 'previous-hash'], { encoding: 'utf8' }).slice(0, 150));
    const tampering = new Tampering({ blocks: [genesis, ...blocks.slice(1)], height: 0, times: [], zeroBits: 16 });
    tampering.blocks = blocks;
    const first = tampering.verdicts().find(({ fault }) => fault);
    assert.equal(`block ${first.height} breaks ${first.fault.rule}: ${first.fault.words}`, stderr.trim().replace(/^error: /, ''));
  });
}
