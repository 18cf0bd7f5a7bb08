import { forgetFlow } from '../src/journal/forget.ts';
import { retireFlow } from '../src/pump/retire-flow.ts';
import type { RetireInput } from '../src/replication/flow-changes.ts';
import type { ActivityDependencies } from './dependencies.ts';

export async function retire({ openCluster }: ActivityDependencies, input: RetireInput): Promise<void> {
  const source = openCluster(input.source);
  const destination = openCluster(input.destination);
  await retireFlow(input.replication, source, destination, input.topics);
  await forgetFlow(source, destination, input.replication);
}
