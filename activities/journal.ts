import { writeJournal } from '../src/journal/journal.ts';
import type { FlowKnowledge } from '../src/replication/flow-knowledge.ts';
import { TransportError } from '../src/transport/errors.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * Journals on both clusters. A source that refuses (it may be read-only for us) goes without. The destination comes last: its journal
 * decides, because whoever may not write there does not copy either.
 */
export async function journal({ openCluster }: ActivityDependencies, known: FlowKnowledge): Promise<void> {
  try {
    await writeJournal(openCluster(known.source), known);
  } catch (error) {
    if (!(error instanceof TransportError && error.answered && !error.retryable)) throw error;
  }
  await writeJournal(openCluster(known.destination), known);
}
