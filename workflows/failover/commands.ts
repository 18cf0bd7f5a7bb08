import { ApplicationFailure, sleep, workflowInfo } from '@temporalio/workflow';
import type { CommandInput } from '../../activities/failover/types.ts';
import type { FailoverInput } from '../../src/replication/failover/input.ts';
import { WRONG_INPUT, type CommandAnswer } from '../../src/replication/messages.ts';
import { isFailure } from '../replication/causes.ts';
import { backOff } from '../replication/preparing.ts';
import { attempted, insisted, persistent } from './activities.ts';

/** Under this the replication is held; commands of the holder begin with it. */
function operationId(): string {
  const { workflowId, runId } = workflowInfo();
  return `${workflowId}/${runId}`;
}

/** The holder's name, as the replication's status shows it. */
export function holder({ by }: FailoverInput): string {
  const { workflowId } = workflowInfo();
  return by === undefined ? workflowId : `${workflowId} for ${by}`.slice(0, 200);
}

/** The sole right to command the replication. */
export class Hold {
  readonly #input: FailoverInput;
  #isRefused = false;

  constructor(input: FailoverInput) {
    this.#input = input;
  }

  async take(): Promise<void> {
    const { replication } = this.#input;
    const input = asked(this.#input, operationId(), { by: holder(this.#input) });
    const answer = await attempted.commandReplication({ replication, command: 'hold', input });
    this.#isRefused = !answer.done;
    refuse(replication, 'hold', answer);
  }

  /** For the step that takes it. */
  get undo() {
    return { work: () => this.#giveBack(), mend: `replicator release ${this.#input.replication}` };
  }

  /** On the way back. A hold that was refused is another's; a replication that is gone needs no release. */
  async #giveBack(): Promise<void> {
    if (this.#isRefused) return;
    try {
      await command(this.#input, 'release', {}, persistent);
    } catch (error) {
      if (!isFailure(error, WRONG_INPUT)) throw error;
    }
  }
}

/** A command of the holder, tried until it is answered, by default without a limit. @throws ApplicationFailure with the replication's reason when it refuses */
export async function command(
  failover: FailoverInput,
  name: 'release' | 'raiseEpoch' | 'regain' | 'claimGroups',
  more: Readonly<Record<string, unknown>> = {},
  tried = insisted,
): Promise<void> {
  const { replication } = failover;
  const input = asked(failover, `${operationId()}/${name}`, more);
  refuse(replication, name, await tried.commandReplication({ replication, command: name, input }));
}

/** One that may be refused and asked again; tried for minutes, as long as it is not answered. @param id makes each a command of its own */
export async function ask(
  failover: FailoverInput,
  name: 'noteEnds' | 'placeGroups' | 'reverse',
  more: Readonly<Record<string, unknown>>,
  id: string,
  tried = persistent,
): Promise<CommandAnswer> {
  const input = asked(failover, `${operationId()}/${id}`, more);
  return await tried.commandReplication({ replication: failover.replication, command: name, input });
}

/** Asks again while it is refused for what may pass. @throws ApplicationFailure with the replication's reason, when it refuses for good or for so long */
export async function keepAsking(
  failover: FailoverInput,
  name: 'noteEnds' | 'reverse',
  more: Readonly<Record<string, unknown>>,
  withinMs: number,
  { id = name, tried = persistent }: { readonly id?: string; readonly tried?: typeof persistent } = {},
): Promise<void> {
  const until = Date.now() + withinMs;
  for (let tries = 1; ; tries++) {
    const answer = await ask(failover, name, more, `${id}-${tries}`, tried);
    if (answer.done || answer.passing !== true || Date.now() >= until) {
      refuse(failover.replication, name, answer);
      return;
    }
    await sleep(backOff(tries));
  }
}

function refuse(replication: string, name: string, answer: CommandAnswer): void {
  if (!answer.done)
    throw ApplicationFailure.nonRetryable(`replication ${replication} refuses ${name}: ${answer.reason}`);
}

function asked(
  { by, reason }: FailoverInput,
  operation: string,
  more: Readonly<Record<string, unknown>> = {},
): CommandInput['input'] {
  return { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }), operationId: operation, ...more };
}
