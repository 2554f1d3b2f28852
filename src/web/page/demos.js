// The demos: the words and the actions of each step. Each demo begins with nodes that
// are paused and agree, so that only the demo's own actions have an effect.

import { fieldOf, writeField } from './bytes.js';
import { halfOf } from './sides.js';

/** How often a race is tried: it needs two nodes that each find a block before they hear of the other's. */
const RACE_TRIES = 20;

/**
 * All demos {name, steps, needs}; a step is {words, act}, and `act` gets a Stage and the
 * nodes' ids. `needs` is what the source must be able to do beside the needs of all demos.
 */
export const DEMOS = [
  {
    name: 'fork',
    steps: [
      {
        words: 'Split: one node on its own, the others on the other side.',
        act: (stage, [, ...others]) => stage.split(others),
      },
      {
        words: 'Each side finds a block: a fork, and neither side knows about it.',
        act: async (stage, [alone, ...others]) => {
          const { height } = stage.node(alone);
          await stage.mine(alone);
          await stage.mine(others[0]);
          await stage.reach(height + 1);
        },
      },
      { words: 'Heal: both chains have the same length, so each node keeps its own. A race.', act: (stage) => stage.heal() },
      { words: 'One more block: the longer chain wins, the other is abandoned. A reorganisation.', act: decide },
    ],
  },
  {
    name: 'race decided',
    steps: [
      {
        words: 'Two nodes search at the same moment, and each finds a block before it hears of the other block: a race, without any split.',
        act: race,
      },
      { words: 'The next block decides: all follow the chain that is longer now.', act: decide },
    ],
  },
  {
    name: 'partition healed',
    steps: [
      { words: 'Split: the nodes are divided into two halves.', act: (stage, ids) => stage.split(secondHalf(ids)) },
      {
        words: 'One half finds a block.',
        act: async (stage, ids) => {
          const { height } = stage.node(ids[0]);
          await stage.mine(ids[0]);
          await stage.reach(height + 1, firstHalf(ids));
        },
      },
      {
        words: 'The other half finds three: as long as the split lasts, both halves are right.',
        act: async (stage, ids) => {
          const { height } = stage.node(ids.at(-1));
          await stage.mine(ids.at(-1), 3);
          await stage.reach(height + 3, secondHalf(ids));
        },
      },
      { words: 'Heal: the longer chain wins at once, and one half gives up its block.', act: rejoin },
    ],
  },
  {
    name: 'three blocks rewritten',
    steps: [
      { words: 'A miner cuts itself off: it does not hear the others, and they do not hear it.', act: (stage, ids) => stage.split(ids.slice(-1)) },
      {
        words: 'The others find three blocks. Three deep, they look settled.',
        act: async (stage, ids) => {
          const { height } = stage.node(ids[0]);
          await stage.mine(ids[0], 3);
          await stage.reach(height + 3, ids.slice(0, -1));
        },
      },
      {
        words: 'In the same time the miner finds four in secret, as a miner with most of the hash power would.',
        act: (stage, ids) => stage.mine(ids.at(-1), 4),
      },
      { words: 'It shows its chain. That chain is longer, so all follow it: three blocks are rewritten.', act: rejoin },
    ],
  },
  {
    name: 'liar refused by name',
    needs: 'hear',
    steps: [
      { words: 'A node finds a block, and all take it over.', act: decide },
      {
        words: 'It lies: it changes one bit of the block and sends it to the others. Each of them hashes it, and refuses it: proof-of-work.',
        act: (stage, ids) => stage.lie(ids.at(-1), 'proof-of-work', (bytes) => (fieldOf(bytes, 'nonce')[31] ^= 1)),
      },
      {
        words: 'It changes bytes that no hash covers: now somebody pays the reward. The hash is right, and all refuse the block: sender.',
        act: (stage, ids) => stage.lie(ids.at(-1), 'sender', (bytes) => writeField(bytes, 'sender', '9000')),
      },
      {
        words: 'It names another block before it. All refuse it: previous-hash. No node had to ask another: each checks for itself.',
        act: (stage, ids) => stage.lie(ids.at(-1), 'previous-hash', (bytes) => (fieldOf(bytes, 'previous hash')[31] ^= 1)),
      },
    ],
  },
  {
    name: 'node that starts late',
    steps: [
      { words: 'One node is not there yet.', act: (stage, ids) => stage.leave(ids.at(-1)) },
      {
        words: 'The others find five blocks without it.',
        act: async (stage, ids) => {
          const { height } = stage.node(ids[0]);
          await stage.mine(ids[0], 5);
          await stage.reach(height + 5, ids.slice(0, -1));
        },
      },
      {
        words: 'It starts, asks for what it missed, and checks each block itself.',
        act: async (stage, ids) => {
          await stage.come(ids);
          await stage.all('share');
          await stage.settle();
        },
      },
    ],
  },
];

const secondHalf = (ids) => [...halfOf(ids.map((id) => ({ id })))];
const firstHalf = (ids) => ids.filter((id) => !secondHalf(ids).includes(id));

/** The last node finds one block more, and all take it over. */
async function decide(stage, ids) {
  const { height } = stage.node(ids.at(-1));
  await stage.mine(ids.at(-1));
  await stage.reach(height + 1);
}

/** All hear each other again, and have the longest chain. */
async function rejoin(stage) {
  const height = Math.max(...stage.up().map((node) => node.height));
  await stage.heal();
  await stage.reach(height);
}

/** The first and the last node mine at once, until neither hears of the other in time. */
async function race(stage, ids) {
  const two = [ids[0], ids.at(-1)];
  for (let tries = 0; tries < RACE_TRIES; tries += 1) {
    const { height } = stage.node(two[0]);
    await stage.send(two.map((id) => ({ id, command: 'mine' })));
    await stage.reach(height + 1);
    await stage.settle();
    if (!stage.isOne()) return;
  }
  throw new Error('each time one node heard of the other block before it found its own; press the button again');
}
