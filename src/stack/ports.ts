import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { StackError } from './stack-error.ts';

const run = promisify(execFile);

/** @throws StackError naming the first port that something listens on, and who that is where the system tells */
export async function assertPortsFree(ports: readonly number[], wanted: string): Promise<void> {
  for (const port of ports)
    if (!(await isPortFree(port)))
      throw new StackError(
        `port ${port}, wanted for ${wanted}, is in use by ${await portUser(port)}; ` +
          'end that process, or set REPLICATOR_STACK_PORT_BASE to the first of 200 other ports',
      );
}

/** Tries the loopback address and all addresses: a listener on one does not always keep another off the other. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, undefined));
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** For people: `java (process 123)`, or `another process` when the system does not tell. */
export async function portUser(port: number): Promise<string> {
  return (await fromLsof(port)) ?? (await fromSs(port)) ?? 'another process';
}

async function fromLsof(port: number): Promise<string | undefined> {
  const output = await outputOf('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  const found = /^p(\d+)\nc(.+)$/m.exec(output);
  return found ? `${found[2]!} (process ${found[1]!})` : undefined;
}

async function fromSs(port: number): Promise<string | undefined> {
  const found = /"([^"]+)",pid=(\d+)/.exec(await outputOf('ss', ['-ltnpH', `sport = :${port}`]));
  return found ? `${found[1]!} (process ${found[2]!})` : undefined;
}

async function outputOf(command: string, args: string[]): Promise<string> {
  try {
    return (await run(command, args, { timeout: 3000 })).stdout;
  } catch {
    return '';
  }
}
