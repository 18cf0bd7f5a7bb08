/** What a failed call means for the caller. */
export interface TransportFailure {
  /** The endpoint asked, `host:port`, or the name servers' list. */
  readonly address: string;
  /** The peer's response code, absent where it did not answer. */
  readonly code?: number;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  /** The peer looked at the request and will never take it: nothing was stored. */
  readonly refusedForGood: boolean;
  /** The peer answered, so the request is not still under way. */
  readonly answered: boolean;
}

/** Every failure of a transport: says what was asked, of whom, and what came back. */
export class TransportError extends Error implements TransportFailure {
  readonly address: string;
  readonly code?: number;
  readonly retryable: boolean;
  readonly refusedForGood: boolean;
  readonly answered: boolean;

  constructor(message: string, failure: TransportFailure, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.address = failure.address;
    if (failure.code !== undefined) this.code = failure.code;
    this.retryable = failure.retryable;
    this.refusedForGood = failure.refusedForGood;
    this.answered = failure.answered;
  }
}
