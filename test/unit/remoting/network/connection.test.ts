import type net from 'node:net';

import { afterEach, describe, expect, test } from 'vitest';

import { Connection, type ConnectionOptions } from '../../../../src/remoting/network/connection.ts';
import type { Command } from '../../../../src/remoting/protocol/command.ts';
import { writeFrameHead } from '../../../../src/remoting/protocol/write-frame.ts';
import { eventually } from '../../../support/eventually.ts';
import { type FakePeer, fakePeer } from '../../../support/fake-peer.ts';
import { answerAll, ask, failure, serve } from '../../../support/framed-peer.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function peer(onSocket: (socket: net.Socket, index: number) => void, port?: number): Promise<FakePeer> {
  const fake = await fakePeer(onSocket, port);
  closing.push(() => fake.close());
  return fake;
}

function connect(port: number, options: Partial<ConnectionOptions> = {}): Connection {
  const connection = new Connection({ host: '127.0.0.1', port, ...options });
  closing.push(() => {
    connection.close();
  });
  return connection;
}

test('correlates answers that come in another order, over one connection', async () => {
  const answers: (() => void)[] = [];
  const fake = await peer((socket) => {
    serve(socket, (_, answer) => {
      answers.push(answer);
      if (answers.length === 3) for (const late of answers.reverse()) late();
    });
  });
  const connection = connect(fake.port);
  const codes = await Promise.all([1, 2, 3].map(async (code) => (await ask(connection, code)).fields.echo));
  expect(codes).toEqual(['1', '2', '3']);
  expect(fake.sockets).toHaveLength(1);
});

test('sends the parts of a body one after the other', async () => {
  let body = '';
  const fake = await peer((socket) => {
    serve(socket, (request, answer) => {
      body = request.body.toString();
      answer();
    });
  });
  const parts = ['a', '', 'bc', 'd'.repeat(100_000)].map((part) => Buffer.from(part));
  await connect(fake.port).request('TEST', { code: 1, fields: {}, body: parts }, { timeoutMs: 3_000 });
  expect(body).toBe(`abc${'d'.repeat(100_000)}`);
});

