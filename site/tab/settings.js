// The network's settings in the page's address: `#seed=7&nodes=12&do=12000:add,15000:mine+bob`

/** The most nodes that the page shows well. */
export const MAX_NODES = 30;

/** The most zero bits in a network that mines for real: more would take days. */
const MAX_ZERO_BITS = 40;

/** The most orders in an address: to split and heal thirty nodes takes 900. */
const MAX_ORDERS = 10_000;

/** The latest time to begin with, in milliseconds: ten thousand hours. */
const MAX_AT = 36_000_000_000;

const MAX_SEED = 2n ** 64n - 1n;

/** An address has a setting that is not possible. */
export class BadSettings extends Error {}

/**
 * The settings in the part after the #: {seed, nodes, isCampaign, mining, orders, at, speed,
 * isStopped}. `orders` are {at, words}, in order of time; `at` is the virtual time to begin
 * with, in milliseconds; `mining` is the number of zero bits if nodes mine for real, else 0.
 */
export function readSettings(fragment) {
  const parts = new URLSearchParams(fragment.replace(/^#/, ''));
  const isCampaign = parts.has('campaign');
  const [delay, loss] = [number(parts, 'delay', 0, 0, 60000), number(parts, 'loss', 0, 0, 100)];
  const orders = [
    ...(delay > 0 || loss > 0 ? [{ at: 0, words: `links ${delay} ${loss}` }] : []),
    ...(parts.get('liar') === 'on' ? [{ at: 0, words: 'liar on' }] : []),
    ...readOrders(parts.get('do') ?? ''),
  ];
  return {
    seed: readSeed(parts.get(isCampaign ? 'campaign' : 'seed') || '1'),
    nodes: isCampaign ? 7 : number(parts, 'nodes', 3, 1, MAX_NODES),
    isCampaign,
    mining: isCampaign ? 0 : number(parts, 'mining', 0, 0, MAX_ZERO_BITS),
    orders,
    at: number(parts, 'at', 0, 0, MAX_AT),
    speed: number(parts, 'speed', 1, 1, 1000),
    isStopped: parts.has('stopped'),
  };
}

/** The inverse of `readSettings`. */
export function writeSettings({ seed, nodes, isCampaign, mining, orders, at, speed, isStopped }) {
  const parts = [isCampaign ? `campaign=${seed}` : `seed=${seed}&nodes=${nodes}`];
  // Real mining is not reproducible, so its story does not fit into an address.
  if (mining > 0) return `#mining=${mining}&nodes=${nodes}`;
  if (orders.length > 0) parts.push(`do=${orders.map(({ at: time, words }) => `${time}:${words.replaceAll(' ', '+')}`).join()}`);
  if (speed > 1) parts.push(`speed=${speed}`);
  if (at > 0) parts.push(`at=${at}`);
  if (isStopped) parts.push('stopped');
  return `#${parts.join('&')}`;
}

function readSeed(text) {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > MAX_SEED) throw new BadSettings(`a seed is a whole number up to ${MAX_SEED}, not ${text}`);
  return BigInt(text);
}

function number(parts, name, usual, least, most) {
  const text = parts.get(name);
  if (text === null || text === '') return usual;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least || value > most) throw new BadSettings(`${name} is a whole number from ${least} to ${most}, not ${text}`);
  return value;
}

function readOrders(text) {
  const orders = text.split(',').filter((part) => part !== '').map((part) => {
    const [, at, words] = /^(\d{1,12}):([\w.: -]+)$/.exec(part) ?? [];
    if (words === undefined) throw new BadSettings(`"${part}" is not an order: write a time in milliseconds, a colon and an order`);
    return { at: Number(at), words };
  });
  if (orders.length > MAX_ORDERS) throw new BadSettings(`there are more than ${MAX_ORDERS} orders`);
  return orders.sort((a, b) => a.at - b.at);
}
