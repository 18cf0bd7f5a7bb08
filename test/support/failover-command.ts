import { failoverId, type FailoverStatus } from '../../src/replication/failover/messages.ts';
import { cliOf } from './cli.ts';
import type { LiveReplication } from './live-replication.ts';
import type { TestStack } from './servers.ts';

/** `replicator failover`, as an operator types it. */
export function failoverCommand(stack: TestStack) {
  return (...args: string[]) => cliOf(stack)('failover', ...args);
}

/** What the failover of a replication says of itself. */
export async function failoverStatus(live: LiveReplication): Promise<FailoverStatus> {
  const { client } = await live.handle();
  return await client.getHandle(failoverId(live.name)).query('status');
}

export async function hasDone(live: LiveReplication, step: string): Promise<boolean> {
  const { steps } = await failoverStatus(live);
  return steps.some(({ name, state }) => name === step && state === 'done');
}
