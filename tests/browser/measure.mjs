// Measures the site: its size, the time until it can be used, how smoothly it draws
// thirty nodes, how fast a tab mines, and the memory after an hour at 1000 times the speed.
// It prints the results without a verdict: timings depend on the machine.
//
//   tests/browser/run.sh --measure

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { serveSite } from './site.mjs';
import { launch, watchMemory } from './visitor.mjs';

const SITE = path.resolve(process.env.SITE ?? '../../target/site');
const PROGRAM = process.env.CAIRN ?? '../../target/debug/cairn';

const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const kilo = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

const wasm = readFileSync(path.join(SITE, 'tab/cairn_bg.wasm'));
const files = readdirSync(SITE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const all = files.map((entry) => brotli(readFileSync(path.join(entry.parentPath ?? entry.path, entry.name))));
console.log(`wasm: ${kilo(wasm.length)}, ${kilo(brotli(wasm))} by brotli; the whole site: ${kilo(all.reduce((sum, size) => sum + size))} by brotli`);

const server = await serveSite(SITE, {
  '/cairn/mine.html': `<!doctype html><script type="module" src="mine.js"></script>`,
  '/cairn/mine.js': `import init, { Mining } from './tab/cairn.js';
    await init({ module_or_path: new URL('tab/cairn_bg.wasm', import.meta.url) });
    window.rate = (how) => {
      const mining = new Mining(new Uint8Array(75), 200);
      const begun = performance.now();
      while (performance.now() - begun < 2000) mining[how](100_000);
      return mining.tries / (performance.now() - begun) / 1000;
    };`,
});
const browser = await launch();

/** Opens a page, with a processor that many times slower. */
async function open(fragment, slower = 1) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  await watchMemory(page);
  const session = await page.context().newCDPSession(page);
  if (slower > 1) await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  const begun = performance.now();
  await page.goto(server.url + fragment);
  return { page, session, begun };
}

{
  const { page, begun } = await open('', 4);
  await page.locator('.card[data-state="searching"]').first().waitFor();
  await page.getByRole('button', { name: 'Pause all', exact: true }).click();
  await page.getByRole('button', { name: 'Resume all', exact: true }).waitFor();
  console.log(`from the address to an order that was carried out, at 4x slower: ${seconds(performance.now() - begun)}`);
  await page.context().close();
}

{
  const { page } = await open('#seed=2&nodes=30');
  await page.locator('.card').nth(29).waitFor();
  const found = await page.evaluate(() => new Promise((resolve) => {
    const frames = [];
    const look = (time) => {
      frames.push(time);
      if (time - frames[0] < 10_000) return requestAnimationFrame(look);
      const gaps = frames.slice(1).map((end, index) => end - frames[index]).sort((a, b) => a - b);
      return resolve({ rate: gaps.length / 10, late: gaps.filter((gap) => gap > 25).length, longest: gaps.at(-1) });
    };
    requestAnimationFrame(look);
  }));
  console.log(`30 nodes at 1x: ${found.rate.toFixed(1)} frames a second, ${found.late} of them late, the longest took ${found.longest.toFixed(0)} ms`);
  await page.context().close();
}

{
  const { page } = await open('mine.html');
  await page.waitForFunction(() => window.rate);
  const [plain, lanes] = [await page.evaluate(() => window.rate('runPlainly')), await page.evaluate(() => window.rate('run'))];
  console.log(`mining in the browser, one thread: ${plain.toFixed(2)} million hashes a second by the plain loop, ${lanes.toFixed(2)} in lanes: ${(lanes / plain).toFixed(2)} times`);
  console.log(execFileSync(PROGRAM, ['bench', '--threads', '1']).toString().trim());
  await page.context().close();
}

{
  const begun = performance.now();
  const hours = Number(process.env.HOURS ?? 1000);
  const { page, session } = await open(`#seed=7&at=${hours * 3_600_000}&speed=1000`);
  await page.waitForFunction((least) => Number.parseInt(document.querySelector('#clock-time').textContent, 10) >= least, hours, { timeout: 300_000 });
  await page.waitForTimeout(20_000);
  const size = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return { heap: usedSize, wasm: await page.evaluate(() => window.wasmBytes()) };
  };
  const { heap, wasm: memory } = await size();
  const height = await page.locator('#detail').innerText();
  console.log(`after ${hours} hours of the network's time (${seconds(performance.now() - begun)}) and 20 s at 1000x: heap of JavaScript ${kilo(heap)}, WebAssembly ${kilo(memory)}; ${height}`);
  await page.context().close();
}

await browser.close();
server.close();
