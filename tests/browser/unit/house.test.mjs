import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const PAGE = new URL('../../../src/web/page/', import.meta.url);
const files = readdirSync(PAGE).filter((name) => name.endsWith('.js'));
const textOf = (name) => readFileSync(new URL(name, PAGE), 'utf8');
const imports = new Map(files.map((name) => [name, [...textOf(name).matchAll(/from '\.\/([\w.]+)'/g)].map(([, file]) => file)]));

test('no file of the page imports itself through others', () => {
  const done = new Set();
  const visit = (name, path) => {
    assert.ok(!path.includes(name), `a circle: ${[...path, name].join(' > ')}`);
    if (done.has(name)) return;
    for (const next of imports.get(name)) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of files) visit(name, []);
});

test('only bytes.js knows how long a block is, and what is folded and recorded touches neither page nor network', () => {
  for (const name of files.filter((file) => file !== 'bytes.js')) {
    assert.ok(!/\b75\b/.test(textOf(name).replace(/^\s*(\/\/|\/?\*).*$/gm, '')), `${name} has a 75`);
  }
  const pure = ['blocks', 'rows', 'groups', 'names', 'times', 'messages', 'model', 'history', 'story', 'layout', 'recording', 'rules', 'tampering', 'search', 'sha256', 'demos', 'lie', 'wire'];
  for (const name of pure) {
    assert.ok(!/\b(document|window|fetch|location|localStorage)\b[.(]/.test(textOf(`${name}.js`)), `${name}.js is pure`);
  }
});

test('screen readers do not read out values that change all the time', () => {
  const outputs = [...textOf('index.html').matchAll(/<output[^>]*>/g)].map(([tag]) => tag);
  const restless = outputs.filter((tag) => /id="(clock-time|replay-when|tries|delay-words|loss-words)"/.test(tag));
  assert.equal(restless.length, 5);
  for (const tag of restless) assert.match(tag, /aria-live="off"/);
});

test('the tour in main.js names every file of the page', () => {
  const tour = textOf('main.js').split("import ")[0];
  for (const name of files.filter((file) => file !== 'main.js')) assert.ok(tour.includes(name), `${name} is not in the tour`);
});
