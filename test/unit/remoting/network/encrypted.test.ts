import dns from 'node:dns';
import type net from 'node:net';
import tls from 'node:tls';
import { afterEach, expect, test, vi } from 'vitest';
import { Connection } from '../../../../src/remoting/network/connection.ts';
import { writeFrameHead } from '../../../../src/remoting/protocol/write-frame.ts';
import { type FakePeer, fakePeer } from '../../../support/fake-peer.ts';
import { answerAll, ask, failure, serve } from '../../../support/framed-peer.ts';

type LookedUp = (error: null, addresses: readonly { address: string; family: number }[]) => void;

/** Both sides know a key, so that no certificate is needed. */
const psk = Buffer.alloc(16, 'key');
const encryption: tls.ConnectionOptions = {
  ...{ ciphers: 'PSK', maxVersion: 'TLSv1.2', checkServerIdentity: () => undefined },
  pskCallback: () => ({ psk, identity: 'test' }),
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function peer(onSocket: (socket: net.Socket) => void): Promise<FakePeer> {
  const fake = await fakePeer(onSocket);
  closing.push(() => fake.close());
  return fake;
}

async function encryptedPeer(onStream: (stream: net.Socket) => void): Promise<FakePeer> {
  const secureContext = tls.createSecureContext({ ciphers: 'PSK', maxVersion: 'TLSv1.2' });
  return await peer((socket) => {
    const options = { isServer: true, secureContext, pskCallback: () => psk };
    const stream = new tls.TLSSocket(socket, options);
    stream.on('error', () => undefined);
    onStream(stream);
  });
}

function connect(port: number, host = '127.0.0.1'): Connection {
  const connection = new Connection({ host, port, tls: encryption });
  closing.push(() => {
    connection.close();
  });
  return connection;
}

test('answers are read, long and short ones', async () => {
  const long = Buffer.alloc(300_000, 'long');
  const fake = await encryptedPeer((socket) => {
    serve(socket, ({ code, opaque }) => {
      const body = long.subarray(0, code);
      socket.write(Buffer.concat([writeFrameHead(0, opaque, 1, {}, body.length), body]));
    });
  });
  const connection = connect(fake.port);
  for (const bytes of [0, 1, 100_000, 3, long.length]) {
    const { body } = await ask(connection, bytes);
    expect(body.equals(long.subarray(0, bytes)), `${bytes} bytes`).toBe(true);
  }
  connection.reset();
  expect((await ask(connection, 5)).body.length).toBe(5);
});

test('a peer that answers garbage is told as such', async () => {
  const fake = await encryptedPeer((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect((await failure(ask(connect(fake.port), 1))).message).toContain('"HTTP"');
});

test('a peer that does not speak TLS is told at once', async () => {
  const fake = await peer((socket) => socket.write('no TLS at all, but some text'));
  const error = await failure(ask(connect(fake.port), 1));
  expect(error.message).toContain('cannot connect');
});

test('a name with several addresses leads to the one that listens', async () => {
  const fake = await encryptedPeer(answerAll);
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_: string, __: object, done: LookedUp) => {
    done(
      null,
      ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 })),
    );
  }) as never);
  closing.push(() => {
    lookup.mockRestore();
  });
  const connection = connect(fake.port, 'rocketmq.test');
  expect((await ask(connection, 1)).code).toBe(0);
  expect(lookup).toHaveBeenCalledOnce();
});
