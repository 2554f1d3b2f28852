// The picture in the README: the race of the demo, on the usual ports.

import { Nodes } from './network.mjs';
import { Visitor, launch } from './visitor.mjs';

const nodes = await Nodes.start(process.env.CAIRN, { ports: [7000, 8000, 9000] });
const browser = await launch();
try {
  const visitor = await Visitor.open(browser, nodes.url(7000), '../../docs', { viewport: { width: 1280, height: 820 } });
  // A few blocks by each node, so that there is something to see.
  await visitor.reads('.tree-panel', /#7/, 90_000);
  await visitor.press('Demo: fork');
  await visitor.reads('#badge', /^Fork$/);
  await visitor.restsBesideOneBlock([8000, 9000]);
  await visitor.picture('page');
} finally {
  await browser.close();
  await nodes.stop();
}
