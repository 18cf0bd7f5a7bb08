import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { assertPortsFree, isPortFree } from '../../../src/stack/ports.ts';
import { tryLockPort } from '../../../src/stack/stack-lock.ts';

test.each(['127.0.0.1', '0.0.0.0', '::'])('a listener on %s makes a port taken, and it is named', async (host) => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await isPortFree(port)).toBe(false);
  await expect(assertPortsFree([port], 'east-broker')).rejects.toThrow(
    new RegExp(
      `^port ${port}, wanted for east-broker, is in use by .+; end that process, or set REPLICATOR_STACK_PORT_BASE`,
    ),
  );
  server.close();
  await once(server, 'close');
  expect(await isPortFree(port)).toBe(true);
});

test('a locked port cannot be locked again until it is released', async () => {
  const port = await freePort();
  const release = await tryLockPort(port);
  expect(release).toBeDefined();
  expect(await tryLockPort(port)).toBeUndefined();
  await release!();
  const again = await tryLockPort(port);
  expect(again).toBeDefined();
  await again!();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
