import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';

import { type Command, type Request, FLAG_ANSWER, isAnswer, isOneWay } from '../protocol/command.ts';
import { FrameSplitter, MAX_FRAME_BYTES } from '../protocol/frame-splitter.ts';
import { readFrame } from '../protocol/read-frame.ts';
import { writeFrameHead } from '../protocol/write-frame.ts';
import { unanswered } from '../remoting-error.ts';
import { REQUEST_CODE_NOT_SUPPORTED } from '../response-codes.ts';
import { backoffDelay } from './backoff.ts';
import { type Pending, InFlightTable } from './in-flight.ts';
import { type Endpoint, type Input, type Link, openLink } from './open-link.ts';

const CLOSED = 'this side closed the connection';
const CONNECT_TIMEOUT_MS = 5_000;
/** Request bodies that may be under way at once; further requests wait their turn. bytes. */
const MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024;

export interface ConnectionOptions extends Endpoint {
  readonly connectTimeoutMs?: number;
  readonly maxFrameBytes?: number;
  readonly maxInFlightBytes?: number;
}

export interface RequestOptions {
  /** For everything: connecting, waiting for room, the answer. ms. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One connection to one peer, opened by the first request and opened again by the next one after a loss, after a growing delay
 * while that fails. A request that was under way when the connection was lost fails; nothing is ever sent twice. A connection on
 * which nothing at all arrived while a request ran out of time is reset: where a network swallows packets the system would keep
 * it for a quarter of an hour, although a new one works.
 */
export class Connection {
  readonly address: string;
  readonly #options: ConnectionOptions;
  readonly #inFlight: InFlightTable;
  /** Not yet written, oldest first; some may have been settled meanwhile. */
  #waiting: Pending[] = [];
  /** Body bytes of the requests that were written and not settled yet. */
  #writtenBytes = 0;
  #link: Link | undefined;
  #connecting = false;
  #failures = 0;
  /** When the peer last sent anything, by `performance.now()`. */
  #lastHeard = 0;
  #retry: NodeJS.Timeout | undefined;
  readonly #closed = new AbortController();
  readonly #lossListeners = new Set<() => void>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.address = `${options.host}:${options.port}`;
    this.#inFlight = new InFlightTable(
      this.address,
      (pending) => {
        if (pending.written) this.#writtenBytes -= pending.bodyBytes;
        if (this.#waiting.length > 0) this.#flush();
      },
      (writtenAt) => {
        if (writtenAt > this.#lastHeard) this.reset();
      },
    );
  }

