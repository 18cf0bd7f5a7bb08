import { describeCode } from './response-codes.ts';

export interface RemotingFailure {
  /** The request's name, such as `PULL_MESSAGE`. */
  readonly request: string;
  /** The peer, `host:port`. */
  readonly address: string;
  /** The same request may succeed later. */
  readonly retryable: boolean;
  /** The peer answered this request; without an answer it may still be under way, or done. */
  readonly answered: boolean;
  /** The peer's response code, where it answered with one. */
  readonly code?: number;
  /** The peer's explanation, empty where it gave none. */
  readonly remark?: string;
}

/** A request that failed: refused by the peer, unanswered, or answered with bytes that make no sense. */
export class RemotingError extends Error {
  readonly request: string;
  readonly address: string;
  readonly retryable: boolean;
  readonly answered: boolean;
  readonly code: number | undefined;
  /** The code's name, such as `TOPIC_NOT_EXIST`. */
  readonly codeName: string | undefined;
  readonly remark: string;

  constructor(reason: string, failure: RemotingFailure, options?: ErrorOptions) {
    super(`${failure.request} to ${failure.address}: ${reason}`, options);
    this.name = 'RemotingError';
    this.request = failure.request;
    this.address = failure.address;
    this.retryable = failure.retryable;
    this.answered = failure.answered;
    this.code = failure.code;
    this.codeName = failure.code === undefined ? undefined : describeCode(failure.code).name;
    this.remark = failure.remark ?? '';
  }
}

/** The peer answered with a code that the request does not expect. */
export function refused(request: string, address: string, code: number, remark: string): RemotingError {
  const { name, retryable } = describeCode(code);
  const reason = `refused with ${code} ${name}${remark === '' ? '' : `, ${JSON.stringify(remark)}`}`;
  return new RemotingError(reason, { request, address, retryable, answered: true, code, remark });
}

/** No answer came, or none ever will. */
export function unanswered(request: string, address: string, reason: string, cause?: unknown): RemotingError {
  return new RemotingError(reason, { request, address, retryable: true, answered: false }, { cause });
}
