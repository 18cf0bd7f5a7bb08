import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { downloadTemporalCli } from '../../../../src/stack/fetch/temporal-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'replicator-download-'));
const target = join(folder, 'target');

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('unpacks the archive of this platform', async () => {
  const archive = archiveWithCli();
  let asked = '';
  await withServer(
    (request, response) => {
      asked = request.url ?? '';
      response.end(archive);
    },
    (url) => downloadTemporalCli(url, target, 5000),
  );
  expect(asked).toMatch(new RegExp(`^/v1\\.5\\.1\\?platform=${process.platform}&arch=(amd64|arm64)$`));
  expect(readdirSync(target)).toEqual(['temporal']);
});

test('gives up when nothing comes, and on an answer that is no archive', async () => {
  mkdirSync(target, { recursive: true });
  await withServer(
    () => undefined,
    (url) => expect(downloadTemporalCli(url, target, 200)).rejects.toThrow('timeout'),
  );
  await withServer(
    (_request, response) => response.end('<html>'),
    (url) => expect(downloadTemporalCli(url, target, 5000)).rejects.toThrow('tar'),
  );
  await withServer(
    (_request, response) => response.writeHead(404).end(),
    (url) => expect(downloadTemporalCli(url, target, 5000)).rejects.toThrow('answered 404'),
  );
});

function archiveWithCli(): Buffer {
  mkdirSync(target, { recursive: true });
  writeFileSync(join(folder, 'temporal'), '#!/bin/sh\necho temporal version\n');
  chmodSync(join(folder, 'temporal'), 0o755);
  execFileSync('tar', ['-czf', 'archive.tar.gz', 'temporal'], { cwd: folder });
  return readFileSync(join(folder, 'archive.tar.gz'));
}

async function withServer(listener: RequestListener, use: (url: string) => Promise<unknown>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
