/** Header fields of a request by name; `undefined` ones are not sent. */
export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A request before it is numbered and put on a connection. The body's parts are sent one after the other. */
export interface Request {
  readonly code: number;
  readonly fields: Fields;
  readonly body: readonly Buffer[];
}

/** A frame as read: an answer, or a request of the peer. */
export interface Command {
  /** Of an answer: the result, 0 for success. */
  readonly code: number;
  /** Tells which request an answer belongs to. */
  readonly opaque: number;
  readonly flag: number;
  readonly remark: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Bit of `flag`: the frame answers a request. */
export const FLAG_ANSWER = 1;
/** Bit of `flag`: no answer is wanted. */
export const FLAG_ONE_WAY = 2;

export function isAnswer(command: Command): boolean {
  return (command.flag & FLAG_ANSWER) !== 0;
}

export function isOneWay(command: Command): boolean {
  return (command.flag & FLAG_ONE_WAY) !== 0;
}
