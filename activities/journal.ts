import { setTimeout as sleep } from 'node:timers/promises';
import { ifAllowed } from '../src/journal/allowed.ts';
import { isNewer } from '../src/journal/entry.ts';
import { readJournal, writeJournal } from '../src/journal/journal.ts';
import type { FlowKnowledge } from '../src/replication/flow-knowledge.ts';
import { supersede } from '../src/journal/supersede.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** A source that has not answered by then may be lost. ms */
const LOST_AFTER_MS = 5000;

/**
 * Journals on both clusters. A source that refuses (it may be read-only for us) goes without. The destination comes last: its journal
 * decides, because whoever may not write there does not copy either.
 */
export async function journal({ openCluster }: ActivityDependencies, known: FlowKnowledge): Promise<void> {
  await ifAllowed(writeJournal(openCluster(known.source), known));
  await writeJournal(openCluster(known.destination), known);
}

/** The destination's journal decides; one that a lost source lacks is not missed, because the newer of both counts. */
export async function raiseEpoch(
  { openCluster }: ActivityDependencies,
  known: FlowKnowledge,
  back?: FlowKnowledge,
): Promise<void> {
  const write = async (cluster: string) => {
    if (back) await supersede(openCluster(cluster), back);
    await writeJournal(openCluster(cluster), known);
  };
  await write(known.destination);
  await Promise.race([write(known.source).catch(() => undefined), sleep(LOST_AFTER_MS)]);
}

/** The side that is to be served decides; one that a lost cluster lacks is not missed, because the newer of both counts. */
export async function journalBack({ openCluster }: ActivityDependencies, back: FlowKnowledge): Promise<void> {
  await supersede(openCluster(back.source), back);
  const other = supersede(openCluster(back.destination), back).catch(() => undefined);
  await Promise.race([other, sleep(LOST_AFTER_MS)]);
}

/** Appends what is journaled already, before it expires; never behind something newer, which a reset may have made a workflow forget. */
export async function renewJournal(dependencies: ActivityDependencies, known: FlowKnowledge): Promise<void> {
  const journaled = await readJournal(dependencies.openCluster(known.destination), known);
  if (!journaled || !isNewer(journaled, known)) await journal(dependencies, known);
}
