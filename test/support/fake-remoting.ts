import type net from 'node:net';
import type { Command } from '../../src/remoting/protocol/command.ts';
import { writeFrameHead } from '../../src/remoting/protocol/write-frame.ts';
import { type FakePeer, fakePeer } from './fake-peer.ts';
import { onCommand } from './on-command.ts';

export interface FakeAnswer {
  readonly code?: number;
  readonly fields?: Readonly<Record<string, number>>;
  readonly body?: string;
}

/** Answers every request with these fields and this body, or not at all. `code` is the request's. */
export async function fakeServer(
  answer: (code: number, request: Command) => FakeAnswer | undefined,
): Promise<FakePeer> {
  return await fakePeer((socket: net.Socket) => {
    onCommand(socket, (request) => {
      const given = answer(request.code, request);
      if (!given) return;
      const { code = 0, fields = {}, body = '' } = given;
      socket.write(writeFrameHead(code, request.opaque, 1, fields, Buffer.byteLength(body)));
      socket.write(body);
    });
  });
}

/**
 * A name server whose answers are those of 4.x: number keys without quotes. `brokers` gives the addresses of each broker's replicas by their ID,
 * 0 for the master.
 */
export async function fakeNameServer(
  brokers: () => Readonly<Record<string, Readonly<Record<number, string>>>>,
): Promise<FakePeer> {
  return await fakeServer(() => {
    const table = Object.entries(brokers()).map(([name, replicas]) => {
      const addresses = Object.entries(replicas).map(([id, address]) => `${id}:"${address}"`);
      return `"${name}":{"brokerAddrs":{${addresses.join(',')}},"brokerName":"${name}"}`;
    });
    return { body: `{"brokerAddrTable":{${table.join(',')}},"clusterAddrTable":{}}` };
  });
}
