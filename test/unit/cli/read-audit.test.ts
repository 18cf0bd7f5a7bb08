import { defaultPayloadConverter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { readAudit } from '../../../src/cli/read-audit.ts';
import type { Temporal } from '../../../src/cli/temporal.ts';
import { GROUPS_REPORT } from '../../../src/replication/group-progress.ts';
import { PUMP_REPORT } from '../../../src/replication/messages.ts';

const DEADLINE_EXCEEDED = 4;

/** A Temporal with this history, and no worker that answers. */
function withoutWorker(events: readonly object[]): Temporal {
  const handle = {
    query: () => Promise.reject(Object.assign(new Error('no answer'), { code: DEADLINE_EXCEEDED })),
    fetchHistory: () => Promise.resolve({ events }),
  };
  const connection = { withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask() };
  return { client: { workflow: { getHandle: () => handle } }, connection } as unknown as Temporal;
}

function signalled(signalName: string, input: object): object {
  const payloads = [defaultPayloadConverter.toPayload(input)];
  return { eventTime: { seconds: 0 }, workflowExecutionSignaledEventAttributes: { signalName, input: { payloads } } };
}

test('without a worker the audit has what was asked, and no reports', async () => {
  const temporal = withoutWorker([
    signalled(PUMP_REPORT, { shard: 0 }),
    signalled('pause', { by: 'kim' }),
    signalled(GROUPS_REPORT, { groups: 1 }),
  ]);
  expect(await readAudit(temporal, 'orders')).toEqual({
    source: 'history',
    entries: [{ at: '1970-01-01T00:00:00.000Z', command: 'pause', by: 'kim', result: 'asked' }],
  });
});
