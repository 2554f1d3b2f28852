// Reads and writes recordings: JSON lines, a header and then one change a line.
// docs/recording.md describes the format.
//
// Anybody may have written a recording: the reader checks each line, and ignores
// unknown kinds and fields.

/** The version of the format that the page writes, and the only one that it reads. */
export const VERSION = 1;

/** The greatest length of a recording in bytes, and of a line in characters. */
export const MAX_BYTES = 64 * 1024 * 1024;
const MAX_LINE = 65536;

/** How many characters of an unknown version the message quotes. */
const MAX_VERSION = 20;

/** The most nodes, and the most blocks of one height. */
const MAX_NODES = 1000;
const MAX_RIVALS = 1000;

/** The greatest length of a name, an address or a reason. */
const MAX_TEXT = 1000;

/** Heights must be below this: greater ones fit neither into a datagram nor into the drawing. */
const MAX_HEIGHT = 2 ** 32;

/** The latest date in JavaScript. */
const MAX_MS = 8.64e15;

/** A fault in a recording, with its line. */
export class BadRecording extends Error {}

const isText = (value) => typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT;
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isTime = (value) => isCount(value) && value <= MAX_MS;
const isHeight = (value) => isCount(value) && value < MAX_HEIGHT;
const isHash = (value) => typeof value === 'string' && /^[0-9a-f]{8,128}$/.test(value);
const isDigits = (value) => typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value);
const isFlag = (value) => typeof value === 'boolean';
const isPercent = (value) => isCount(value) && value <= 100;
const isTexts = (value) => Array.isArray(value) && value.length <= MAX_NODES && value.every(isText);
const maybe = (is) => (value) => value === undefined || value === null || is(value);

/** The fields that each kind of change must have. */
const CHANGES = {
  node: { node: isText, name: isText, miner: maybe(isText), zero_bits: maybe((bits) => isCount(bits) && bits <= 256) },
  block: {
    hash: isHash, height: isHeight, previous: maybe(isHash), timestamp: maybe(isCount), miner: isText,
    work: maybe(isCount), bytes: maybe(isDigits),
  },
  status: { node: isText, tip: isHash, height: isHeight, paused: isFlag },
  refused: { node: isText, refused: isTexts },
  up: { node: isText },
  down: { node: isText },
  failed: { what: isText },
  end: { why: isText },
};

/** The fields of each kind of event that the page needs; the schema has more. */
const EVENTS = {
  started: { height: isHeight, hash: isHash, nonces: maybe(isCount), listen_ms: maybe(isCount) },
  tried: { counter: isCount },
  created: { height: isHeight, hash: isHash },
  copied: { height: isHeight, hash: isHash, from: isText, abandoned: isCount },
  rested: { duration_ms: isCount },
  paused: {},
  resumed: {},
  connected: { peer: isText },
  disconnected: { peer: isText },
  links: { delay_ms: isCount, loss: isPercent },
  paced: { nonces: isCount, listen_ms: isCount },
  message: { from: isText, kind: isText, length: isCount, delay_ms: isCount, lost: isFlag, merged: maybe(isCount) },
  ignored: { from: isText, reason: isText, detail: isText, merged: maybe(isCount) },
  stopped: { height: isHeight, hash: isHash },
  message_sent: { to: isText, text: isText },
  message_received: { from: isText, name: maybe(isText), text: isText },
  message_refused: { from: isText, detail: isText, merged: maybe(isCount) },
  unsent: { to: isText, error: isText, merged: maybe(isCount) },
};

/** All changes of a recording, in order of time. */
export function readRecording(text) {
  if (text.length > MAX_BYTES) throw new BadRecording(`it is longer than ${MAX_BYTES / 1024 / 1024} MiB`);
  const lines = linesOf(text);
  readHeader(lines.next().value?.line ?? '');
  const changes = [];
  const counts = new Counts();
  for (const { line, number, isLast } of lines) {
    if (line.trim() === '') continue;
    const change = readLine(line, number, isLast);
    if (!change) continue;
    counts.count(change, number);
    changes.push(change);
  }
  // Changes of the same time stay in the order of the file.
  return changes.sort((a, b) => a.at - b.at);
}

/** The lines of a text, one at a time: a text of line ends alone would have millions. */
function* linesOf(text) {
  for (let start = 0, number = 1; start < text.length; number += 1) {
    const end = text.indexOf('\n', start);
    const isLast = end < 0;
    yield { line: text.slice(start, isLast ? text.length : end), number, isLast };
    start = isLast ? text.length : end + 1;
  }
}

/** Counts nodes and rival blocks, of which there may be too many to draw. */
class Counts {
  constructor() {
    this.nodes = new Set();
    this.rivals = new Map();
  }

  count({ type, id, block }, number) {
    if (type === 'node' && this.nodes.add(id).size > MAX_NODES) throw new BadRecording(`line ${number}: more than ${MAX_NODES} nodes`);
    if (type !== 'block') return;
    const rivals = (this.rivals.get(block.height) ?? 0) + 1;
    this.rivals.set(block.height, rivals);
    if (rivals > MAX_RIVALS) throw new BadRecording(`line ${number}: more than ${MAX_RIVALS} blocks of height ${block.height}`);
  }
}

