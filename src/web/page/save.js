// Saves and opens recordings: the buttons, and files that are dropped on the page.

import { byId } from './dom.js';
import { Recorded } from './recorded.js';
import { writeRecording } from './recording.js';

/** How many of a live network's newest blocks are saved with their bytes. */
const WITH_BYTES = 500;

/** Offers a history as a file to download. */
async function save(history, source) {
  if (source.can.has('older')) {
    await source.older(Math.max(0, history.blocks.top - WITH_BYTES + 1), WITH_BYTES).catch(() => {});
  }
  const url = URL.createObjectURL(new Blob([...writeRecording(history)], { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `cairn-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.jsonl`;
  link.click();
  URL.revokeObjectURL(url);
}

/** Makes the button save the history of `shown()`, and calls `open` with a source for each file that is chosen or dropped. */
export function handleFiles(shown, open) {
  byId('save').addEventListener('click', () => save(...shown()));
  const choice = byId('open-file');
  byId('open').addEventListener('click', () => choice.click());
  choice.addEventListener('change', () => {
    const [file] = choice.files;
    if (file) open(Recorded.in(file));
    // So that the same file can be chosen again.
    choice.value = '';
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) open(Recorded.in(file));
  });
}
