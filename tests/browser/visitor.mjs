// A visitor of the page: opens it, reads it, and waits for its words.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';

/** The longest wait for words on the page. */
const PATIENCE_MS = 20_000;

/** Chromium without a screen, without a sandbox (root cannot use one), and without requests to its maker. */
const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

// Otherwise a page that did not come over the network may not connect to this machine.
if (process.env.PAGE_FILES) ARGUMENTS.push('--disable-features=LocalNetworkAccessChecks');

/** The library that finds accessibility faults; only the test adds it to the page. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts the browser. Its profile is a new, empty folder. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
}

/** For work on the page: its files directly from this folder, without a new build. */
function serveFrom(context, folder) {
  return context.route(/\/(page\/[^/]*)?$/, async (route) => {
    const name = new URL(route.request().url()).pathname.replace('/page/', '').slice(0) || 'index.html';
    const response = await route.fetch({ url: new URL('/', route.request().url()).href });
    const headers = { 'content-security-policy': response.headers()['content-security-policy'] };
    await route.fulfill({ path: path.join(folder, name === '/' ? 'index.html' : name), headers });
  });
}

/** Adds `wasmBytes()` to a page: the memory of its WebAssembly in bytes. */
export function watchMemory(page) {
  return page.addInitScript(() => {
    const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = async (...from) => {
      const loaded = await instantiateStreaming.apply(WebAssembly, from);
      window.wasmBytes = () => loaded.instance.exports.memory.buffer.byteLength;
      return loaded;
    };
  });
}

/** One open page, and its errors. */
export class Visitor {
  constructor(page, pictures) {
    this.page = page;
    this.pictures = pictures;
    this.complaints = [];
    mkdirSync(pictures, { recursive: true });
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.complaints.push(error.stack));
    page.on('console', (message) => {
      // It is not an error of the page that a killed node cannot be reached, nor that the
      // page asks its server whether it is a node.
      const isExpected = /ERR_|WebSocket/.test(message.text()) || message.location().url.endsWith('/node/info');
      if (message.type() === 'error' && !isExpected) this.complaints.push(message.text());
    });
  }

  /** Opens the page of a node in a new window. */
  static async open(browser, url, pictures, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    if (process.env.PAGE_FILES) await serveFrom(context, process.env.PAGE_FILES);
    const visitor = new Visitor(await context.newPage(), pictures);
    await visitor.page.goto(url);
    return visitor;
  }

  async close() {
    await this.page.context().close();
    assert.deepEqual(this.complaints, [], 'the page complained');
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }

  /** Waits until the text of an element matches `pattern`; returns it. */
  async reads(selector, pattern, patience = PATIENCE_MS) {
    const wait = this.page.waitForFunction(
      ([where, source]) => new RegExp(source).exec(document.querySelector(where)?.textContent ?? '')?.input,
      [selector, pattern.source],
      { timeout: patience, polling: 30 },
    );
    const found = await wait.catch(async () => {
      const text = await this.page.locator(selector).first().textContent({ timeout: 1000 }).catch(() => '(nothing)');
      assert.fail(`waited in vain until ${selector} reads ${pattern}; it reads: ${text}`);
    });
    return found.jsonValue();
  }

  /** Waits until the one sentence matches. */
  says(pattern, patience) {
    return this.reads('#sentence', pattern, patience);
  }

  card(port) {
    return this.page.locator(`.card[data-node="${port}"]`);
  }

  /** Waits until a node's card shows this state. */
  async isState(port, state) {
    await this.reads(`.card[data-node="${port}"] .state`, state);
  }

  async press(name) {
    await this.page.getByRole('button', { name, exact: true }).click();
  }

  async mineOne(port) {
    await this.press(`Mine one block with ${port}`);
  }

  /** Drops a file on the page, as from the desktop. */
  drop(name, text) {
    return this.page.evaluate(([file, words]) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([words], file));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, [name, text]);
  }

  /** The hash of the block that a node's pill is at. */
  standsOn(port) {
    return this.page.locator(`.pill[data-node="${port}"]`).getAttribute('data-on');
  }

  /** Waits until the pills of all these nodes rest beside one block; returns its height. */
  async restsBesideOneBlock(ports) {
    const found = await this.page.waitForFunction((all) => {
      const pills = all.map((port) => document.querySelector(`.pill[data-node="${port}"]`));
      const hashes = new Set(pills.map((pill) => pill?.dataset.on));
      if (hashes.size !== 1 || hashes.has(undefined)) return null;
      const block = document.querySelector(`.block[data-hash="${[...hashes][0]}"]`);
      if (!block) return null;
      const edge = block.getBoundingClientRect().right;
      const isBeside = (pill) => Math.abs(pill.getBoundingClientRect().left - edge - 14) < 6;
      return pills.every(isBeside) ? block.dataset.height : null;
    }, ports, { polling: 30 });
    return Number(await found.jsonValue());
  }

  /** Records everything that the head of the page says from now on. */
  async listen() {
    await this.page.evaluate(() => {
      const read = () => ['badge', 'sentence', 'detail'].map((id) => document.getElementById(id).textContent).join(' | ');
      window.heard = [{ at: performance.now(), words: read() }];
      new MutationObserver(() => {
        if (window.heard.at(-1).words !== read()) window.heard.push({ at: performance.now(), words: read() });
      }).observe(document.querySelector('header'), { childList: true, characterData: true, subtree: true });
    });
  }

  /** Waits until something was said, even if the page says something else by now. */
  async hasHeard(pattern) {
    const isHeard = (source) => window.heard.some(({ words }) => new RegExp(source).test(words));
    await this.page.waitForFunction(isHeard, pattern.source, { polling: 30 });
  }

  heard() {
    return this.page.evaluate(() => window.heard);
  }

  /** The elements that stick out of the window at the side, except for the tree, which scrolls. */
  sticksOut() {
    return this.page.evaluate(() => [...document.querySelectorAll('main *, header *, dialog[open], dialog[open] *')]
      .filter((element) => !element.closest('#tree-box') && element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => element.id || element.className || element.tagName));
  }

  /** Checks that the page has no accessibility fault now. */
  async findsNoBarrier(where) {
    await this.page.evaluate(AXE);
    const found = await this.page.evaluate(async () => {
      const rules = { 'label-content-name-mismatch': { enabled: true } };
      const { violations } = await window.axe.run(document, { rules });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
    });
    assert.deepEqual(found, [], where);
  }

  /** Waits until nothing in the tree moves any more. */
  async isStill() {
    await this.page.waitForFunction(() => {
      const places = [...document.querySelectorAll('.pill, .block')].map((thing) => thing.getAttribute('transform')).join();
      const isSame = places === window.placesBefore;
      window.placesBefore = places;
      return isSame;
    }, null, { polling: 100 });
  }

  /** Saves a picture of the page. */
  async picture(name, options = {}) {
    await this.isStill();
    await this.page.screenshot({ path: path.join(this.pictures, `${name}.png`), ...options });
  }
}
