import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { expect, test, vi } from 'vitest';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { pump } from '../../../activities/pump.ts';
import { runPump } from '../../../src/pump/pump.ts';
import { NO_COUNTERS, PUMP_REPORT } from '../../../src/replication/messages.ts';
import type { PumpInput, PumpProgress } from '../../../src/replication/pump-messages.ts';

vi.mock('../../../src/pump/pump.ts', () => ({ runPump: vi.fn(), NAMED_BLOCKED: 100 }));

test('what was told to be blocked stays so when an attempt is handed over before it knew anything of it', async () => {
  vi.mocked(runPump).mockResolvedValue({ ended: 'cancelled', counters: NO_COUNTERS });
  const former: PumpProgress = { holder: 1, copied: 0, bytes: 0, blocked: 1, blockedQueues: ['b'], troubles: [] };
  const heartbeat = vi.fn();
  const signal = vi.fn();
  const context = {
    info: {
      ...{ attempt: 2, activityId: '1', taskToken: new Uint8Array(), heartbeatDetails: former },
      workflowExecution: { workflowId: 'w', runId: 'r' },
    },
    ...{ cancellationSignal: new AbortController().signal, cancellationDetails: { cancelRequested: false }, heartbeat },
  } as unknown as Context;
  const dependencies = {
    identity: 'worker',
    openCluster: () => undefined,
    client: {
      withDeadline: (_: number, call: () => Promise<void>) => call(),
      workflow: { getHandle: () => ({ signal }) },
    },
  } as unknown as ActivityDependencies;

  const input = { source: 'east', shard: 0, blocked: ['a'] } as unknown as PumpInput;
  await expect(asyncLocalStorage.run(context, () => pump(dependencies, input))).rejects.toThrow('handed over');
  expect(vi.mocked(runPump).mock.lastCall?.[0]).toMatchObject({ blocked: ['a', 'b'] });
  expect(heartbeat).toHaveBeenCalledWith(expect.objectContaining({ blocked: 2, blockedQueues: ['a', 'b'] }));
  expect(signal).toHaveBeenCalledWith(PUMP_REPORT, expect.objectContaining({ blocked: [], unseen: ['a', 'b'] }));
});
