// Serves the built site as any web server would, under a separate path, and notes the
// requests.

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.svg': 'image/svg+xml', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** A server of a folder on a port that the system chooses, at /cairn/; `texts` maps paths to further texts. */
export async function serveSite(folder, texts = {}) {
  const server = http.createServer(async ({ url }, answer) => {
    const { pathname } = new URL(url, 'http://localhost');
    const name = /^\/cairn\/((?:[\w-]+\/)*[\w.-]*)$/.exec(pathname)?.[1];
    const file = name === '' ? 'index.html' : name;
    const found = texts[pathname] ?? (file === undefined ? null : await readFile(path.join(folder, file)).catch(() => null));
    if (pathname === '/favicon.ico') return answer.writeHead(204).end();
    if (found === null) return answer.writeHead(404).end();
    return answer.writeHead(200, { 'Content-Type': TYPES[path.extname(file ?? '.html')] ?? 'text/html' }).end(found);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, url: `${origin}/cairn/`, close: () => server.close() };
}
