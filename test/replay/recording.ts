import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { WorkflowHandle } from '@temporalio/client';
import { eventually } from '../support/eventually.ts';
import type { ReplicationUnderTest } from '../support/replication-rig.ts';
import { HISTORIES } from './histories.ts';

/** What is nobody's business, or only large. */
const LEFT_OUT = new Set(['identity', 'requestId', 'stackTrace', 'taskId', 'workerVersion']);

/**
 * Of the histories that are recorded now. The tests `record*.test.ts` record what `replay.test.ts` replays, from workflows on a real Temporal
 * server. Run on released code only:
 *
 *     REPLICATOR_RECORD=0.2.0 npx vitest run test/replay/record
 *
 * adds `histories/0.2.0-*.json`. Histories that are there already are never recorded anew: they are what running workflows look like.
 */
const release = process.env.REPLICATOR_RECORD;

/** Records a workflow's history, one event a line. */
export async function save(name: string, handle: WorkflowHandle): Promise<void> {
  const { events } = (await handle.fetchHistory()) as { events: unknown[] };
  const lines = events.map((event) =>
    JSON.stringify(event, (key, value: unknown) => (LEFT_OUT.has(key) ? undefined : value)),
  );
  const text = `{"events":[\n${lines.join(',\n')}\n]}\n`.replaceAll(`${process.pid}@${hostname()}`, 'worker');
  await writeFile(new URL(`${release}-${name}.json`, HISTORIES), text, { flag: 'wx' }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

/** Has the run grow until it continues as new. */
export async function nextRun(replication: ReplicationUnderTest): Promise<void> {
  const before = await replication.runId();
  await eventually(30_000, async () => {
    if ((await replication.runId()) !== before) return true;
    await replication.handle.signal('pumpReport', {});
    return false;
  });
}
