import { readdirSync, readFileSync } from 'node:fs';
import { temporal } from '@temporalio/proto';
import { DeterminismViolationError } from '@temporalio/workflow';
import { type ReplayResult, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workflowBundleFromSources } from '../support/workflow-bundle.ts';
import { HISTORIES } from './histories.ts';

/** A change of the workflows that a replication or a move which runs already could not follow fails here; guard it with `patched()`. */

const FILES = readdirSync(HISTORIES).filter((name) => name.endsWith('.json'));

/** One worker replays them all: to begin takes it longer than most histories. */
let replays: AsyncIterator<ReplayResult>;
let next: { readonly workflowId: string; readonly history: temporal.api.history.v1.History };

beforeAll(async () => {
  const given = function* () {
    for (;;) yield next;
  };
  replays = Worker.runReplayHistories({ workflowBundle: await workflowBundleFromSources() }, given());
});
afterAll(async () => {
  await replays.return!();
});

function historyText(file: string): string {
  return readFileSync(new URL(file, HISTORIES), 'utf8');
}

async function replay(text: string): Promise<void> {
  const history = temporal.api.history.v1.History.fromObject(JSON.parse(text) as object);
  const { workflowId } = history.events[0]!.workflowExecutionStartedEventAttributes!;
  next = { workflowId: workflowId!, history };
  const { value } = (await replays.next()) as IteratorYieldResult<ReplayResult>;
  if (value.error) throw value.error;
}

test.each(FILES)('%s replays', async (file) => {
  await replay(historyText(file));
});

test.each([
  ['commands', 'prepare'],
  ['lost', 'raiseEpoch'],
  ['switchover-external', 'takeCut'],
])('a history that the workflow does not follow is found: %s', async (name, activity) => {
  const text = historyText(`0.2.0-${name}.json`);
  expect(text).toContain(`"${activity}"`);
  await expect(replay(text.replaceAll(`"${activity}"`, '"other"'))).rejects.toThrow(DeterminismViolationError);
});
