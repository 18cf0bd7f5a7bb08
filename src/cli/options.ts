import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';
import type { Asked } from '../replication/messages.ts';
import { REPLICATION_NAME } from '../replication/names.ts';

/** Options that every command takes, wherever they stand on the line. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Options of the commands that change something. */
export interface ChangeOptions extends CommonOptions {
  readonly by?: string;
  readonly reason?: string;
}

export function changing(command: Command): Command {
  return command
    .option('--by <who>', 'who asks for it, for the audit', defaultUser())
    .option('--reason <why>', 'why, for the audit');
}

function defaultUser(): string {
  return process.env.USER ?? userInfo().username;
}

/** Who asks and why, with an ID of its own: the same command is carried out once however often it is delivered. */
export function asked({ by, reason }: ChangeOptions): Asked {
  return {
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
    operationId: randomUUID(),
  };
}

/** Options that name a blocked queue. */
export interface BlockedQueueOptions extends ChangeOptions {
  readonly topic: string;
  readonly queue: number;
  readonly source?: string;
  readonly broker?: string;
}

export function blockedQueue(command: Command): Command {
  return command
    .argument('<name>', 'replication', replicationName)
    .requiredOption('--topic <topic>', 'topic of the blocked queue')
    .requiredOption('--queue <number>', 'number of the blocked source queue', wholeNumber)
    .option('--source <cluster>', 'its cluster, where the queue is blocked in both directions')
    .option('--broker <broker>', 'its broker, where several have a blocked queue of this number');
}

/** The name of a replication, as an argument. */
export function replicationName(text: string): string {
  if (!REPLICATION_NAME.test(text))
    throw new InvalidArgumentError('Expected the name of a replication: letters, digits and -, at most 48.');
  return text;
}

/** A queue number or an offset. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Expected a whole number, 0 or more.');
  return value;
}

/** How often something is to be done. */
export function atLeastOne(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('Expected a whole number, 1 or more.');
  return value;
}

/** A time of a tenth of a second to a day. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 0.1 || value > 86_400)
    throw new InvalidArgumentError('Expected seconds, 0.1 to 86400.');
  return value;
}
