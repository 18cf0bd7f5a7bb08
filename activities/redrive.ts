import { CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { redriveTopic } from '../src/pump/quarantine/redrive.ts';
import type { RedriveResult } from '../src/replication/messages.ts';
import { Attempt } from '../src/temporal/attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { PumpProgress, RedriveInput } from './types.ts';

const HEARTBEAT_MS = 1000;

export async function redrive(dependencies: ActivityDependencies, input: RedriveInput): Promise<RedriveResult> {
  const attempt = new Attempt(Context.current(), dependencies.client);
  let copied = 0;
  let troubles: string[] = [];
  const beating = setInterval(() => {
    attempt.heartbeat({ holder: attempt.number, copied, bytes: 0, blocked: 0, troubles } satisfies PumpProgress);
  }, HEARTBEAT_MS);
  try {
    // a process that was frozen learns here that it was replaced, before it touches a lock
    if ((await attempt.standing()) === 'superseded') throw new Error('another attempt of this redrive has taken over');
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
  } catch (error) {
    if (attempt.isCancelRequested) throw new CancelledFailure('told to stop redriving');
    if (attempt.ended.aborted) throw await attempt.handedOver();
    throw ApplicationFailure.create({ message: error instanceof Error ? error.message : String(error) });
  } finally {
    clearInterval(beating);
  }
}
