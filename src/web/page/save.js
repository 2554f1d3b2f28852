// Saving and opening recordings: the buttons, and files that are dropped on the page.

import { byId } from './dom.js';
import { Recorded } from './recorded.js';
import { writeRecording } from './recording.js';

/** The number of newest blocks of a live network that are saved with their bytes. */
const WITH_BYTES = 500;

/** Hands what a history holds to the browser, as a file to be kept. */
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

/** Makes the buttons save what `shown()` gives, and passes sources of files that are chosen or dropped to `open`. */
export function handleFiles(shown, open) {
  byId('save').addEventListener('click', () => save(...shown()));
  const choice = byId('open-file');
  byId('open').addEventListener('click', () => choice.click());
  choice.addEventListener('change', () => {
    const [file] = choice.files;
    if (file) open(Recorded.in(file));
    // The same file may be chosen again.
    choice.value = '';
  });
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) open(Recorded.in(file));
  });
}
