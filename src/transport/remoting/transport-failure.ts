import { RemotingError } from '../../remoting/remoting-error.ts';
import { MESSAGE_ILLEGAL } from '../../remoting/response-codes.ts';
import { TransportError } from '../errors.ts';

/** Says where in which cluster a request failed. Anything but a `RemotingError` (an abort) stays as it is. */
export function transportFailure(error: unknown, where: string): unknown {
  if (!(error instanceof RemotingError)) return error;
  const { address, code, retryable, answered } = error;
  return new TransportError(
    `${where}: ${error.message}`,
    {
      address,
      ...(code === undefined ? {} : { code }),
      retryable,
      answered,
      refusedForGood: code === MESSAGE_ILLEGAL,
    },
    { cause: error },
  );
}

/** A failure of this side: nothing was sent. */
export function notSent(message: string, address: string, cause?: unknown): TransportError {
  return new TransportError(message, { address, retryable: true, answered: false, refusedForGood: false }, { cause });
}
