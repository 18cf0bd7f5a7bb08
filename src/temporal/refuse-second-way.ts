import type { Client } from '@temporalio/client';
import { secondWays, secondWayText, type Way } from '../replication/ways.ts';
import { WrongInput } from '../replication/wrong-input.ts';
import { runningReplications } from './running-replications.ts';

/** Within this time of its start a replication is seen by others that start. ms */
const SEEN_WITHIN_MS = 10_000;

/**
 * R7, against the replications that run in the same namespace. Visibility is eventually consistent, so of two that begin at the same time each may
 * be the one that sees the other: whoever does is refused, also both. One that is still starting and began later is none of this one's business: it
 * is refused itself.
 * @param startedAt when this replication began, ms since 1970; left out for one that is about to
 * @throws WrongInput
 */
export async function refuseSecondWay(client: Client, added: Way, startedAt = Infinity): Promise<void> {
  const others = (await runningReplications(client)).filter(
    (other) =>
      other.replication !== added.replication && !(other.isStarting && other.startedAt > startedAt + SEEN_WITHIN_MS),
  );
  const found = secondWays(others, added);
  if (found.length > 0) throw new WrongInput(found.map(secondWayText));
}
