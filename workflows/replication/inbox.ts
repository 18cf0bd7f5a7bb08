import type { Command } from '../../src/replication/commands.ts';
import type { CommandAnswer, CommandName } from '../../src/replication/messages.ts';
import { resultText } from './answers.ts';
import { record, refuse, remember, type Task } from './task.ts';

/** A command on its way through the replication. */
export interface Operation {
  /** The asker's `operationId`, else one of our own. */
  readonly id: string;
  readonly name: CommandName;
  answer?: CommandAnswer;
}

interface Waiting extends Operation {
  readonly command: Command;
}

/** Signals that nobody can carry out quickly enough must not fill the workflow's state. */
const MOST_WAITING = 100;

/** Commands wait here, in the order in which they came, until the one loop takes them. */
export class Inbox {
  readonly #task: Task;
  readonly #now: () => string;
  readonly #waiting: Waiting[] = [];
  #current: Waiting | undefined;

  constructor(task: Task, now: () => string) {
    this.#task = task;
    this.#now = now;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The same `operationId` again is the same operation, whether it waits, is being carried out, or is done. */
  put(command: Command): Operation {
    const { operationId } = command.input;
    const known = operationId === undefined ? undefined : this.#find(operationId);
    if (known) return known.name === command.name ? known : this.#refuseReuse(command, known);
    const id = operationId ?? `${command.name}-${++this.#task.operationsBegun}`;
    const operation: Waiting = { id, name: command.name, command };
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(operation);
    else
      this.#settle(operation, { done: false, reason: `${MOST_WAITING} commands are waiting already; try again later` });
    return operation;
  }

  /** Takes the oldest command, has it carried out and keeps the answer. */
  async executeNext(execute: (command: Command) => Promise<CommandAnswer>): Promise<void> {
    this.#current = this.#waiting.shift();
    if (!this.#current) return;
    this.#settle(this.#current, await execute(this.#current.command));
    this.#current = undefined;
  }

  #settle(operation: Waiting, answer: CommandAnswer): void {
    operation.answer = answer;
    const { name, input } = operation.command;
    if (answer.done) record(this.#task, name, input, resultText(answer), this.#now());
    else refuse(this.#task, name, input, answer.reason, this.#now());
    remember(this.#task, { operationId: operation.id, command: name, answer });
  }

  #find(operationId: string): Operation | undefined {
    const pending = [this.#current, ...this.#waiting].find((operation) => operation?.id === operationId);
    if (pending) return pending;
    const answered = this.#task.answers.findLast((known) => known.operationId === operationId);
    return answered && { id: operationId, name: answered.command, answer: answered.answer };
  }

  #refuseReuse(command: Command, known: Operation): Operation {
    const reason = `operationId ${known.id} was already used for ${known.name}; choose another`;
    refuse(this.#task, command.name, command.input, reason, this.#now());
    return { id: known.id, name: command.name, answer: { done: false, reason } };
  }
}
