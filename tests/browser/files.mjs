// Serves the page's files, and other texts, without any node: for tests of the page on a
// recording. The security policy is the one that a node sends.

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../src/web/page', import.meta.url));

const TYPES = { '.html': 'text/html', '.css': 'text/css', '.svg': 'image/svg+xml', '.js': 'text/javascript' };

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
  + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'";

/** A server of the page on a port that the system chooses; `texts` maps paths to further texts. */
export async function serveFiles(texts) {
  const server = http.createServer(async ({ url }, answer) => {
    const { pathname } = new URL(url, 'http://localhost');
    const file = pathname === '/' ? 'index.html' : /^\/page\/([\w.-]+)$/.exec(pathname)?.[1];
    const text = texts[pathname] ?? (file && await readFile(path.join(PAGE, file)).catch(() => null));
    if (!text) return answer.writeHead(404).end();
    const type = TYPES[path.extname(file ?? '')] ?? 'text/plain';
    return answer.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Security-Policy': POLICY }).end(text);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
