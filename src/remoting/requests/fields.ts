import type { Command } from '../protocol/command.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';

/** A whole number among the answer's header fields. @throws ProtocolError */
export function integerField(answer: Command, name: string): number {
  const text = answer.fields[name];
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isSafeInteger(value))
    throw new ProtocolError(`header field ${name} is ${JSON.stringify(text)}; expected a whole number`);
  return value;
}
