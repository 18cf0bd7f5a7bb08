import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { exampleConfig } from '../../../src/stack/example-config.ts';
import { identify } from '../../../src/stack/process-identity.ts';
import {
  logFile,
  runningProcess,
  signalServer,
  startServer,
  stopServer,
  temporaryFolder,
  waitUntilReady,
  type ServerSpec,
} from '../../../src/stack/server.ts';
import { stackDown, stackStatus } from '../../../src/stack/stack.ts';

const home = mkdtempSync(join(tmpdir(), 'replicator-stack-'));
const quiet = () => undefined;
const portBase = 30_000;

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home);
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

test('status says where everything is, also when nothing runs', () => {
  expect(stackStatus({ home, portBase: 19_800 })).toEqual({
    running: false,
    temporal: { address: '127.0.0.1:19833', ui: 'http://127.0.0.1:19834' },
    clusters: {
      east: { nameServers: ['127.0.0.1:19876'], brokers: ['127.0.0.1:19811'], grpc: '127.0.0.1:19881' },
      west: { nameServers: ['127.0.0.1:19976'], brokers: ['127.0.0.1:19911'], grpc: '127.0.0.1:19981' },
    },
    config: join(home, 'replicator.yaml'),
  });
});

test.each(['0', 'x', '65500', '19800.5'])('a port base of %s is refused', (base) => {
  vi.stubEnv('REPLICATOR_STACK_PORT_BASE', base);
  expect(() => stackStatus({ home })).toThrow(/^REPLICATOR_STACK_PORT_BASE is .+; expected the first of 200 ports/);
});

test('the example configuration is valid', async () => {
  const file = join(home, 'replicator.yaml');
  writeFileSync(file, exampleConfig(stackStatus({ home, portBase })));
  const config = await loadConfig(file);
  expect(config.replications.get('orders')).toMatchObject({ source: 'east', destination: 'west', topics: ['orders'] });
});

test('down twice is fine, and a purge leaves what is not the stack’s', async () => {
  const server = nodeServer('east-broker', 'setInterval(() => {}, 1000)');
  await startServer(server);
  writeFileSync(join(home, 'letter.txt'), 'mine');
  await stackDown({ home, portBase, progress: quiet, purge: true });
  await stackDown({ home, portBase, progress: quiet, purge: true });
  expect(readdirSync(home)).toEqual(['letter.txt']);
});

test('a recycled process ID is not killed', async () => {
  const folder = join(home, 'east-broker');
  mkdirSync(folder);
  const other = { ...identify(process.pid)!, started: 'before', ports: [] };
  writeFileSync(join(folder, 'server.json'), JSON.stringify(other));
  expect(await stopServer(folder)).toBe(false);
});

test('a server that ends tells with what', async () => {
  const server = nodeServer('east-broker', 'console.error("no room on disk"); process.exit(3)');
  await startServer(server);
  await expect(waitUntilReady(server)).rejects.toThrow(
    /^east-broker ended; .*server\.log ends with:\n {2}no room on disk$/,
  );
});

test('a server that does not heed SIGTERM is killed', async () => {
  const deaf = nodeServer('deaf', 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)');
  const isReady = () => Promise.resolve(readFileSync(logFile(deaf.folder), 'utf8') === 'up\n');
  await startServer(deaf);
  await waitUntilReady({ ...deaf, isReady });
  const began = performance.now();
  expect(await stopServer(deaf.folder, 200)).toBe(true);
  expect(performance.now() - began).toBeGreaterThan(200);
  expect(await stopServer(deaf.folder)).toBe(false);
});

test('a server leaves its temporary files in its own folder, and finds none of the last one', async () => {
  const script = `require('fs').writeFileSync(require('os').tmpdir() + '/' + process.pid, ''); setInterval(() => {}, 1000)`;
  const server = nodeServer('east-broker', script);
  for (const start of ['first', 'second']) {
    await startServer(server);
    const pid = String(runningProcess(server.folder)!.pid);
    await vi.waitFor(() => {
      expect(readdirSync(temporaryFolder(server.folder)), start).toEqual([pid]);
    });
    signalServer(server.folder, 'SIGKILL');
    await vi.waitFor(() => {
      expect(runningProcess(server.folder)).toBeUndefined();
    });
  }
});

test('a taken port keeps a server from being started', async () => {
  const taken = createServer().listen(portBase + 50, '127.0.0.1');
  await once(taken, 'listening');
  const server = { ...nodeServer('east-broker', ''), ports: [portBase + 50] };
  await expect(startServer(server)).rejects.toThrow(`port ${portBase + 50}, wanted for east-broker, is in use by`);
  taken.close();
  await once(taken, 'close');
});

function nodeServer(name: string, script: string): ServerSpec {
  const folder = join(home, name);
  return {
    name,
    folder,
    ports: [],
    command: process.execPath,
    args: ['-e', script],
    isReady: () => Promise.resolve(false),
  };
}
