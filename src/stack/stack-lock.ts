import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { portUser } from './ports.ts';
import { StackError } from './stack-error.ts';

/**
 * A lock that is a listening port: the system frees it when its holder ends, however that ends, so it is never stale.
 * @returns how to release it, or `undefined` when it is taken
 */
export function tryLockPort(port: number): Promise<(() => Promise<void>) | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.unref();
      resolve(() => closed(server));
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) =>
    server.close(() => {
      resolve();
    }),
  );
}

/** Runs `work` while no other command changes the stack of this port. @throws StackError when another one takes over 10 min */
export async function withStackLock<T>(
  port: number,
  progress: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + 600_000;
  let told = false;
  for (;;) {
    const release = await tryLockPort(port);
    if (release)
      try {
        return await work();
      } finally {
        await release();
      }
    const holder = await portUser(port);
    if (Date.now() > deadline)
      throw new StackError(`port ${port}, which guards the stack, is still held by ${holder}; end that process`);
    if (!told) progress(`waiting for ${holder}, which holds port ${port}: another stack command is under way`);
    told = true;
    await delay(200);
  }
}
