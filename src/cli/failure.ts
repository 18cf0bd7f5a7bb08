import { ConfigError } from '../config/config-error.ts';

/** A command failed in a way that its message explains completely: what, where, what was expected, what to do. */
export class CommandFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommandFailed';
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
  return error instanceof ConfigError ? { error: message, problems: error.problems } : { error: message };
}
