import { retireFlow } from '../src/pump/retire-flow.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { RetireInput } from './types.ts';

export async function retire({ openCluster }: ActivityDependencies, input: RetireInput): Promise<void> {
  await retireFlow(input.replication, openCluster(input.source), openCluster(input.destination), input.topics);
}