describe('a peer that misbehaves', () => {
  test('answers garbage: the request fails at once and says what came', async () => {
    const fake = await peer((socket) => {
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const error = await failure(ask(connect(fake.port), 1));
    expect(error.message).toContain('"HTTP"');
    expect(error).toMatchObject({ answered: false, retryable: true, address: fake.address, request: 'TEST' });
  });

  test('answers a frame with a broken header', async () => {
    const fake = await peer((socket) => {
      socket.write(Buffer.from([0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7b]));
    });
    expect((await failure(ask(connect(fake.port), 1))).message).toContain('no JSON');
  });

  test('never answers one request: it fails when its time is up, and the connection goes on', async () => {
    const fake = await peer((socket) => {
      serve(socket, (request, answer) => {
        if (request.code !== 1) answer();
      });
    });
    const connection = connect(fake.port);
    const started = performance.now();
    const failing = failure(ask(connection, 1, 200));
    await ask(connection, 2);
    const error = await failing;
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(error.message).toBe(`TEST to ${fake.address}: no answer within 200 ms`);
    expect(error.answered).toBe(false);
    expect((await ask(connection, 2)).code).toBe(0);
    expect(fake.sockets).toHaveLength(1);
  });

  test('says nothing at all while a request runs out of time: the next one gets a new connection', async () => {
    const fake = await peer((socket) => {
      serve(socket, (request, answer) => {
        if (request.code !== 1) answer();
      });
    });
    const connection = connect(fake.port);
    await ask(connection, 2);
    const lost = new Promise<void>((resolve) => {
      connection.onLost(resolve);
    });
    await failure(ask(connection, 1, 200));
    await lost;
    expect((await ask(connection, 2)).code).toBe(0);
    expect(fake.sockets).toHaveLength(2);
  });

  test('answers late: the answer is dropped', async () => {
    let late: (() => void) | undefined;
    const fake = await peer((socket) => {
      serve(socket, (request, answer) => {
        if (request.code === 1) late = answer;
        else {
          late?.();
          answer();
        }
      });
    });
    const connection = connect(fake.port);
    await failure(ask(connection, 1, 100));
    expect((await ask(connection, 2)).fields.echo).toBe('2');
  });

  test.each([
    ['between two frames', []],
    ['within a length', [0, 0]],
    ['within a frame', [0, 0, 0, 9, 1, 2]],
  ])('ends the connection %s: what is under way fails, the next request connects again', async (_, bytes) => {
    const fake = await peer((socket, index) => {
      if (index > 0) answerAll(socket);
      else serve(socket, () => socket.end(Buffer.from(bytes)));
    });
    const connection = connect(fake.port);
    expect((await failure(ask(connection, 1))).message).toContain('the peer closed the connection');
    expect((await ask(connection, 2)).code).toBe(0);
  });

  test('cuts the connection: what is under way fails, the next request connects again', async () => {
    const fake = await peer((socket, index) => {
      if (index === 0)
        serve(socket, (request) => {
          if (request.code === 2) socket.resetAndDestroy();
        });
      else answerAll(socket);
    });
    const connection = connect(fake.port);
    let losses = 0;
    connection.onLost(() => losses++);
    const errors = await Promise.all([failure(ask(connection, 1)), failure(ask(connection, 2))]);
    for (const error of errors) expect(error).toMatchObject({ answered: false, retryable: true });
    expect(losses).toBe(1);
    expect((await ask(connection, 3)).code).toBe(0);
    expect(fake.sockets).toHaveLength(2);
  });

  test('asks a question: it is refused, and one that wants no answer gets none', async () => {
    const seen: Command[] = [];
    const fake = await peer((socket) => {
      serve(socket, (command, answer) => {
        if ((command.flag & 1) === 0) {
          socket.write(writeFrameHead(40, 900, 2, { consumerGroup: 'g' }, 0));
          socket.write(writeFrameHead(220, 901, 0, {}, 0));
          answer();
        } else seen.push(command);
      });
    });
    const connection = connect(fake.port);
    await ask(connection, 1);
    await eventually(3_000, () => seen.length > 0);
    await ask(connection, 2);
    expect(seen[0]).toMatchObject({ opaque: 901, code: 3 });
    expect(seen.filter(({ opaque }) => opaque === 900)).toEqual([]);
  });
});

test('connects again with growing delays while nobody listens, then works when somebody does', async () => {
  const vacated = await fakePeer(answerAll);
  await vacated.close();
  const connection = connect(vacated.port);
  const started = performance.now();
  for (let attempt = 0; attempt < 5; attempt++) {
    const error = await failure(ask(connection, 1));
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.retryable).toBe(true);
  }
  // At least half of 0 + 50 + 100 + 200 + 400 ms.
  expect(performance.now() - started).toBeGreaterThan(370);
  await peer(answerAll, vacated.port);
  expect((await ask(connection, 1)).code).toBe(0);
});

test('a request that waits for a connection fails when its time is up', async () => {
  // An address that swallows packets cannot be had everywhere; the back-off of a refused one does as well.
  const vacated = await fakePeer(answerAll);
  await vacated.close();
  const connection = connect(vacated.port);
  for (let attempt = 0; attempt < 4; attempt++) await failure(ask(connection, 1));
  expect((await failure(ask(connection, 1, 50))).message).toContain('no connection within 50 ms');
});

test('an aborted request fails at once with the reason, before and after it was sent', async () => {
  const fake = await peer((socket) => {
    serve(socket, () => undefined);
  });
  const connection = connect(fake.port);
  const reason = new Error('no longer wanted');
  await expect(ask(connection, 1, 3_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const request = ask(connection, 1, 3_000, controller.signal);
  await eventually(3_000, () => fake.sockets[0]?.bytesRead);
  controller.abort(reason);
  await expect(request).rejects.toBe(reason);
});

test('one signal ends many requests, without a warning', async () => {
  const fake = await peer((socket) => {
    serve(socket, () => undefined);
  });
  const connection = connect(fake.port);
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);
  const controller = new AbortController();
  const requests = Promise.allSettled(Array.from({ length: 50 }, () => ask(connection, 1, 3_000, controller.signal)));
  controller.abort(new Error('all of them'));
  for (const request of await requests) expect(request).toMatchObject({ status: 'rejected' });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});

test('close fails what is under way and everything after', async () => {
  const fake = await peer((socket) => {
    serve(socket, () => undefined);
  });
  const connection = connect(fake.port);
  const request = ask(connection, 1);
  await eventually(3_000, () => fake.sockets[0]?.bytesRead);
  connection.close();
  expect((await failure(request)).message).toContain('this side closed');
  expect((await failure(ask(connection, 2))).message).toContain('this side closed');
});

test('close while connecting leaves nothing open', async () => {
  const fake = await peer(answerAll);
  const connection = connect(fake.port);
  const request = failure(ask(connection, 1));
  connection.close();
  await request;
  expect(fake.sockets.filter((socket) => !socket.destroyed)).toEqual([]);
});

test('reset sends a TCP reset, and close does too', async () => {
  const endings: unknown[] = [];
  const fake = await peer((socket) => {
    answerAll(socket);
    socket.on('error', (error) => endings.push(error));
  });
  const connection = connect(fake.port);
  for (const end of ['reset', 'close'] as const) {
    await ask(connection, 1);
    connection[end]();
    await eventually(3_000, () => endings.length > 0);
    expect(endings.splice(0)).toMatchObject([{ code: 'ECONNRESET' }]);
  }
});

test('after a reset nothing that was still queued arrives, and what was under way has failed', async () => {
  const fake = await peer((socket) => {
    socket.pause();
  });
  const connection = connect(fake.port);
  const body = [Buffer.alloc(16 * 1024 * 1024)];
  const request = failure(connection.request('TEST', { code: 1, fields: {}, body }, { timeoutMs: 3_000 }));
  const socket = await eventually(3_000, () => fake.sockets[0]);
  connection.reset();
  expect((await request).answered).toBe(false);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.resume();
  await closed;
  expect(socket.bytesRead).toBeLessThan(body[0]!.length);
});

test('holds bodies back above the limit of bytes in flight, in order, and lets a single larger one pass', async () => {
  const answers: (() => void)[] = [];
  const codes: number[] = [];
  const fake = await peer((socket) => {
    serve(socket, (request, answer) => {
      codes.push(request.code);
      answers.push(answer);
    });
  });
  const connection = connect(fake.port, { maxInFlightBytes: 1_000 });
  const send = (code: number, bytes: number) =>
    connection.request('TEST', { code, fields: {}, body: [Buffer.alloc(bytes)] }, { timeoutMs: 3_000 });
  const requests = [send(1, 600), send(2, 600), send(3, 5_000)];
  await eventually(3_000, () => codes.length === 1);
  answers[0]!();
  await requests[0];
  await eventually(3_000, () => codes.length === 2);
  answers[1]!();
  await requests[1];
  await eventually(3_000, () => codes.length === 3);
  answers[2]!();
  await requests[2];
  expect(codes).toEqual([1, 2, 3]);
});
