import { isUnderWay, type FlowKnowledge } from '../replication/flow-knowledge.ts';
import type { Cluster } from '../transport/types.ts';
import { ifAllowed } from './allowed.ts';
import { isNewer } from './entry.ts';
import { readJournal } from './journal.ts';

/** What is known of a flow, and what its journals hold. */
export interface Recalled {
  readonly known: FlowKnowledge;
  readonly journaled: FlowKnowledge | undefined;
}

/**
 * What is known best: by the workflow, or by the journals, where a reset or a lost Temporal has rolled the workflow back (R12). Then a
 * new epoch begins, because pumps of the old one may still be at work.
 * @throws TransportError; Error for an entry that a later release wrote
 */
export async function recall(source: Cluster, destination: Cluster, known: FlowKnowledge): Promise<Recalled> {
  const entries = await Promise.all([readJournal(destination, known), ifAllowed(readJournal(source, known))]);
  const journaled = entries.reduce((a, b) => (a && b ? (isNewer(b, a) ? b : a) : (a ?? b)));
  return { known: better(known, journaled), journaled };
}

/** What the workflow knows, or what is journaled where that is newer. */
export function better(known: FlowKnowledge, journaled: FlowKnowledge | undefined): FlowKnowledge {
  if (!journaled || !isNewer(journaled, known)) return known;
  // an entry of a flow that was retired, or noted and withdrawn, does not say where it begins
  const starts = isUnderWay(journaled) ? journaled.starts : known.starts;
  return { ...journaled, starts, epoch: journaled.epoch + 1, revision: 0 };
}

/** Whether two entries say the same, whatever their revision. */
export function saysTheSame(a: FlowKnowledge, b: FlowKnowledge | undefined): boolean {
  const content = ({ epoch, map, histories, starts, primary }: FlowKnowledge) =>
    JSON.stringify([epoch, map, sorted(histories), sorted(starts), primary]);
  return b !== undefined && content(a) === content(b);
}

function sorted(byQueue: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(byQueue).sort(([a], [b]) => (a < b ? -1 : 1));
}
