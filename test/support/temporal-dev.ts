import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { temporalCli } from '../../src/stack/fetch/temporal-cli.ts';
import { eventually } from './eventually.ts';

/** A Temporal dev server for one test file, in memory, on a port of its own. */
export interface TemporalDev {
  readonly address: string;
  readonly client: Client;
  readonly connection: Connection;
  stop(): Promise<void>;
}

/**
 * @param suggestContinueAsNew history events from which on the server suggests to continue as new (its default is 4096)
 */
export async function startTemporalDev(suggestContinueAsNew = 4096): Promise<TemporalDev> {
  const cli = await (
    await temporalCli()
  )((line) => {
    process.stderr.write(`${line}\n`);
  });
  const port = await freePort();
  const server = spawn(
    cli,
    [
      ...['server', 'start-dev', '--headless', '--log-level', 'error', '--ip', '127.0.0.1', '--port', String(port)],
      ...['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${suggestContinueAsNew}`],
    ],
    { stdio: 'ignore' },
  );
  // also where a test file ends without a `stop`
  process.once('exit', () => server.kill('SIGKILL'));
  const ended = once(server, 'exit');
  const address = `127.0.0.1:${port}`;
  const connection = await eventually(30_000, () => Connection.connect({ address, connectTimeout: '2s' }));
  const client = new Client({ connection });
  await eventually(30_000, () => connection.workflowService.describeNamespace({ namespace: 'default' }));
  return {
    address,
    client,
    connection,
    stop: async () => {
      await connection.close();
      server.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