function readHeader(line) {
  if (line.length > MAX_LINE) throw new BadRecording(`line 1: longer than ${MAX_LINE} characters`);
  const version = parse(line)?.['cairn-recording'];
  if (version === undefined) throw new BadRecording('line 1: it does not begin with {"cairn-recording":1}: this is not a recording');
  if (version !== VERSION) throw new BadRecording(`line 1: it is version ${JSON.stringify(version).slice(0, MAX_VERSION)}; this page reads version ${VERSION}`);
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** A line of the simulator's recording, as a change. */
export function readChange(line) {
  return readLine(line, 1, false);
}

function readLine(line, number, isLast) {
  const bad = (what) => new BadRecording(`line ${number}: ${what}`);
  if (line.length > MAX_LINE) throw bad(`longer than ${MAX_LINE} characters`);
  const value = parse(line);
  if (value === null || typeof value !== 'object') {
    // The writer was interrupted here; the lines before are whole.
    if (isLast) return null;
    throw bad('this is not a JSON object');
  }
  if (!isTime(value.time_ms)) throw bad('time_ms is not a time in milliseconds');
  const [kinds, kind] = value.event !== undefined ? [EVENTS, value.event] : [CHANGES, value.change];
  if (!Object.hasOwn(kinds, kind)) return null;
  const needs = kinds === EVENTS ? { node: isText, ...kinds[kind] } : kinds[kind];
  for (const [field, is] of Object.entries(needs)) {
    if (!is(value[field])) throw bad(`${field} is missing or wrong in ${kind}`);
  }
  return kinds === EVENTS ? toEvent(value.node, value.time_ms, value) : toChange(kind, value);
}

/** An event from a node as a change of the type `event` or `message`. */
export function toEvent(id, at, event) {
  if (event.event !== 'message') return { type: 'event', at, id, event };
  const { from, kind, length, delay_ms: delay, lost: isLost, merged = 1 } = event;
  return { type: 'message', at, id, from, kind, length, delay, isLost, count: merged ?? 1 };
}

function toChange(kind, { time_ms: at, node: id, ...value }) {
  switch (kind) {
    case 'node': return { type: kind, at, id, address: id, name: value.name, miner: value.miner ?? value.name, zeroBits: value.zero_bits ?? undefined };
    case 'block': {
      const { hash, height, previous, timestamp = null, miner, work, bytes } = value;
      return { type: kind, at, block: { hash, height, previous, timestamp, miner, work: work ?? undefined, bytes: bytes ?? undefined } };
    }
    case 'status': return { type: kind, at, id, tip: value.tip, height: value.height, paused: value.paused, counter: 0 };
    case 'refused': return { type: kind, at, id, refused: value.refused };
    case 'failed': return { type: kind, at, what: value.what };
    default: return { type: kind, at, id, why: value.why };
  }
}

/** A whole history as the text of a recording, in pieces. */
export function* writeRecording({ base, changes, blocks, messages }) {
  yield line({ 'cairn-recording': VERSION, by: 'the page' });
  const nodes = nodesIn(base, changes);
  for (const { address, name, miner = name, zeroBits } of nodes.values()) {
    yield line({ time_ms: 0, change: 'node', node: address, name, miner, zero_bits: zeroBits });
  }
  const seen = new Map(changes.flatMap((change) => (change.type === 'block' ? [[change.block.hash, change.at]] : [])));
  for (const { hash, height, previous, timestamp, miner, work, bytes } of blocks.values()) {
    const at = seen.get(hash) ?? base.seen.get(hash) ?? 0;
    yield line({ time_ms: whole(at), change: 'block', hash, height, previous, timestamp, miner, work, bytes });
  }
  yield* writeBase(base, nodes);
  for (const change of changes) {
    yield writeChange(change, nodes.get(change.id)?.address);
  }
  for (const { at, id, from, kind, length, delay, isLost, count } of messages.all) {
    const node = nodes.get(id)?.address;
    if (node === undefined) continue;
    const merged = count > 1 ? count : undefined;
    yield line({ time_ms: whole(at), node, event: 'message', from, kind, length, delay_ms: whole(delay), lost: isLost, merged });
  }
}

/** All nodes with their settings, which have no time. */
function nodesIn(base, changes) {
  const nodes = new Map([...base.nodes].map(([id, node]) => [id, { ...node, zeroBits: base.zeroBits }]));
  for (const change of changes) {
    if (change.type === 'node') nodes.set(change.id, { ...nodes.get(change.id), ...change });
  }
  return nodes;
}

/** The state before the first change. */
function* writeBase(base, nodes) {
  for (const { id, up, everUp, tip, height, paused, refused } of base.nodes.values()) {
    const start = { time_ms: whole(base.at), node: nodes.get(id).address };
    if (tip) yield line({ ...start, change: 'status', tip, height, paused: paused === true });
    if (refused.size > 0) yield line({ ...start, change: 'refused', refused: [...refused] });
    if (everUp && !up) yield line({ ...start, change: 'down' });
  }
  const [first] = nodes.values();
  yield writeNetwork(base, { time_ms: whole(base.at), node: first?.address });
}

function writeChange(change, node) {
  const start = { time_ms: whole(change.at), node };
  if (change.type === 'failed') return line({ ...start, change: 'failed', what: change.what });
  if (node === undefined) return '';
  switch (change.type) {
    case 'event': return line({ ...change.event, ...start });
    case 'status': return line({ ...start, change: 'status', tip: change.tip, height: change.height, paused: change.paused });
    case 'refused': return line({ ...start, change: 'refused', refused: change.refused });
    case 'network': return writeNetwork(change, start);
    case 'up':
    case 'down': return line({ ...start, change: change.type });
    default: return '';
  }
}

/** The links and the pace, as the events that set them. */
function writeNetwork({ links, pace }, start) {
  return (links ? line({ ...start, event: 'links', delay_ms: links.delay, loss: links.loss }) : '')
    + (pace ? line({ ...start, event: 'paced', nonces: pace.nonces, listen_ms: pace.listen }) : '');
}

/** A time in whole milliseconds: one corrected for a node's clock may have a fraction, or be before 1970. */
const whole = (at) => Math.max(0, Math.round(at));

const line = (value) => `${JSON.stringify(value)}\n`;