  /** Resolves with the peer's answer, whatever its code. @throws RemotingError; the signal's reason */
  async request(name: string, request: Request, { timeoutMs, signal }: RequestOptions): Promise<Command> {
    signal?.throwIfAborted();
    if (this.#closed.signal.aborted) throw unanswered(name, this.address, CLOSED);
    let abort: (() => void) | undefined;
    try {
      return await new Promise<Command>((resolve, reject) => {
        const pending = this.#inFlight.add(name, request, timeoutMs, resolve, reject);
        abort = () => {
          this.#inFlight.fail(pending, signal?.reason as Error);
        };
        if (signal) {
          // One signal may well end hundreds of pulls; Node warns of a leak above ten.
          setMaxListeners(0, signal);
          signal.addEventListener('abort', abort);
        }
        this.#waiting.push(pending);
        this.#flush();
      });
    } finally {
      if (abort) signal?.removeEventListener('abort', abort);
    }
  }

  /** Calls back whenever an established connection is lost. Returns how to stop. */
  onLost(listener: () => void): () => void {
    this.#lossListeners.add(listener);
    return () => {
      this.#lossListeners.delete(listener);
    };
  }

  /** Cuts the connection with a TCP reset, so that nothing that is still queued here arrives. What is under way fails. */
  reset(): void {
    if (!this.#link) return;
    this.#link.reset();
    this.#onLost(this.#link, new Error('this side reset the connection'));
  }

  /** Ends the connection for good, with a TCP reset; what is under way or waiting fails. */
  close(): void {
    this.#closed.abort();
    clearTimeout(this.#retry);
    this.#link?.reset();
    this.#link = undefined;
    this.#waiting = [];
    this.#inFlight.failWhere(
      () => true,
      ({ name }) => unanswered(name, this.address, CLOSED),
    );
  }

  /** Writes what waits, as far as there is a connection and room. */
  #flush(): void {
    if (!this.#link) {
      this.#connect();
      return;
    }
    const { stream } = this.#link;
    const limit = this.#options.maxInFlightBytes ?? MAX_IN_FLIGHT_BYTES;
    let written = 0;
    stream.cork();
    for (const pending of this.#waiting) {
      if (this.#writtenBytes > 0 && this.#writtenBytes + pending.bodyBytes > limit) break;
      written++;
      if (this.#inFlight.has(pending)) this.#write(stream, pending);
    }
    this.#waiting.splice(0, written);
    process.nextTick(() => {
      stream.uncork();
    });
  }

  #write(stream: Duplex, pending: Pending): void {
    const { opaque, request, bodyBytes } = pending;
    pending.written = true;
    pending.writtenAt = performance.now();
    this.#writtenBytes += bodyBytes;
    stream.write(writeFrameHead(request.code, opaque, 0, request.fields, bodyBytes));
    for (const part of request.body) stream.write(part);
  }

  #connect(): void {
    if (this.#connecting || this.#closed.signal.aborted) return;
    this.#connecting = true;
    this.#retry = setTimeout(() => {
      const timeoutMs = this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
      openLink(this.#options, this.#input(), timeoutMs, this.#closed.signal).then(
        (link) => {
          this.#onConnected(link);
        },
        (error: unknown) => {
          this.#onConnectFailed(error as Error);
        },
      );
    }, backoffDelay(this.#failures));
  }

  /** Takes what the peer sends over one link. */
  #input(): Input {
    const splitter = new FrameSplitter(this.#options.maxFrameBytes ?? MAX_FRAME_BYTES);
    const onFrame = (frame: Buffer) => {
      this.#onFrame(readFrame(frame));
    };
    return {
      space: () => splitter.space(),
      filled: (bytes) => {
        this.#lastHeard = performance.now();
        splitter.filled(bytes, onFrame);
      },
      push: (chunk) => {
        this.#lastHeard = performance.now();
        splitter.push(chunk, onFrame);
      },
    };
  }

  #onConnected(link: Link): void {
    this.#connecting = false;
    this.#link = link;
    const { stream } = link;
    let cause: Error | undefined;
    stream.on('error', (error) => {
      cause = error;
    });
    stream.on('close', () => {
      this.#onLost(link, cause ?? new Error('the peer closed the connection'));
    });
    this.#flush();
  }

  /** Whoever waits fails now, with the reason; the next request tries again. */
  #onConnectFailed(error: Error): void {
    this.#connecting = false;
    this.#failures++;
    this.#waiting = [];
    this.#inFlight.failWhere(
      ({ written }) => !written,
      ({ name }) => unanswered(name, this.address, `cannot connect, ${error.message}`, error),
    );
  }

  #onLost(link: Link, error: Error): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#failures++;
    this.#inFlight.failWhere(
      ({ written }) => written,
      ({ name }) => unanswered(name, this.address, `connection lost, ${error.message}`, error),
    );
    for (const listener of this.#lossListeners) listener();
    if (this.#waiting.length > 0) this.#flush();
  }

  #onFrame(command: Command): void {
    if (isAnswer(command)) {
      // Only an answer proves that the peer works: one that accepts and cuts connections is a failing one.
      this.#failures = 0;
      this.#inFlight.answer(command);
    } else if (!isOneWay(command)) {
      // Such as a broker's questions to consumers (code 40 needs no answer): nothing here can serve them.
      this.#link?.stream.write(writeFrameHead(REQUEST_CODE_NOT_SUPPORTED, command.opaque, FLAG_ANSWER, {}, 0));
    }
  }
}
