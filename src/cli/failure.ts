import { ConfigError } from '../config/config-error.ts';
import type { FailoverResult } from '../replication/failover/messages.ts';

/** A command failed in a way that its message explains completely: what, where, what was expected, what to do. */
export class CommandFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailed';
  }
}

/** A failover did not arrive where it should; its result says what was done. */
export class FailoverFailed extends CommandFailed {
  readonly result: FailoverResult;

  constructor(result: FailoverResult, message: string) {
    super(message);
    this.result = result;
  }
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For people: one paragraph, or with `debug` where it comes from as well. */
export function failureText(error: unknown, debug: boolean): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (!debug) return error instanceof ConfigError ? error.message : `error: ${error.message}`;
  const causes: string[] = [];
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    causes.push(cause.stack ?? cause.message);
  return causes.join('\ncaused by: ');
}

/** For programs. */
export function failureValue(error: unknown): object {
  const message = messageOf(error);
  if (error instanceof FailoverFailed) return { error: message, ...error.result };
  return error instanceof ConfigError ? { error: message, problems: error.problems } : { error: message };
}
