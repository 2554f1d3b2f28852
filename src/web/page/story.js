// The one sentence: what just happened, and what it means.
//
// Pure: a model in, words out.

import { forkPoint, weightOf } from './blocks.js';
import { compareNames, nodesOf, sidesOf } from './groups.js';
import { shownName } from './names.js';

/** Blocks found within this time count as found at the same moment. */
const SAME_MOMENT_MS = 2500;

/** How long the headline of a reorganisation stays. */
const HELD_MS = 5000;

/** News that the sentence is about; the rest is for the feed. */
const BIG = new Set(['found', 'adopted', 'gone', 'back', 'split', 'healed', 'paused', 'resumed']);

/** `7000`, `7000 and 8000`, `7000, 8000 and 9000` */
export function list(words) {
  const all = words.map(String);
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

const countOf = (count) => `${count} block${count === 1 ? '' : 's'}`;
/** More nodes than this are counted, not named. */
const NAMED = 5;

const name = (all) => (all.length > NAMED ? `${all.length} nodes` : list(all));
const names = (nodes) => name(nodes.map((node) => node.name));
/** The finder of a block: a recording may lack the block's line. */
const minerOf = (hash, blocks) => shownName(blocks.get(hash)?.miner ?? 'somebody');
const verb = (nodes, one, many) => (nodes.length === 1 ? one : many);

/**
 * The words for a model: `state` for the badge's style, `badge` in two words, `sentence`
 * for what just happened, `detail` for its meaning.
 */
export function tell(model, blocks, now = model.at) {
  const nodes = nodesOf(model);
  const up = nodes.filter((node) => node.up && node.tip !== null);
  const down = nodes.filter((node) => !node.up && node.downAt !== null);
  const gone = down.filter((node) => node.everUp);
  const failed = model.news.findLast((item) => item.kind === 'failed');
  if (failed) return tellFailed(failed);
  if (up.length === 0) return tellNobody(down);
  const told = hold(tellUp(model, blocks, up), tellReorganisation(model, blocks, now));
  const latest = model.news.findLast((item) => BIG.has(item.kind));
  const goneWords = tellDown(down);
  if (gone.length > 0 && latest?.kind === 'gone') {
    const others = `${names(up)} ${verb(up, 'goes', 'go')} on without ${verb(gone, 'it', 'them')}.`;
    return { ...told, sentence: `${goneWords} ${others}`, detail: told.sentence };
  }
  return { ...told, detail: `${told.detail} ${goneWords}`.trim() };
}

function tellFailed({ what }) {
  const detail = 'The simulation ends here. Look back to see how it came to this.';
  return { state: 'failed', badge: 'Check failed', sentence: `Something happened that never should: ${what}.`, detail };
}

/** Keeps a reorganisation as the headline for a while, even if something else happens. */
function hold(told, headline) {
  if (!headline || told.sentence === headline) return told;
  return { ...told, sentence: headline, detail: `${told.sentence} ${told.detail}` };
}

/** The sentence about the last reorganisation, if it is recent. */
function tellReorganisation(model, blocks, now) {
  const isOne = (item) => item.kind === 'adopted' && item.abandoned > 0;
  const latest = model.news.findLast(isOne);
  if (!latest || now - latest.at >= HELD_MS) return null;
  const turned = model.news.filter((item) => isOne(item) && item.hash === latest.hash);
  return tellTurned(blocks.get(latest.hash), turned);
}

/** The nodes that are gone, and those that never answered: these may have no API. */
function tellDown(down) {
  const gone = down.filter((node) => node.everUp);
  const never = down.filter((node) => !node.everUp);
  const words = [];
  if (gone.length > 0) words.push(`${names(gone)} ${verb(gone, 'is', 'are')} gone.`);
  if (never.length > 0) words.push(`${names(never)} ${verb(never, 'does', 'do')} not answer this page.`);
  return words.join(' ');
}

function tellNobody(gone) {
  if (gone.length === 0) {
    return { state: 'none', badge: 'Looking', sentence: 'Looking for the nodes…', detail: '' };
  }
  return {
    state: 'none',
    badge: 'Nobody there',
    sentence: tellDown(gone),
    detail: 'No node answers. The page continues by itself once one does.',
  };
}

function tellUp(model, blocks, up) {
  const sides = sidesOf(model)
    .map((side) => side.filter((node) => up.includes(node)))
    .filter((side) => side.length > 0);
  if (sides.length > 1) return tellSplit(model, sides);
  const weight = (node) => weightOf(blocks.get(node.tip) ?? node);
  const most = Math.max(...up.map(weight));
  const highest = up.filter((node) => weight(node) === most);
  const behind = up.filter((node) => weight(node) < most);
  const height = Math.max(...highest.map((node) => node.height));
  const tips = new Map();
  for (const node of highest) tips.set(node.tip, [...(tips.get(node.tip) ?? []), node]);
  if (tips.size > 1) return tellRace(model, blocks, height, tips);
  if (behind.length > 0) return tellTravel(model, blocks, height, highest, behind);
  return tellAgreement(model, blocks, height, up);
}

function tellSplit(model, sides) {
  const where = sides.map((side) => {
    const heights = [...new Set(side.map((node) => node.height))].sort((a, b) => a - b);
    return `${names(side)} ${verb(side, 'is', 'are')} at block ${list(heights)}`;
  });
  const sideNames = sides.map(names);
  const split = sides.length === 2
    ? `The network is split: ${sideNames[0]} on one side, ${sideNames[1]} on the other.`
    : `The network is split in ${sides.length}: ${sideNames.join(' | ')}.`;
  return {
    state: 'split',
    badge: 'Split',
    sentence: tellFound(model, sides) ?? split,
    detail: `${where.join(', ')}. When they hear each other again, the longer chain wins.`,
  };
}

/** The sentence about a block that only one side has heard of. */
function tellFound(model, sides) {
  const latest = model.news.findLast((item) => BIG.has(item.kind) && item.kind !== 'adopted');
  if (latest?.kind !== 'found') return null;
  const side = sides.find((nodes) => nodes.some((node) => node.id === latest.id));
  const others = sides.filter((other) => other !== side).flat();
  return `${latest.name} found block ${latest.height}, and ${names(others)} ${verb(others, 'does', 'do')} not hear of it: the network is split.`;
}

function tellRace(model, blocks, height, tips) {
  const hashes = [...tips.keys()];
  const miners = hashes.map((hash) => minerOf(hash, blocks));
  const fork = lastShared(hashes, blocks);
  const times = hashes.map((hash) => model.seen.get(hash) ?? 0);
  const healed = model.news.findLast((item) => item.kind === 'healed');
  const wasSplit = healed && times.every((time) => time < healed.at);
  const isMoment = !wasSplit && Math.max(...times) - Math.min(...times) <= SAME_MOMENT_MS;
  const isShort = fork && fork.height === height - 1;
  const who = name([...new Set(miners)].sort(compareNames));
  const what = isShort
    ? isMoment ? `${who} found block ${height} at the same moment` : `${who} each found block ${height}${wasSplit ? ' during the split' : ''}`
    : `There are ${tips.size === 2 ? 'two' : tips.size} chains of the same length${fork ? `, alike up to block ${fork.height}` : ''}`;
  const stands = [...tips].map(([hash, nodes]) => `${names(nodes)} on the one by ${minerOf(hash, blocks)}`);
  return {
    state: 'race',
    badge: 'Fork',
    sentence: `${what}; the next block decides.`,
    detail: `Each node keeps the one that it saw first: ${tips.size > NAMED ? `there are ${tips.size}` : stands.join(', ')}.`,
  };
}

/** The last block that all these chains share. */
function lastShared([first, ...others], blocks) {
  const forks = others.map((other) => forkPoint(first, other, blocks));
  return forks.reduce((lowest, fork) => (lowest && fork && (fork.height < lowest.height ? fork : lowest)));
}

function tellTravel(model, blocks, height, highest, behind) {
  const miner = minerOf(highest[0].tip, blocks);
  const lag = height - Math.min(...behind.map((node) => node.height));
  const late = `${names(behind)} ${verb(behind, 'has', 'have')} not taken it over yet.`;
  const sentence = lag > 1
    ? `${names(behind)} ${verb(behind, 'is', 'are')} ${returned(model) ? 'back, ' : ''}${countOf(lag)} behind, and ${verb(behind, 'hears', 'hear')} of it from the others.`
    : `${miner} found block ${height} and sends it to the others.`;
  return { state: 'travel', badge: 'On its way', sentence, detail: lag > 1 ? `The others are at block ${height}.` : late };
}

function tellAgreement(model, blocks, height, up) {
  const searching = up.filter((node) => !node.paused);
  const who = searching.length === up.length ? 'each searches' : `only ${names(searching)} ${verb(searching, 'searches', 'search')}`;
  const detail = searching.length === 0
    ? 'All are paused: no node searches. Press “Resume all”, or let one node mine one block.'
    : `${up.length > 1 ? 'All are' : 'It is'} at block ${height}; ${up.length > 1 ? who : 'it searches'} for block ${height + 1}.`;
  const all = { state: 'agree', badge: up.length > 1 ? 'All agree' : 'One node', detail };
  const latest = model.news.findLast((item) => BIG.has(item.kind));
  return { ...all, sentence: lastWords(model, blocks, height, up, latest) };
}

/** The news that a node came back, if no block and no split has come since. */
function returned(model) {
  const latest = model.news.findLast((item) => BIG.has(item.kind) && item.kind !== 'adopted');
  return latest?.kind === 'back' ? latest : null;
}

/** The sentence about the way to the agreement. */
function lastWords(model, blocks, height, up, latest) {
  if (!latest) return `${names(up)} ${verb(up, 'is at', 'agree on')} block ${height}.`;
  const back = returned(model);
  if (back) return `${back.name} is back; ${up.length > 1 ? `it has heard what it missed, and all agree on block ${height}.` : `it is at block ${height}.`}`;
  if (latest.kind === 'split' || latest.kind === 'healed') {
    return `The split is healed: all hear each other again, and agree on block ${height}.`;
  }
  if (latest.kind === 'paused' || latest.kind === 'resumed') {
    const same = up.filter((node) => node.last?.kind === latest.kind);
    const who = `${same.length > 0 ? names(same) : latest.name} ${verb(same, 'is', 'are')}`;
    return latest.kind === 'paused' ? `${who} paused: not searching, but still listening.` : `${who} searching again.`;
  }
  return tellBlock(model, blocks, height, up);
}

/** Who found the block on which all agree, and which nodes gave up blocks for it. */
function tellBlock(model, blocks, height, up) {
  const tip = blocks.get(up[0].tip);
  if (height === 0) return 'All begin with the same first block. No node has found block 1 yet.';
  if (!tip) return `${names(up)} ${verb(up, 'is at', 'agree on')} block ${height}.`;
  const turned = model.news.filter((item) => item.kind === 'adopted' && item.hash === tip.hash && item.abandoned > 0);
  if (turned.length > 0) return tellTurned(tip, turned);
  const others = up.filter((node) => node.miner !== tip.miner);
  const miner = shownName(tip.miner);
  if (others.length === 0) return `${miner} found block ${height}.`;
  return `${miner} found block ${height}; ${names(others)} took it over.`;
}

/** Which nodes gave up their own blocks for this one. */
function tellTurned(tip, turned) {
  if (!tip) return null;
  const who = [...new Set(turned.map((item) => item.name))].sort(compareNames);
  const depth = Math.max(...turned.map((item) => item.abandoned));
  const gaveUp = `${name(who)} gave up ${countOf(depth)} for the longer chain`;
  return `The race is over: ${shownName(tip.miner)} found block ${tip.height}, and ${gaveUp}.`;
}

/** One news item for the feed: what, and why. */
export function tellNews(item) {
  const from = item.from ? ` from ${item.from}` : '';
  switch (item.kind) {
    case 'found': return { what: `found block ${item.height}`, why: 'its hash is low enough; it tells the others' };
    case 'adopted': return tellAdopted(item, from);
    case 'ignored': return tellIgnored(item);
    case 'rested': return { what: `rests for ${item.duration / 1000} s`, why: 'after a copied block, so that the nodes do not search in step' };
    case 'gone': return { what: 'is gone', why: 'it does not answer' };
    case 'back': return { what: 'is back', why: 'it answers again' };
    case 'started': return { what: 'started', why: `at block ${item.height}` };
    case 'stopped': return { what: 'stopped', why: `it was told to, at block ${item.height}` };
    case 'paused': return { what: 'is paused', why: 'it does not search, but listens' };
    case 'resumed': return { what: 'searches again', why: 'it was told to' };
    case 'said': return { what: `said to ${item.to}: “${item.text}”`, why: 'it has signed that' };
    case 'heard': return { what: `heard ${item.by} say: “${item.text}”`, why: 'its sender has signed it' };
    case 'unheard': return { what: `refused a message of ${item.by}`, why: item.why };
    case 'unsent': return { what: `could not write to ${item.to}`, why: item.error };
    case 'split': return { what: `split: ${tellSides(item.sides)}`, why: 'these do not hear each other' };
    case 'healed': return { what: 'healed', why: item.rest > 1 ? `there are ${item.rest} sides left` : 'all hear each other again' };
    case 'failed': return { what: 'fails a check', why: item.what };
    case 'links': return { what: `has new links: ${tellLinks(item)}`, why: 'somebody changed them' };
    case 'paced': return { what: `has a new pace: ${tellPace(item)}`, why: 'somebody changed it' };
    default: return { what: item.kind, why: '' };
  }
}

/** `each message is delayed by 500 ms, and 10 of 100 are lost` */
export function tellLinks({ delay, loss }) {
  const lost = ['none is lost', 'all are lost'][[0, 100].indexOf(loss)] ?? `${loss} of 100 ${loss === 1 ? 'is' : 'are'} lost`;
  const delayed = delay === 0 ? 'no message is delayed' : `each message is delayed by ${delay < 1000 ? `${delay} ms` : `${delay / 1000} s`}`;
  return `${delayed}, and ${lost}`;
}

/** `1,000 tries, then 200 ms of listening` */
export function tellPace({ nonces, listen }) {
  return `${nonces.toLocaleString('en')} tries, then ${listen < 1000 ? `${listen} ms` : `${listen / 1000} s`} of listening`;
}

const tellSides = (sides) => sides.map(name).join(' | ');

function tellIgnored({ from, reason, detail }) {
  if (reason !== 'tie') return { what: `ignored what ${from} sent`, why: detail };
  return detail.includes('the same')
    ? { what: `heard of its own chain from ${from}`, why: 'nothing new' }
    : { what: `kept its own chain when ${from} sent another`, why: 'it is not longer than its own, and the one seen first stays' };
}

function tellAdopted(item, from) {
  const why = item.abandoned > 0
    ? `it is longer, so ${countOf(item.abandoned)} of its own gave way: a reorganisation`
    : 'it is valid and longer than its own';
  return { what: `took over block ${item.height}${from}`, why };
}
