import { readdirSync, readFileSync } from 'node:fs';
import { temporal } from '@temporalio/proto';
import { DeterminismViolationError } from '@temporalio/workflow';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { workflowBundleFromSources } from '../support/replication-rig.ts';
import { HISTORIES } from './histories.ts';

/** A change of the workflow that a replication which runs already could not follow fails here; guard it with `patched()`. */

const FILES = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

function historyText(file: string): string {
  return readFileSync(new URL(file, HISTORIES), 'utf8');
}

async function replay(text: string): Promise<void> {
  const workflowBundle = await workflowBundleFromSources();
  const history = temporal.api.history.v1.History.fromObject(JSON.parse(text) as object);
  const { workflowId } = history.events[0]!.workflowExecutionStartedEventAttributes!;
  await Worker.runReplayHistory({ workflowBundle }, history, workflowId!);
}

test.each(FILES)('%s replays', async (file) => {
  await replay(historyText(file));
});

test('a history that the workflow does not follow is found', async () => {
  const file = FILES.find((name) => name.endsWith('-commands.json'))!;
  const other = historyText(file).replaceAll('"prepare"', '"prepared"');
  await expect(replay(other)).rejects.toThrow(DeterminismViolationError);
});
