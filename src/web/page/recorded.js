// A recording as a source of changes (source.js).

import { MAX_BYTES, BadRecording, readRecording } from './recording.js';

/** A recording, from an address or from a file. */
export class Recorded {
  /** `load()` is a promise of the recording's text. */
  constructor(name, load) {
    this.title = `recording ${name}`;
    // It takes no commands, and answers no questions.
    this.can = new Set();
    this.load = load;
  }

  /** A recording at an address of the server that the page came from. */
  static at(address) {
    if (!URL.canParse(address, location.href)) throw new BadRecording('its address is not valid');
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) {
      throw new BadRecording('it is at another address than this page: save it, and drop the file on the page');
    }
    return new Recorded(url.pathname.split('/').at(-1), async () => {
      const answer = await fetch(url);
      if (!answer.ok) throw new BadRecording(`there is no recording at ${url.pathname}: ${answer.status}`);
      return textOf(answer.body);
    });
  }

  /** A recording in a file that was dropped on the page. */
  static in(file) {
    return new Recorded(file.name, () => textOf(file.stream()));
  }

  async start(tell) {
    const changes = readRecording(await this.load());
    if (this.isStopped) return;
    changes.forEach(tell);
    if (changes.at(-1)?.why === 'full') this.title += ', which ends when its file was full';
  }

  stop() {
    this.isStopped = true;
  }
}

/** The text of a stream that may be too long. */
async function textOf(stream) {
  const decoder = new TextDecoder();
  let [text, length] = ['', 0];
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > MAX_BYTES) throw new BadRecording(`it is longer than ${MAX_BYTES / 1024 / 1024} MiB`);
    text += decoder.decode(value, { stream: true });
  }
}
