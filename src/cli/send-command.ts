import { redriveText, type CommandAnswer, type CommandName } from '../replication/messages.ts';
import { CommandFailed } from './failure.ts';
import { asked, type ChangeOptions } from './options.ts';
import { note, print } from './output.ts';
import {
  innermost,
  isBusy,
  isNoWorker,
  isUnknownWorkflow,
  replicationHandle,
  withTemporal,
  type Temporal,
} from './temporal.ts';

/** The workflow answers within 30 s of taking the command. ms */
const ANSWER_MS = 35_000;
const NOTE_AFTER_MS = 3_000;

/**
 * Sends a command to a replication as an update and prints the answer.
 * @throws CommandFailed when it is refused, nobody works for the replication, or there is no such replication
 */
export async function sendCommand(
  command: CommandName,
  name: string,
  options: ChangeOptions,
  input: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const answer = await withTemporal((temporal) => update(temporal, command, name, { ...asked(options), ...input }));
  if (!answer.done) {
    const operation = answer.operation === undefined ? '' : ` (operation ${answer.operation})`;
    throw new CommandFailed(`replication ${name}: ${answer.reason}${operation}`);
  }
  const result = answer.redrive ? `, ${redriveText(answer.redrive)}` : '';
  print(options, { name, ...answer }, `replication ${name}: ${answer.state}${result}`);
}

/** @throws CommandFailed when its shape is refused, nobody works for the replication, or there is no such replication */
export async function update(
  temporal: Temporal,
  command: CommandName,
  name: string,
  input: object,
): Promise<CommandAnswer> {
  const waiting = setTimeout(() => {
    note(`no answer yet from replication ${name}; waiting up to ${ANSWER_MS / 1000} s`);
  }, NOTE_AFTER_MS);
  try {
    return await temporal.connection.withDeadline(Date.now() + ANSWER_MS, () =>
      replicationHandle(temporal, name).executeUpdate<CommandAnswer, [object]>(command, { args: [input] }),
    );
  } catch (error) {
    if (isUnknownWorkflow(error)) throw notRunning(temporal, name, error);
    if (isNoWorker(error))
      throw new CommandFailed(
        `no worker answered ${command} for replication ${name} within ${ANSWER_MS / 1000} s. Start one with replicator worker; the ` +
          `command may be carried out then, so look at replicator status ${name} before you give it again`,
        { cause: error },
      );
    if (isBusy(error))
      throw new CommandFailed(
        `replication ${name} has ten commands under way already, and Temporal takes no more; replicator status ${name} shows what it does`,
        { cause: error },
      );
    if (error instanceof Error && error.name === 'WorkflowUpdateFailedError')
      throw new CommandFailed(`replication ${name} refuses ${command}: ${innermost(error).message}`, { cause: error });
    throw error;
  } finally {
    clearTimeout(waiting);
  }
}

export function notRunning({ address, namespace }: Temporal, name: string, cause?: unknown): CommandFailed {
  return new CommandFailed(
    `replication ${name} does not run in namespace ${namespace} of Temporal at ${address}; ` +
      `replicator status lists those that do, replicator start ${name} starts it`,
    { cause },
  );
}
