import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { createQuarantine } from '../src/pump/prepare/create-quarantine.ts';
import { placeStart } from '../src/pump/place-start.ts';
import type { RedirectInput } from '../src/replication/flow-changes.ts';
import { WRONG_INPUT } from '../src/replication/messages.ts';
import { flowGroup } from '../src/replication/names.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { journal } from './journal.ts';

/** See `ControlActivities.redirect`. */
export async function redirect(dependencies: ActivityDependencies, input: RedirectInput): Promise<void> {
  const { known, queue, start, to, onPoison } = input;
  const context = Context.current();
  const source = dependencies.openCluster(known.source);
  const destination = dependencies.openCluster(known.destination);
  if (to) {
    const config = await destination.admin.topicConfig(to.broker, to.topic);
    const queues = Math.max(config?.readQueues ?? 0, config?.writeQueues ?? 0);
    if (to.id >= queues)
      throw ApplicationFailure.nonRetryable(
        `topic ${to.topic} has ${queues} queues on the destination's broker ${to.broker}; expected a queue that exists, found ${to.id}`,
        WRONG_INPUT,
      );
    if (onPoison === 'quarantine') await createQuarantine(destination.admin, known.map);
  }
  await placeStart(source, flowGroup(known), queue, start, context.cancellationSignal);
  await journal(dependencies, known);
}
