import type net from 'node:net';
import { expect } from 'vitest';
import type { Connection } from '../../src/remoting/network/connection.ts';
import type { Command } from '../../src/remoting/protocol/command.ts';
import { writeFrameHead } from '../../src/remoting/protocol/write-frame.ts';
import { RemotingError } from '../../src/remoting/remoting-error.ts';
import { onCommand } from './on-command.ts';

/** Hands out each request that arrives; `answer` answers it. */
export function serve(
  socket: net.Socket,
  onRequest: (request: Command, answer: (code?: number) => void) => void,
): void {
  onCommand(socket, (request) => {
    onRequest(request, (code = 0) => socket.write(writeFrameHead(code, request.opaque, 1, { echo: request.code }, 0)));
  });
}

/** Each request gets an empty answer. */
export function answerAll(socket: net.Socket): void {
  serve(socket, (_, answer) => {
    answer();
  });
}

/** A request without a body. */
export function ask(connection: Connection, code: number, timeoutMs = 3_000, signal?: AbortSignal): Promise<Command> {
  return connection.request('TEST', { code, fields: {}, body: [] }, { timeoutMs, signal });
}

/** How a request failed; one that did not fails the test. */
export async function failure(request: Promise<unknown>): Promise<RemotingError> {
  const error = await request.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RemotingError);
  return error as RemotingError;
}
