import { Context } from '@temporalio/activity';
import { redriveTopic } from '../src/pump/quarantine/redrive.ts';
import type { RedriveInput } from '../src/replication/flow-changes.ts';
import type { RedriveResult } from '../src/replication/messages.ts';
import type { PumpProgress } from '../src/replication/pump-messages.ts';
import { Attempt } from '../src/temporal/attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAttempt } from './run-attempt.ts';

export async function redrive(dependencies: ActivityDependencies, input: RedriveInput): Promise<RedriveResult> {
  const attempt = new Attempt(Context.current(), dependencies.client);
  let copied = 0;
  let troubles: string[] = [];
  const progress = (): PumpProgress => ({ holder: attempt.number, copied, bytes: 0, blocked: 0, troubles });
  return await runAttempt(attempt, progress, async () => {
    await attempt.assertCurrent();
    return await redriveTopic(input, {
      source: dependencies.openCluster(input.source),
      destination: dependencies.openCluster(input.destination),
      owner: attempt.owner,
      formerOwners: attempt.formerOwners,
      redrive: attempt.pump,
      budget: dependencies.budget,
      onWait: (reason) => {
        troubles = [reason];
      },
      onProgress: (redriven) => {
        copied = redriven;
        troubles = [];
      },
      signal: attempt.ended,
    });
  });
}
