// Commands on their way to the nodes.

import { nodesOf } from './groups.js';

/** `source()` carries commands out, `live()` is the current model, `say` reports refusals. */
export class Commands {
  constructor({ source, live, say }) {
    Object.assign(this, { source, live, say });
    this.sending = Promise.resolve();
  }

  /**
   * Carries commands {id, command, detail} out, all at once. Commands that depend on
   * the state of the nodes are a function of the nodes, which is called once all
   * earlier commands are done.
   */
  send(commands) {
    const isLater = typeof commands === 'function';
    const sent = isLater ? this.sending.then(() => this.carryOut(commands(nodesOf(this.live())))) : this.carryOut(commands);
    this.sending = Promise.all([this.sending, sent]);
    return sent;
  }

  async carryOut(commands) {
    const source = this.source();
    const results = await Promise.allSettled(commands.map(({ id, command, detail }) => source.command(id, command, detail)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) this.say(`That did not work: ${failed.reason.message}`);
  }
}
