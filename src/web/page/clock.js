// The clock of a network that has its own time, and the commands that such a network takes.
//
// A source's `clock` is {isReady, isRunning, isOver, speed, reached, trouble, time, run(), stop(),
// setSpeed(times)}: `time` is in milliseconds since the start. `reached` is the real speed
// if this machine is too slow for the chosen one, else null. `trouble` is the reason why
// the clock stopped by itself. The clock takes no calls until it `isReady`. The source
// itself has step(), which goes to the next interesting event, rewound(ms), a source of
// the same network that much earlier, its `address()` for others, and its settings {seed,
// nodes, isCampaign, mining}. If its nodes mine for real it has the `rate()` in hashes a
// second, and a campaign has its `traceHash()`.

import { byId, html, setText } from './dom.js';
import { nodesOf } from './groups.js';

/** `75_000` -> `1 min 15.0 s`; `3_675_000` -> `1 h 1 min 15 s` */
export function tellClock(ms) {
  const seconds = Math.floor(ms / 100) / 10;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = (seconds % 60).toFixed(hours > 0 ? 0 : 1);
  return `${hours > 0 ? `${hours} h ` : ''}${hours > 0 || minutes > 0 ? `${minutes} min ` : ''}${rest} s`;
}

/** `5_340_000` -> `5.3 million` */
export function tellRate(rate) {
  if (rate < 1e6) return Math.round(rate).toLocaleString('en');
  return `${(rate / 1e6).toFixed(1)} million`;
}

function wordsOf({ trouble, reached }, rate) {
  if (rate) return `The nodes mine for real: ${tellRate(rate)} hashes a second on this machine.`;
  if (trouble) return `It stands still: ${trouble}.`;
  return reached === null ? '' : `This machine reaches ${Math.round(reached)} ×.`;
}

/** The panel. `source()` is the source shown, `open(source)` shows another, `send(orders)` carries orders out. */
export class Clock {
  constructor({ source, open, send, say }) {
    Object.assign(this, { source, open, send, say });
    this.press('clock-run', ({ clock }) => (clock.isRunning ? clock.stop() : clock.run()));
    this.press('clock-step', (from) => from.step());
    const back = [...document.querySelectorAll('[data-back]')];
    this.others = [...back, byId('share-world'), byId('trace-hash')];
    for (const button of back) {
      button.addEventListener('click', () => this.open(this.source().rewound(Number(button.dataset.back))));
    }
    byId('clock-speed').addEventListener('change', ({ target }) => this.source().clock.setSpeed(Number(target.value)));
    byId('world').addEventListener('submit', (event) => this.begin(event));
    byId('world-kind').addEventListener('change', () => this.drawForm());
    byId('liar').addEventListener('change', ({ target }) => this.send([{ id: null, command: 'liar', detail: target.checked }]));
    byId('machine').addEventListener('submit', (event) => {
      event.preventDefault();
      this.send([{ id: byId('machine-node').value, command: 'speed', detail: Number(byId('machine-speed').value) }]);
    });
    this.press('machine-crash', () => this.send([{ id: byId('machine-node').value, command: 'crash' }]));
    // A demo waits for its effects, so the clock must run.
    for (const id of ['demo', 'demo-steps']) byId(id).addEventListener('click', () => this.source().clock?.run());
    this.press('share-world', (from) => this.share(from));
    this.press('trace-hash', (from) => setText(byId('trace-words'), from.traceHash()));
  }

  press(id, act) {
    byId(id).addEventListener('click', () => {
      act(this.source());
      this.update({ ...this.scene, source: this.source() });
    });
  }

  /** Opens another network, from its start: the address describes all of it. */
  begin(event) {
    event.preventDefault();
    const seed = byId('world-seed').value || '1';
    const nodes = byId('world-nodes').value || '3';
    const bits = byId('world-bits').value || '24';
    const fragments = { seed: `#seed=${seed}&nodes=${nodes}`, campaign: `#campaign=${seed}`, mining: `#mining=${bits}&nodes=${nodes}` };
    const fragment = fragments[byId('world-kind').value];
    if (location.hash !== fragment) location.hash = fragment;
    else this.open(null);
  }

  async share(from) {
    const url = new URL(from.address(), location.href);
    url.search = '';
    history.replaceState(null, '', url.hash);
    const isCopied = await navigator.clipboard?.writeText(url.href).then(() => true, () => false);
    setText(byId('share-words'), isCopied ? 'Copied: the link shows others the same story.' : 'The link is in the address bar: it shows others the same story.');
  }

  update(scene) {
    this.scene = scene;
    const { source, model, isLocked } = scene;
    if (!source.can.has('clock')) return;
    const { clock, settings } = source;
    setText(byId('clock-time'), tellClock(clock.time) + (clock.isOver ? ', its end' : ''));
    setText(byId('clock-words'), wordsOf(clock, source.rate?.()));
    setText(byId('clock-run'), clock.isRunning ? 'Stop the clock' : 'Run');
    byId('clock-run').disabled = byId('clock-step').disabled = !clock.isReady || clock.isOver;
    for (const button of this.others) button.disabled = !clock.isReady;
    this.drawSpeed(clock);
    if (!settings) return;
    byId('liar').checked = source.hasLiar;
    byId('trace-row').hidden = !settings.isCampaign;
    for (const id of ['liar', 'machine-node', 'machine-speed', 'machine-set', 'machine-crash']) byId(id).disabled = isLocked;
    this.drawNodes(nodesOf(model));
    this.drawForm(settings);
  }

  /** Shows the speed. An address may name one that is not in the list. */
  drawSpeed({ speed }) {
    const choice = byId('clock-speed');
    if (document.activeElement === choice || choice.value === String(speed)) return;
    const isListed = [...choice.options].some(({ value }) => value === String(speed));
    if (!isListed) choice.append(html('option', { value: speed }, `${speed} ×`));
    choice.value = String(speed);
  }

  drawNodes(nodes) {
    const ids = nodes.map(({ id }) => id).join();
    if (ids === this.ids) return;
    this.ids = ids;
    const choice = byId('machine-node');
    const { value } = choice;
    choice.replaceChildren(...nodes.map(({ id, name }) => html('option', { value: id }, name)));
    if (nodes.some(({ id }) => id === value)) choice.value = value;
  }

  /** Fills in the form with the settings of the network shown, once for each network. */
  drawForm(settings) {
    if (settings && settings !== this.settings) {
      this.settings = settings;
      byId('world-seed').value = String(settings.seed);
      byId('world-nodes').value = settings.nodes;
      byId('world-kind').value = settings.isCampaign ? 'campaign' : settings.mining > 0 ? 'mining' : 'seed';
      if (settings.mining > 0) byId('world-bits').value = settings.mining;
      setText(byId('trace-words'), '');
      setText(byId('share-words'), '');
    }
    const kind = byId('world-kind').value;
    byId('world-seed-row').hidden = kind === 'mining';
    byId('world-nodes-row').hidden = kind === 'campaign';
    byId('world-bits-row').hidden = kind !== 'mining';
  }
}
