// A shape and a colour for each miner, always shown with its name.
//
// Shape and name carry the meaning; colour only repeats it.

/** Shapes as SVG path data in a box from -1 to 1, in the order of use. */
const SHAPES = [
  { name: 'circle', path: 'M0-1A1 1 0 1 1 0 1A1 1 0 1 1 0-1Z' },
  { name: 'square', path: 'M-.88-.88H.88V.88H-.88Z' },
  { name: 'triangle', path: 'M0-1L1 .82H-1Z' },
  { name: 'diamond', path: 'M0-1.1L1.1 0L0 1.1L-1.1 0Z' },
  { name: 'cross', path: 'M-.35-1H.35V-.35H1V.35H.35V1H-.35V.35H-1V-.35H-.35Z' },
  { name: 'hexagon', path: 'M-.5-.9H.5L1 0L.5 .9H-.5L-1 0Z' },
  { name: 'star', path: 'M0-1.1L.3-.35L1.1-.3L.45 .2L.68 1L0 .55L-.68 1L-.45 .2L-1.1-.3L-.3-.35Z' },
  { name: 'arrow', path: 'M-1-.5H0V-1L1 0L0 1V.5H-1Z' },
];

/** The mark of the genesis block, which no node of this network mined. */
const GENESIS = { name: 'stone', path: 'M-1 .5C-1-.2-.6-.8 0-.8S1-.2 1 .5C1 .9-1 .9-1 .5Z', colour: 'none' };

/** The mark of a miner that is not one of the nodes. */
const STRANGER = { name: 'ring', path: 'M0-1A1 1 0 1 1 0 1A1 1 0 1 1 0-1ZM0-.5A.5 .5 0 1 0 0 .5A.5 .5 0 1 0 0-.5Z', colour: 'none' };

/**
 * The mark of a miner: its shape and the class of its colour. `miners` are those of the
 * network, sorted; any other miner is a stranger.
 */
export function markOf(miner, miners) {
  const index = miners.indexOf(miner);
  if (index < 0) return STRANGER;
  const shape = SHAPES[index % SHAPES.length];
  // After eight nodes the shapes repeat, with other colours.
  const colour = (index + Math.floor(index / SHAPES.length) * 3) % SHAPES.length;
  return { ...shape, colour: String(colour) };
}

/** The mark of a block: its miner's, or the stone of the genesis block. */
export function markOfBlock(block, miners) {
  return block.height === 0 ? GENESIS : markOf(block.miner, miners);
}
